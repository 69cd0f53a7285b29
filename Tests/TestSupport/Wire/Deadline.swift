import Glibc

/// A point on the monotonic clock until which a blocking call of a test may wait.
public struct Deadline: Sendable {
    private let nanoseconds: UInt64

    /// A deadline so many seconds from now. Generous ones cost nothing: they only pass when a test fails.
    public static func after(seconds: Double) -> Deadline {
        Deadline(nanoseconds: now + UInt64(seconds * 1e9))
    }

    /// What every wait of a test allows when nothing else is said, in seconds. Sanitizer builds on busy machines are slow; a wait that is
    /// never over costs one test so much, and one that is merely late costs nothing.
    public static let usualSeconds = 240.0

    /// The usual deadline, counted from now.
    public static var usual: Deadline { .after(seconds: usualSeconds) }

    /// The monotonic clock in nanoseconds.
    public static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Whether the deadline lies in the past.
    public var hasPassed: Bool { Deadline.now >= nanoseconds }

    /// The time left for poll(2), in milliseconds, rounded up; 0 once the deadline has passed.
    public var milliseconds: Int32 {
        let now = Deadline.now
        return now >= nanoseconds ? 0 : Int32(clamping: (nanoseconds - now + 999_999) / 1_000_000)
    }
}
