/// Time as the registry sees it: the daemon's is the host's monotonic clock, a test's moves when the test says so.
public protocol JobClock: AnyObject, Sendable {
    /// Nanoseconds since some moment in the past; never goes back.
    var now: UInt64 { get }

    /// Calls `action` once, on the registry's executor and never from within this call, when `now` has reached `deadline`.
    func schedule(at deadline: UInt64, _ action: @escaping @Sendable () -> Void) -> any JobTimer
}

/// One call that a clock will make.
public protocol JobTimer: Sendable {
    /// The call is not made, if it has not been made yet. Harmless afterwards, and when repeated.
    func cancel()
}

/// The bounds on a registry's waits, in nanoseconds.
public struct JobDeadlines: Sendable, Equatable {
    /// How long a cancelled body may hang before its job is concluded without it, and so for the abort and clean of an ended job.
    public var abandonment: UInt64
    /// How long the cancel verb waits for an idle job to conclude; long enough for a busy host, where threads wait for a processor.
    public var cancel: UInt64
    /// How long the finalize verb waits for the group to conclude.
    public var finalize: UInt64

    /// Makes deadlines: 10 s, 1 s and 10 s unless told otherwise.
    public init(abandonment: UInt64 = 10_000_000_000, cancel: UInt64 = 1_000_000_000, finalize: UInt64 = 10_000_000_000) {
        self.abandonment = abandonment
        self.cancel = cancel
        self.finalize = finalize
    }
}
