/// What a job tells the world, in the order in which it happened.
///
/// Status changes concern every job; the rest concerns block jobs only.
public enum JobEvent: Sendable, Equatable {
    /// JOB_STATUS_CHANGE.
    case statusChange(id: String, status: JobStatus)
    /// BLOCK_JOB_COMPLETED: ended by itself, well or (with an error) not.
    case completed(BlockJobReport, error: String?)
    /// BLOCK_JOB_CANCELLED: ended because a client, or a failed group, wanted so.
    case cancelled(BlockJobReport)
    /// BLOCK_JOB_READY.
    case ready(BlockJobReport)
    /// BLOCK_JOB_PENDING: only for a job that does not finalize itself.
    case pending(type: JobType, id: String)
    /// BLOCK_JOB_ERROR. `suppressed` counts those left out since the last one that was sent (see `ErrorEventBudget`).
    case error(device: String, operation: IOOperation, action: ErrorAction, suppressed: Int)
}

/// What the events about a block job's end have in common.
public struct BlockJobReport: Sendable, Equatable {
    /// What it does.
    public let type: JobType
    /// The job's id.
    public let device: String
    /// How much there was to do.
    public let len: Int64
    /// How much is done.
    public let offset: Int64
    /// Bytes a second, 0 for no limit.
    public let speed: Int64

    /// Makes a report; `offset` is at most `len`, both in the unit of the body.
    public init(type: JobType, device: String, len: Int64, offset: Int64, speed: Int64) {
        self.type = type
        self.device = device
        self.len = len
        self.offset = offset
        self.speed = speed
    }
}
