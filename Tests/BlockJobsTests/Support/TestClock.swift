import Dispatch
import Jobs
import Synchronization
import TestSupport

/// The host's time on the control queue.
final class HostClock: JobClock {
    private let control: ControlQueue
    init(_ control: ControlQueue) { self.control = control }

    var now: UInt64 { DispatchTime.now().uptimeNanoseconds }

    func schedule(at deadline: UInt64, _ action: @escaping @Sendable () -> Void) -> any JobTimer {
        let timer = OnceTimer()
        control.queue.asyncAfter(deadline: DispatchTime(uptimeNanoseconds: deadline)) { timer.fire(action) }
        return timer
    }
}

/// Time that a test moves.
final class StepClock: JobClock {
    private struct State {
        var now: UInt64 = 1_000_000_000
        var entries: [(deadline: UInt64, timer: OnceTimer, action: @Sendable () -> Void)] = []
    }
    private let state = Guarded(State())
    private let control: ControlQueue
    init(_ control: ControlQueue) { self.control = control }

    var now: UInt64 { state.withLock { $0.now } }

    func schedule(at deadline: UInt64, _ action: @escaping @Sendable () -> Void) -> any JobTimer {
        let timer = OnceTimer()
        state.withLock { $0.entries.append((deadline, timer, action)) }
        return timer
    }

    /// The next moment for which a call is planned.
    var nextDeadline: UInt64? {
        state.withLock { state in state.entries.filter { !$0.timer.isOver }.map(\.deadline).min() }
    }

    /// Moves to `time` and makes the calls that are due.
    func move(to time: UInt64) {
        let due = state.withLock { state in
            state.now = max(state.now, time)
            let due = state.entries.filter { $0.deadline <= state.now }
            state.entries.removeAll { $0.deadline <= state.now }
            return due.map { ($0.timer, $0.action) }
        }
        for (timer, action) in due { control.queue.async { timer.fire(action) } }
    }
}

final class OnceTimer: JobTimer {
    private let over = Atomic<Bool>(false)
    var isOver: Bool { over.load(ordering: .acquiring) }
    func cancel() { over.store(true, ordering: .releasing) }
    func fire(_ action: () -> Void) { if !over.exchange(true, ordering: .acquiringAndReleasing) { action() } }
}
