public import IOLoop

/// Time as a throttle group sees it: the daemon's is the host's, a test's moves when the test says so.
public protocol ThrottleClock: Sendable {
    /// Nanoseconds since some moment in the past; never goes back.
    var now: UInt64 { get }

    /// Calls `action` once when `now` has reached `deadline`, on any thread, never from within this call.
    /// - Returns: what takes the call back.
    func schedule(at deadline: UInt64, _ action: @escaping @Sendable () -> Void) -> @Sendable () -> Void
}

/// The host's monotonic clock, with the timers of one loop.
public struct LoopClock: ThrottleClock {
    private let thread: IOThread
    private let origin = ContinuousClock.now

    /// A clock whose calls are made on `thread`.
    public init(_ thread: IOThread) { self.thread = thread }

    /// Nanoseconds since the clock was made.
    public var now: UInt64 {
        let parts = origin.duration(to: .now).components
        return UInt64(max(0, parts.seconds)) * 1_000_000_000 + UInt64(max(0, parts.attoseconds / 1_000_000_000))
    }

    /// Starts a task of the loop that sleeps until then.
    public func schedule(at deadline: UInt64, _ action: @escaping @Sendable () -> Void) -> @Sendable () -> Void {
        let moment = origin.advanced(by: .nanoseconds(Int64(clamping: deadline)))
        let task = thread.task { io in
            do throws(CancellationError) {
                try await io.requests.sleep(until: moment)
            } catch {
                // Taken back: nobody waits for it any more.
                return
            }
            action()
        }
        return { task.cancel() }
    }
}
