/// Which way a request goes.
public enum ThrottleDirection: Int, Sendable, CaseIterable {
    /// From the node.
    case read
    /// To the node: writes, zeroing, discards.
    case write
}

/// A group's buckets at a moment. A pure value: the caller owns time and the queues of those who wait.
struct ThrottleState: Sendable {
    private(set) var limits: ThrottleRates
    private var buckets: [LeakyBucket]
    private var leakedAt: UInt64

    init(_ limits: ThrottleRates, now: UInt64) {
        self.limits = limits
        buckets = ThrottleRates.Kind.allCases.map { LeakyBucket(limits[$0]) }
        leakedAt = now
    }

    private static func kinds(_ direction: ThrottleDirection) -> [ThrottleRates.Kind] {
        direction == .read ? readKinds : writeKinds
    }
    private static let readKinds: [ThrottleRates.Kind] = [.bytesTotal, .bytesRead, .requestsTotal, .requestsRead]
    private static let writeKinds: [ThrottleRates.Kind] = [.bytesTotal, .bytesWrite, .requestsTotal, .requestsWrite]

    /// Whether requests that go this way may ever have to wait.
    func isLimiting(_ direction: ThrottleDirection) -> Bool {
        ThrottleState.kinds(direction).contains { buckets[$0.rawValue].isLimiting }
    }

    /// How long, in nanoseconds from `now`, the next request in this direction must wait.
    mutating func wait(_ direction: ThrottleDirection, now: UInt64) -> UInt64 {
        if now > leakedAt {
            for index in buckets.indices { buckets[index].leak(now - leakedAt) }
            leakedAt = now
        }
        return ThrottleState.kinds(direction).reduce(0) { max($0, buckets[$1.rawValue].wait) }
    }

    /// A request has been admitted.
    mutating func account(_ direction: ThrottleDirection, bytes: Int64) {
        let size = limits.requestSize
        let requests = size > 0 && bytes > size ? Double(bytes) / Double(size) : 1
        for kind in ThrottleState.kinds(direction) {
            switch kind {
            case .bytesTotal, .bytesRead, .bytesWrite: buckets[kind.rawValue].fill(Double(bytes))
            case .requestsTotal, .requestsRead, .requestsWrite: buckets[kind.rawValue].fill(requests)
            }
        }
    }
}
