import BlockGraph
import IOLoop
import Jobs
import TestSupport

/// All time in a storm: it stands still while anybody can do anything, and then goes on to the next deadline.
final class StormClock: JobClock, ThrottleClock {
    private struct Entry: Sendable {
        let deadline: UInt64
        let serial: Int
        /// Whether so long a wait is only there for disks that do not answer.
        let isLong: Bool
        let action: @Sendable () -> Void
    }
    private struct State {
        var now: UInt64 = 1_000_000_000
        var serial = 0
        var entries: [Entry] = []
    }
    private let state = Guarded(State())
    private let lane: StormLane

    init(_ lane: StormLane) { self.lane = lane }

    /// No limit that a storm sets makes anybody wait so long.
    private static let long: UInt64 = 5_000_000_000

    var now: UInt64 { state.withLock { $0.now } }

    private func add(at deadline: UInt64, _ action: @escaping @Sendable () -> Void) -> Int {
        state.withLock { state in
            state.serial += 1
            let isLong = deadline >= state.now + Self.long
            state.entries.append(Entry(deadline: deadline, serial: state.serial, isLong: isLong, action: action))
            return state.serial
        }
    }

    private func remove(_ serial: Int) -> Entry? {
        state.withLock { state in
            guard let index = state.entries.firstIndex(where: { $0.serial == serial }) else { return nil }
            return state.entries.remove(at: index)
        }
    }

    /// Whether a deadline is there, and whether it is one that only a disk without answers should ever come to.
    var next: (isLong: Bool, wait: UInt64)? {
        state.withLock { state in
            state.entries.min { ($0.deadline, $0.serial) < ($1.deadline, $1.serial) }.map {
                ($0.isLong, $0.deadline - min($0.deadline, state.now))
            }
        }
    }

    /// Goes on to the next deadline and does what is due.
    func moveOn() {
        let due = state.withLock { state -> Entry? in
            guard let entry = state.entries.min(by: { ($0.deadline, $0.serial) < ($1.deadline, $1.serial) }) else { return nil }
            state.now = max(state.now, entry.deadline)
            state.entries.removeAll { $0.serial == entry.serial }
            return entry
        }
        due?.action()
    }

    /// Time goes on by `nanoseconds`, as it does while disks work; what is due is done.
    func pass(_ nanoseconds: UInt64) {
        let end = now + nanoseconds
        while let next, next.wait <= end - min(now, end) { moveOn() }
        state.withLock { $0.now = max($0.now, end) }
    }

    // MARK: Who waits

    func schedule(at deadline: UInt64, _ action: @escaping @Sendable () -> Void) -> any JobTimer {
        let lane = self.lane
        return Timer(clock: self, serial: add(at: deadline) { lane.call(action) })
    }

    func schedule(at deadline: UInt64, _ action: @escaping @Sendable () -> Void) -> @Sendable () -> Void {
        let serial = add(at: deadline, action)
        return { _ = self.remove(serial) }
    }

    private struct Timer: JobTimer {
        let clock: StormClock
        let serial: Int
        func cancel() { _ = clock.remove(serial) }
    }

    /// Returns when the time has passed, or the task is cancelled.
    func sleep(_ duration: Duration) async {
        let parts = duration.components
        let wait = UInt64(parts.seconds) * 1_000_000_000 + UInt64(parts.attoseconds / 1_000_000_000)
        let sleeper = Guarded(Sleeper.awake)
        await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
                let serial = add(at: now + wait) { sleeper.withLock { $0.take() }?.continuation.resume() }
                let isCancelled = sleeper.withLock { sleeper in
                    if case .cancelled = sleeper { return true }
                    sleeper = .asleep(continuation, serial)
                    return false
                }
                guard isCancelled else { return }
                _ = remove(serial)
                continuation.resume()
            }
        } onCancel: {
            guard let (continuation, serial) = sleeper.withLock({ $0.take() }) else { return }
            // Or time would have to come to a deadline that nobody waits for.
            _ = self.remove(serial)
            continuation.resume()
        }
    }

    private enum Sleeper {
        case awake
        case asleep(UnsafeContinuation<Void, Never>, Int)
        case cancelled

        mutating func take() -> (continuation: UnsafeContinuation<Void, Never>, serial: Int)? {
            defer { self = .cancelled }
            guard case .asleep(let continuation, let serial) = self else { return nil }
            return (continuation, serial)
        }
    }
}
