internal import IOLoop
import Synchronization

/// Limits that several nodes share, on whatever loops they live, and the requests that wait for them.
///
/// Requests of one node and direction are admitted in the order in which they came; among nodes the turn goes round, so that each gets its
/// share however much another asks for. Unchecked: `lock` guards everything but the atomics and what never changes.
public final class ThrottleGroup: @unchecked Sendable {
    /// The object's id.
    public let name: String
    private let clock: any ThrottleClock
    private let lock = PlatformLock()
    private var state: ThrottleState
    private var members: [ThrottleMember] = []
    /// For each direction, the member after which the search for the next one begins.
    private var lastServed = [Int](repeating: 0, count: ThrottleDirection.allCases.count)
    private var timers = [Timer?](repeating: nil, count: ThrottleDirection.allCases.count)
    private var timerCount: UInt64 = 0
    /// One bit for each direction: whether its requests must ask at all.
    private let limiting: Atomic<UInt8>

    private struct Timer {
        let number: UInt64
        let cancel: @Sendable () -> Void
    }

    /// Makes a group.
    /// - Precondition: `limits.check()` has not thrown.
    public init(name: String, limits: ThrottleRates = ThrottleRates(), clock: any ThrottleClock) {
        self.name = name
        self.clock = clock
        state = ThrottleState(limits, now: clock.now)
        limiting = Atomic(ThrottleGroup.bits(state))
    }

    private static func bits(_ state: ThrottleState) -> UInt8 {
        ThrottleDirection.allCases.reduce(0) { state.isLimiting($1) ? $0 | 1 << UInt8($1.rawValue) : $0 }
    }

    /// What it admits.
    public var limits: ThrottleRates { lock.withLock { state.limits } }

    /// Whether nodes belong to it.
    public var isInUse: Bool { lock.withLock { !members.isEmpty } }

    /// Whether requests that go this way may have to wait.
    @inline(__always)
    public func isLimiting(_ direction: ThrottleDirection) -> Bool {
        limiting.load(ordering: .acquiring) & 1 << UInt8(direction.rawValue) != 0
    }

    /// Changes what it admits, from now on and for those who wait. What was admitted before is forgotten.
    /// - Precondition: `limits.check()` has not thrown.
    public func setLimits(_ limits: ThrottleRates) {
        let admitted = lock.withLock {
            state = ThrottleState(limits, now: clock.now)
            limiting.store(ThrottleGroup.bits(state), ordering: .releasing)
            return ThrottleDirection.allCases.flatMap { admitNext($0) }
        }
        for continuation in admitted { continuation.resume() }
    }

    /// Makes a node one of the group's.
    public func join() -> ThrottleMember {
        let member = ThrottleMember(self)
        lock.withLock { members.append(member) }
        return member
    }

    func leave(_ member: ThrottleMember) {
        let admitted = lock.withLock {
            guard let index = members.firstIndex(where: { $0 === member }) else { return [UnsafeContinuation<Void, Never>]() }
            members.remove(at: index)
            for direction in ThrottleDirection.allCases where lastServed[direction.rawValue] >= index {
                lastServed[direction.rawValue] = max(0, lastServed[direction.rawValue] - 1)
            }
            // Whoever still waits there goes on unthrottled; the turn passes to the others.
            return member.takeAll().map(\.continuation) + ThrottleDirection.allCases.flatMap { admitNext($0) }
        }
        for continuation in admitted { continuation.resume() }
    }

    /// Accounts for a request at once, if nothing holds it back.
    func tryAdmit(_ member: ThrottleMember, _ direction: ThrottleDirection, bytes: Int64) -> Bool {
        lock.withLock {
            let isFirst = members.allSatisfy { $0.waiting[direction.rawValue].isEmpty }
            guard member.drains > 0 || (isFirst && state.wait(direction, now: clock.now) == 0) else { return false }
            state.account(direction, bytes: bytes)
            return true
        }
    }

    /// Queues a request; the continuation is resumed when it is admitted and accounted for.
    func enqueue(
        _ member: ThrottleMember, _ direction: ThrottleDirection, bytes: Int64, _ continuation: UnsafeContinuation<Void, Never>
    ) {
        let admitted = lock.withLock {
            member.waiting[direction.rawValue].append(ThrottleMember.Waiter(bytes: bytes, continuation: continuation))
            // A timer that runs already wakes the queue.
            return timers[direction.rawValue] == nil || member.drains > 0 ? admitNext(direction) : []
        }
        for continuation in admitted { continuation.resume() }
    }

    /// While at least one drain is on, the member's requests don't wait; they are accounted for all the same.
    func changeDrains(of member: ThrottleMember, by difference: Int) {
        let admitted = lock.withLock {
            member.drains += difference
            return member.drains > 0 ? ThrottleDirection.allCases.flatMap { admitNext($0) } : []
        }
        for continuation in admitted { continuation.resume() }
    }

    private func timerFired(_ direction: ThrottleDirection, _ number: UInt64) {
        let admitted = lock.withLock {
            guard timers[direction.rawValue]?.number == number else { return [UnsafeContinuation<Void, Never>]() }
            return admitNext(direction)
        }
        for continuation in admitted { continuation.resume() }
    }

    // MARK: With the lock held

    /// Admits as many waiting requests as the limits allow now, and sets the timer for the next.
    private func admitNext(_ direction: ThrottleDirection) -> [UnsafeContinuation<Void, Never>] {
        timers[direction.rawValue]?.cancel()
        timers[direction.rawValue] = nil
        var admitted: [UnsafeContinuation<Void, Never>] = []
        for member in members where member.drains > 0 {
            while let waiter = member.takeFirst(direction) {
                state.account(direction, bytes: waiter.bytes)
                admitted.append(waiter.continuation)
            }
        }
        while let index = nextMember(direction) {
            let now = clock.now
            let wait = state.wait(direction, now: now)
            guard wait == 0, let waiter = members[index].takeFirst(direction) else {
                startTimer(direction, at: now.addingReportingOverflow(wait).overflow ? .max : now + wait)
                break
            }
            lastServed[direction.rawValue] = index
            state.account(direction, bytes: waiter.bytes)
            admitted.append(waiter.continuation)
        }
        return admitted
    }

    /// The next member in turn that has a request waiting.
    private func nextMember(_ direction: ThrottleDirection) -> Int? {
        let count = members.count
        for step in 0..<count {
            let index = (lastServed[direction.rawValue] + 1 + step) % count
            if !members[index].waiting[direction.rawValue].isEmpty { return index }
        }
        return nil
    }

    private func startTimer(_ direction: ThrottleDirection, at deadline: UInt64) {
        timerCount += 1
        let number = timerCount
        let cancel = clock.schedule(at: deadline) { [weak self] in self?.timerFired(direction, number) }
        timers[direction.rawValue] = Timer(number: number, cancel: cancel)
    }
}
