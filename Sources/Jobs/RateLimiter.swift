/// Spreads bytes evenly over time: in any window of 250 ms it admits the limit's share within 10 % of it or one chunk, whichever is larger.
///
/// Each admission moves the moment of the next by the time that its bytes take at the limit. Who comes late (a timer that fired late, a
/// slow disk) may catch up, but never by more than keeps a window within its bound. A pure value: the caller owns time and the queue of those
/// who wait, and asks for one at a time.
public struct RateLimiter: Sendable, Equatable {
    /// The window that the promise is about, in nanoseconds.
    public static let window: UInt64 = 250_000_000

    /// Bytes a second; 0 admits everything.
    public private(set) var speed: Int64
    /// When the next bytes may be moved, in nanoseconds.
    public private(set) var next: UInt64

    /// - Parameters:
    ///   - speed: bytes a second, 0 for no limit.
    ///   - next: when the next bytes may be moved.
    public init(speed: Int64, next: UInt64 = 0) {
        precondition(speed >= 0, "a speed is not negative")
        self.speed = speed
        self.next = next
    }

    /// Whether bytes may be moved.
    public enum Verdict: Sendable, Equatable {
        /// Now.
        case admitted
        /// Not before this time: ask again then, or when the speed has changed.
        case wait(until: UInt64)
    }

    /// Asks for `bytes` at the time `now`, in nanoseconds; times never go back.
    public mutating func admit(_ bytes: Int, now: UInt64) -> Verdict {
        guard speed > 0, bytes > 0 else { return .admitted }
        if now < next { return .wait(until: next) }
        let duration = Self.nanoseconds(for: UInt64(bytes), speed: UInt64(speed))
        // A window holds at most speed * (window + slack) + one chunk: chunk and slack share the 10 %.
        let tenth = Self.window / 10
        let slack = duration >= tenth ? 0 : min(tenth / 2, tenth - duration)
        let earliest = now > slack ? now - slack : 0
        let (sum, overflow) = max(next, earliest).addingReportingOverflow(duration)
        next = overflow ? .max : sum
        return .admitted
    }

    /// Changes the limit at the time `now`. What is still to be waited is stretched or shortened to the new limit.
    public mutating func setSpeed(_ newSpeed: Int64, now: UInt64) {
        precondition(newSpeed >= 0, "a speed is not negative")
        defer { speed = newSpeed }
        guard newSpeed > 0, speed > 0, next > now else {
            next = min(next, now)
            return
        }
        let (high, low) = (next - now).multipliedFullWidth(by: UInt64(speed))
        let divisor = UInt64(newSpeed)
        let rest = high < divisor ? divisor.dividingFullWidth((high, low)).quotient : .max
        let (sum, overflow) = now.addingReportingOverflow(rest)
        next = overflow ? .max : sum
    }

    /// How much to move at once: what the limit gives in a twentieth of a window, as a multiple of `granularity`, at least that and at
    /// most `maximum`. Without a limit `maximum`.
    public static func preferredChunk(speed: Int64, granularity: Int, maximum: Int) -> Int {
        precondition(granularity > 0 && maximum >= granularity, "a chunk holds at least one granule")
        let largest = maximum / granularity * granularity
        guard speed > 0 else { return largest }
        let share = speed / Int64(1_000_000_000 / (window / 20))
        let wanted = Int(clamping: share) / granularity * granularity
        return min(largest, max(granularity, wanted))
    }

    private static func nanoseconds(for bytes: UInt64, speed: UInt64) -> UInt64 {
        let (high, low) = bytes.multipliedFullWidth(by: 1_000_000_000)
        guard high < speed else { return .max }
        return speed.dividingFullWidth((high, low)).quotient
    }
}
