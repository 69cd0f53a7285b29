public import Storage

/// What a throttle group admits: six rates, each with a burst that may go beyond it for a time.
public struct ThrottleRates: Sendable, Equatable {
    /// One rate. All numbers are bytes, or requests, a second.
    public struct Rate: Sendable, Equatable {
        /// The rate in the long run; 0 is no limit.
        public var average: Int64
        /// The rate that bursts may reach; 0 is no bursts.
        public var maximum: Int64
        /// How many seconds a burst may last at `maximum`.
        public var burstLength: Int64

        /// Makes a rate; the default is no limit.
        public init(average: Int64 = 0, maximum: Int64 = 0, burstLength: Int64 = 1) {
            self.average = average
            self.maximum = maximum
            self.burstLength = burstLength
        }
    }

    /// What a rate counts, and of which requests.
    public enum Kind: Int, Sendable, CaseIterable {
        /// Bytes of all requests.
        case bytesTotal
        /// Bytes read.
        case bytesRead
        /// Bytes written.
        case bytesWrite
        /// All requests.
        case requestsTotal
        /// Reads.
        case requestsRead
        /// Writes.
        case requestsWrite
    }

    private var rates = [Rate](repeating: Rate(), count: Kind.allCases.count)
    /// A request counts once for each so many bytes; 0 counts every request once.
    public var requestSize: Int64 = 0

    /// No limits.
    public init() {}

    /// One of the rates.
    public subscript(_ kind: Kind) -> Rate {
        get { rates[kind.rawValue] }
        set { rates[kind.rawValue] = newValue }
    }

    /// The largest rate and burst that may be asked for.
    public static let largest: Int64 = 1_000_000_000_000_000

    /// Refuses limits that contradict each other, in QEMU's order and words.
    public func check() throws(BlockError) {
        guard !isMixed(.bytesTotal, .bytesRead, .bytesWrite), !isMixed(.requestsTotal, .requestsRead, .requestsWrite) else {
            throw ThrottleRates.invalid("bps/iops/max total values and read/write values cannot be used at the same time")
        }
        let hasRequests = [Kind.requestsTotal, .requestsRead, .requestsWrite].contains { self[$0].average != 0 }
        guard requestSize == 0 || hasRequests else { throw ThrottleRates.invalid("iops size requires an iops value to be set") }
        for rate in rates { try ThrottleRates.check(rate) }
    }

    private func isMixed(_ total: Kind, _ read: Kind, _ write: Kind) -> Bool {
        let mixedRates = self[total].average != 0 && (self[read].average != 0 || self[write].average != 0)
        let mixedBursts = self[total].maximum != 0 && (self[read].maximum != 0 || self[write].maximum != 0)
        return mixedRates || mixedBursts
    }

    private static func check(_ rate: Rate) throws(BlockError) {
        guard (0...largest).contains(rate.average), (0...largest).contains(rate.maximum) else {
            throw invalid("bps/iops/max values must be within [0, \(largest)]")
        }
        guard rate.burstLength != 0 else { throw invalid("the burst length cannot be 0") }
        guard rate.burstLength == 1 || rate.maximum != 0 else { throw invalid("burst length set without burst rate") }
        // A negative length is a very long one.
        guard rate.maximum == 0 || UInt64(bitPattern: rate.burstLength) <= UInt64(largest / rate.maximum) else {
            throw invalid("burst length too high for this burst rate")
        }
        guard rate.maximum == 0 || rate.average != 0 else {
            throw invalid("bps_max/iops_max require corresponding bps/iops values")
        }
        guard rate.maximum == 0 || rate.maximum >= rate.average else {
            throw invalid("bps_max/iops_max cannot be lower than bps/iops")
        }
    }

    private static func invalid(_ message: String) -> BlockError { BlockError(.invalidOption, message) }
}
