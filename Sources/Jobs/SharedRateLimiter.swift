import Synchronization

/// One job's limiter, asked by the tasks of its body on their threads and changed by the registry, without a lock: the value's steps,
/// carried out by exchanging its one moment.
final class SharedRateLimiter: Sendable {
    private let currentSpeed: Atomic<Int64>
    private let next = Atomic<UInt64>(0)

    init(speed: Int64) {
        currentSpeed = Atomic(speed)
    }

    /// Bytes a second, 0 for no limit.
    var speed: Int64 { currentSpeed.load(ordering: .acquiring) }

    /// When the next bytes may be moved; the past without a limit.
    var earliest: UInt64 { speed == 0 ? 0 : next.load(ordering: .acquiring) }

    /// As `RateLimiter.admit(_:now:)`.
    func admit(_ bytes: Int, now: UInt64) -> RateLimiter.Verdict {
        while true {
            let before = next.load(ordering: .acquiring)
            var limiter = RateLimiter(speed: speed, next: before)
            let verdict = limiter.admit(bytes, now: now)
            if exchange(before, limiter.next) { return verdict }
        }
    }

    /// As `RateLimiter.setSpeed(_:now:)`. One admission at the same moment may still be reckoned at the old speed.
    func setSpeed(_ newSpeed: Int64, now: UInt64) {
        while true {
            let before = next.load(ordering: .acquiring)
            var limiter = RateLimiter(speed: speed, next: before)
            limiter.setSpeed(newSpeed, now: now)
            if exchange(before, limiter.next) { break }
        }
        currentSpeed.store(newSpeed, ordering: .releasing)
    }

    private func exchange(_ before: UInt64, _ after: UInt64) -> Bool {
        next.compareExchange(expected: before, desired: after, ordering: .acquiringAndReleasing).exchanged
    }
}
