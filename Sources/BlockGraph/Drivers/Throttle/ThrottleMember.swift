/// A node's place in a throttle group. Unchecked: the group's lock guards its queues, which only the group touches.
public final class ThrottleMember: @unchecked Sendable {
    struct Waiter {
        let bytes: Int64
        let continuation: UnsafeContinuation<Void, Never>
    }

    /// The group.
    public let group: ThrottleGroup
    /// Requests that wait, oldest first, for each direction.
    var waiting = [Queue](repeating: Queue(), count: ThrottleDirection.allCases.count)
    /// Drains in progress.
    var drains = 0

    init(_ group: ThrottleGroup) { self.group = group }

    /// Returns when a request of so many bytes may go on.
    public func admit(_ direction: ThrottleDirection, bytes: Int64) async {
        guard group.isLimiting(direction), !group.tryAdmit(self, direction, bytes: bytes) else { return }
        await withUnsafeContinuation { group.enqueue(self, direction, bytes: bytes, $0) }
    }

    /// Lets requests pass, those that wait too, until `endDrain`; nests.
    public func beginDrain() { group.changeDrains(of: self, by: 1) }

    /// Ends one `beginDrain`.
    public func endDrain() { group.changeDrains(of: self, by: -1) }

    /// Leaves the group; what still waits goes on.
    public func leave() { group.leave(self) }

    func takeFirst(_ direction: ThrottleDirection) -> Waiter? { waiting[direction.rawValue].removeFirst() }

    func takeAll() -> [Waiter] {
        ThrottleDirection.allCases.flatMap { direction in
            var all: [Waiter] = []
            while let waiter = takeFirst(direction) { all.append(waiter) }
            return all
        }
    }

    /// First in, first out, without moving what stays.
    struct Queue {
        private var waiters: [Waiter] = []
        private var first = 0

        var isEmpty: Bool { first == waiters.count }

        mutating func append(_ waiter: Waiter) { waiters.append(waiter) }

        mutating func removeFirst() -> Waiter? {
            guard first < waiters.count else { return nil }
            defer {
                first += 1
                if first == waiters.count {
                    waiters.removeAll(keepingCapacity: true)
                    first = 0
                } else if first >= 64, first * 2 >= waiters.count {
                    waiters.removeSubrange(0..<first)
                    first = 0
                }
            }
            return waiters[first]
        }
    }
}
