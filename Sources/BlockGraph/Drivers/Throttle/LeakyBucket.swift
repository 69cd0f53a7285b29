/// Holds back what comes faster than it leaks: every admission fills the bucket, time empties it, and who comes while it is over its brim
/// waits. A pure value; the caller owns time.
///
/// With a burst rate it is QEMU's bucket: bursts reach `maximum` for `burstLength` seconds, then `average` holds. Without one the brim
/// is 25 ms of the rate, where QEMU has 100: any window of 250 ms or more then holds at most the rate's share and a tenth, or one
/// request.
struct LeakyBucket: Sendable, Equatable {
    let rate: ThrottleRates.Rate
    /// Units that have not leaked yet.
    private(set) var level = 0.0
    /// The same at the burst's rate; it keeps a long burst from coming all at once.
    private(set) var burstLevel = 0.0

    init(_ rate: ThrottleRates.Rate) { self.rate = rate }

    /// Whether it ever holds anybody back.
    var isLimiting: Bool { rate.average > 0 }

    /// Time goes on by `nanoseconds`.
    mutating func leak(_ nanoseconds: UInt64) {
        let seconds = Double(nanoseconds) / 1e9
        level = max(0, level - Double(rate.average) * seconds)
        if rate.burstLength > 1 { burstLevel = max(0, burstLevel - Double(rate.maximum) * seconds) }
    }

    /// A request of so many units has been admitted.
    mutating func fill(_ units: Double) {
        level += units
        if rate.burstLength > 1 { burstLevel += units }
    }

    /// How long, in nanoseconds, the next request must wait.
    var wait: UInt64 {
        guard isLimiting else { return 0 }
        let brim = rate.maximum == 0 ? Double(rate.average) / 40 : Double(rate.maximum) * Double(rate.burstLength)
        if level > brim { return LeakyBucket.nanoseconds(level - brim, at: rate.average) }
        guard rate.burstLength > 1 else { return 0 }
        let burstBrim = Double(rate.maximum) / 10
        return burstLevel > burstBrim ? LeakyBucket.nanoseconds(burstLevel - burstBrim, at: rate.maximum) : 0
    }

    /// Rounded up, so that the bucket is below its brim when the time has passed.
    private static func nanoseconds(_ excess: Double, at rate: Int64) -> UInt64 {
        let wait = (excess * 1e9 / Double(rate)).rounded(.up)
        return wait < 9e18 ? UInt64(wait) + 1 : 9_000_000_000_000_000_000
    }
}
