/// Keeps a permanent error that is to be ignored from flooding the clients: at most `perSecond` events in a second of each job.
///
/// Those beyond it are counted: the next event says how many came between (`JobEvent.error`), the job's info how many in all.
public struct ErrorEventBudget: Sendable, Equatable {
    /// How many BLOCK_JOB_ERROR events a job may send within a second.
    public static let perSecond = 10
    /// How long an ignored error beyond the budget keeps the task that reported it, in nanoseconds.
    public static let pace: UInt64 = 10_000_000

    /// How many were left out in all.
    public private(set) var suppressed = 0
    private var sinceLast = 0
    /// When the latest events were sent, the oldest first; never more than `perSecond`.
    private var sent: [UInt64] = []

    /// Nothing sent yet.
    public init() {}

    /// One more event at the time `now`.
    /// - Returns: how many were left out since the last one that was sent, or nil when this one is left out too.
    public mutating func take(now: UInt64) -> Int? {
        sent.removeAll { now &- $0 >= 1_000_000_000 }
        guard sent.count < Self.perSecond else {
            suppressed += 1
            sinceLast += 1
            return nil
        }
        sent.append(now)
        defer { sinceLast = 0 }
        return sinceLast
    }
}
