/// Whether a client is one that asks again as soon as it has its answer, judged by the gaps between the two.
///
/// A pure value; times are nanoseconds of any clock that only goes forward.
struct Promptness {
    /// The longest gap of a prompt client, as it appears through a Dispatch source with its thread switches.
    static let longestGap: UInt64 = 300_000
    /// Requests that a stay must have brought to count as worth it.
    private static let goodStay = 4
    /// A stay that brought so many was worth it however it ended.
    private static let longStay = 256
    /// 2 to the power of the doubts prompt requests in a row are asked for before the next stay.
    static let mostDoubts = 10

    /// How a stay can end.
    enum StayEnd {
        /// The client did not ask again.
        case silence
        /// The processor was needed by somebody else, for milliseconds perhaps.
        case absence
    }

    private var lastAnswer: UInt64?
    /// Prompt requests in a row.
    private var prompt = 0
    /// Grows with stays that were not worth it.
    private var doubts = 0
    /// Requests since the stay began.
    private var served = 0

    /// Bytes have come.
    mutating func asked(at time: UInt64) {
        served += 1
        guard let lastAnswer, time - min(time, lastAnswer) <= Self.longestGap else {
            prompt = 0
            return
        }
        prompt += 1
    }

    /// Bytes have come during a stay, which has its own idea of time.
    mutating func askedInStay() { served += 1 }

    /// They have been carried out as far as they can be now.
    mutating func answered(at time: UInt64) { lastAnswer = time }

    /// They could not be answered yet.
    mutating func owesAnswer() {
        lastAnswer = nil
        prompt = 0
    }

    /// Whether to stay with the client.
    var deservesStay: Bool { prompt >= 1 << doubts }

    /// A stay begins.
    mutating func stayBegan() { served = 0 }

    /// A stay has ended. Where the processor is wanted by others, stays become rare: each may cost a request milliseconds.
    mutating func stayEnded(_ end: StayEnd) {
        switch end {
        case _ where served >= Self.longStay: doubts = 0
        case .silence where served >= Self.goodStay: doubts = max(0, doubts - 1)
        case .silence: doubts = min(Self.mostDoubts, doubts + 1)
        case .absence: doubts = min(Self.mostDoubts, doubts + 3)
        }
        prompt = 0
    }
}
