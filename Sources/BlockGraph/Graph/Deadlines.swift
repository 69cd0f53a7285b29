import IOLoop
public import Waiting

/// How long the graph makes a client wait for disks. What has not ended then goes on by itself; it is never cut short.
public struct GraphDeadlines: Sendable {
    /// For the requests in flight when a command drains nodes.
    public var drain: Duration
    /// For the flush of a node that is to be deleted.
    public var flush: Duration
    /// For a storage to be closed, when its last flush has ended.
    public var close: Duration
    /// Returns when the time has passed, or the task is cancelled; tests put a clock of their own here.
    public var sleep: @Sendable (Duration) async -> Void

    /// Makes deadlines.
    public init(
        drain: Duration = .seconds(30), flush: Duration = .seconds(10), close: Duration = .seconds(10),
        sleep: @escaping @Sendable (Duration) async -> Void = { duration in
            do { try await pause(for: duration) } catch {
                // Cancelled: nobody waits any more.
            }
        }
    ) {
        self.drain = drain
        self.flush = flush
        self.close = close
        self.sleep = sleep
    }
}

extension BlockGraph {
    /// Waits for `work`, at most as long as `limit`. The work goes on when the time has passed.
    /// - Returns: whether the time has passed first.
    func withinDeadline(_ limit: Duration, _ work: @escaping @Sendable () async -> Void) async -> Bool {
        let race = Race()
        let sleep = deadlines.sleep
        let timer = Task {
            await sleep(limit)
            race.finish(timedOut: true)
        }
        Task {
            await work()
            race.finish(timedOut: false)
        }
        let timedOut = await race.outcome()
        timer.cancel()
        return timedOut
    }
}

/// Whoever finishes first decides.
///
/// Unchecked: `lock` guards `state`.
private final class Race: @unchecked Sendable {
    private enum State {
        case open
        case awaited(UnsafeContinuation<Bool, Never>)
        case decided(Bool)
    }

    private let lock = PlatformLock()
    private var state = State.open

    func finish(timedOut: Bool) {
        let continuation = lock.withLock { () -> UnsafeContinuation<Bool, Never>? in
            switch state {
            case .open:
                state = .decided(timedOut)
                return nil
            case .awaited(let continuation):
                state = .decided(timedOut)
                return continuation
            case .decided:
                return nil
            }
        }
        continuation?.resume(returning: timedOut)
    }

    func outcome() async -> Bool {
        await withUnsafeContinuation { continuation in
            let decided = lock.withLock { () -> Bool? in
                if case .decided(let timedOut) = state { return timedOut }
                state = .awaited(continuation)
                return nil
            }
            if let decided { continuation.resume(returning: decided) }
        }
    }
}

extension Duration {
    /// For a sentence: `30 seconds`.
    var inSeconds: String {
        let seconds = Int64((Double(components.seconds) + Double(components.attoseconds) / 1e18).rounded())
        return seconds == 1 ? "1 second" : "\(seconds) seconds"
    }
}
