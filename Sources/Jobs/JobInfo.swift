/// One job as `query-jobs` shows it.
public struct JobInfo: Sendable, Equatable {
    /// The id that clients use.
    public let id: String
    /// What it does.
    public let type: JobType
    /// Where it is in its life.
    public let status: JobStatus
    /// How much is done, in the body's own unit; grows only.
    public let currentProgress: Int64
    /// How much there is to do, as far as is known; never below `currentProgress`.
    public let totalProgress: Int64
    /// Why it failed, once it has.
    public let error: String?
    /// What was accepted and has not taken effect yet (`x-pending-request`).
    public let pendingRequest: PendingRequest?
    /// How many BLOCK_JOB_ERROR events were left out because they came too fast.
    public let suppressedErrors: Int
}

/// Whether a job's last request to the disk went well; the raw values are the names on the wire.
public enum JobIOStatus: String, Sendable, CaseIterable, Codable {
    /// Yes.
    case ok
    /// An error has stopped the job.
    case failed
    /// A lack of space has stopped the job.
    case nospace
}

/// One block job as `query-block-jobs` shows it.
public struct BlockJobInfo: Sendable, Equatable {
    /// What it does.
    public let type: JobType
    /// The job's id.
    public let device: String
    /// How much there is to do.
    public let len: Int64
    /// How much is done.
    public let offset: Int64
    /// Whether its body works at this moment, rather than being parked.
    public let busy: Bool
    /// Whether anybody wants it paused.
    public let paused: Bool
    /// Bytes a second, 0 for no limit.
    public let speed: Int64
    /// Whether its last request to the disk went well.
    public let ioStatus: JobIOStatus
    /// Whether it may be completed.
    public let ready: Bool
    /// Where it is in its life.
    public let status: JobStatus
    /// Whether it finalizes itself.
    public let autoFinalize: Bool
    /// Whether it is forgotten as soon as it concludes.
    public let autoDismiss: Bool
    /// Why it failed, once it has.
    public let error: String?
    /// For a mirror: whether every write now reaches the target before it is acknowledged.
    public let activelySynced: Bool?
}

/// A job that was concluded on the wire while its body still hung in the disk. What it held stays held until the body returns.
public struct AbandonedJob: Sendable, Equatable {
    /// Which job; its id may be in use again.
    public let handle: JobHandle
    /// What it did.
    public let type: JobType
    /// When it was given up, on the registry's clock.
    public let since: UInt64
}
