internal import Dispatch
internal import Synchronization

/// Waits for a time to pass, by a timer on a queue of Dispatch's that no other work is on.
///
/// Not `Task.sleep`: its timers fire on Dispatch's pools. Once a second Dispatch counts by /proc which threads of a busy pool run, and ends the process where it
/// cannot, for example because clients have used up all descriptors.
/// - Throws: when the task is cancelled, at once.
public func pause(for duration: Duration) async throws(CancellationError) {
    let pause = Pause()
    let hasPassed = await withTaskCancellationHandler {
        await withUnsafeContinuation { pause.begin($0, for: duration) }
    } onCancel: {
        pause.end(hasPassed: false)
    }
    guard hasPassed else { throw CancellationError() }
}

/// One wait. Whoever ends it first decides: the timer, or the task's cancellation, which may come before the wait begins.
private final class Pause: Sendable {
    private enum State {
        case new
        case waiting(UnsafeContinuation<Bool, Never>, Timer)
        case ended(hasPassed: Bool)
    }

    /// Sources may be cancelled from anywhere.
    private struct Timer: @unchecked Sendable {
        let source: any DispatchSourceTimer
    }

    private static let queue = DispatchQueue(label: "blockjobd.pauses", qos: .userInitiated)
    private let state = Mutex(State.new)

    func begin(_ continuation: UnsafeContinuation<Bool, Never>, for duration: Duration) {
        let timer = Timer(source: DispatchSource.makeTimerSource(queue: Self.queue))
        timer.source.schedule(deadline: .now() + .nanoseconds(duration.nanosecondsAtMost))
        timer.source.setEventHandler { @Sendable [self] in end(hasPassed: true) }
        timer.source.activate()
        let early = state.withLock { state -> Bool? in
            if case .ended(let hasPassed) = state { return hasPassed }
            state = .waiting(continuation, timer)
            return nil
        }
        guard let early else { return }
        timer.source.cancel()
        continuation.resume(returning: early)
    }

    func end(hasPassed: Bool) {
        let before = state.withLock { state in
            let before = state
            if case .ended = state {} else { state = .ended(hasPassed: hasPassed) }
            return before
        }
        guard case .waiting(let continuation, let timer) = before else { return }
        timer.source.cancel()
        continuation.resume(returning: hasPassed)
    }
}

extension Duration {
    /// Whole nanoseconds, at least 0 and at most a century, which is no time that anybody waits.
    fileprivate var nanosecondsAtMost: Int {
        let (seconds, attoseconds) = components
        guard seconds >= 0 else { return 0 }
        return seconds < 3_000_000_000 ? Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000) : 3_000_000_000_000_000_000
    }
}
