public import Jobs

/// Time that moves when the test says so. What is scheduled is called in the order of the deadlines, each at its own time.
public final class ManualClock: JobClock {
    private struct Entry: Sendable {
        let deadline: UInt64
        let serial: Int
        let action: @Sendable () -> Void
    }

    private struct State {
        var now: UInt64 = 1_000_000_000
        var lastSerial = 0
        var entries: [Entry] = []
    }

    private let state = Guarded(State())
    private let executor: ManualExecutor

    /// A clock whose calls run on `executor`.
    public init(_ executor: ManualExecutor) {
        self.executor = executor
    }

    /// The time that the test has reached.
    public var now: UInt64 { state.withLock { $0.now } }

    /// How many calls are still to be made.
    public var scheduled: Int { state.withLock { $0.entries.count } }

    /// Remembers `action` until `advance(by:)` reaches `deadline`.
    public func schedule(at deadline: UInt64, _ action: @escaping @Sendable () -> Void) -> any JobTimer {
        let serial = state.withLock { state in
            state.lastSerial += 1
            state.entries.append(Entry(deadline: deadline, serial: state.lastSerial, action: action))
            return state.lastSerial
        }
        return Timer(clock: self, serial: serial)
    }

    /// Moves time on by `nanoseconds`, stopping at each deadline on the way until everything that it caused has run.
    public func advance(by nanoseconds: UInt64) {
        let end = now + nanoseconds
        executor.runUntilIdle()
        while let due = takeNext(until: end) {
            executor.call(due.action)
            executor.runUntilIdle()
        }
        state.withLock { $0.now = end }
    }

    private func takeNext(until end: UInt64) -> Entry? {
        state.withLock { state in
            let next = state.entries.min { ($0.deadline, $0.serial) < ($1.deadline, $1.serial) }
            guard let next, next.deadline <= end else { return nil }
            state.entries.removeAll { $0.serial == next.serial }
            state.now = max(state.now, next.deadline)
            return next
        }
    }

    private func cancel(_ serial: Int) {
        state.withLock { state in state.entries.removeAll { $0.serial == serial } }
    }

    private struct Timer: JobTimer {
        let clock: ManualClock
        let serial: Int
        func cancel() { clock.cancel(serial) }
    }
}
