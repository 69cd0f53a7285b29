/// How a job ended, or is about to.
public enum JobEnd: Sendable, Equatable, Codable {
    /// Its command, or its transaction, failed before it started; nil for a job that was discarded. Its end is told by its status alone, and
    /// its result is not kept.
    case neverStarted(JobFailure?)
    /// With its result.
    case succeeded
    /// By itself, for this reason: BLOCK_JOB_COMPLETED with an error.
    case failed(JobFailure)
    /// Because a client, or its group, wanted so: BLOCK_JOB_CANCELLED. What failed because it was recalled may be the reason shown.
    case cancelled(JobFailure)

    /// Why it failed, in what its clients read.
    public var failure: JobFailure? {
        switch self {
        case .neverStarted(let failure): failure
        case .succeeded: nil
        case .failed(let failure), .cancelled(let failure): failure
        }
    }

    var isCancelled: Bool {
        switch self {
        case .cancelled: true
        case .neverStarted, .succeeded, .failed: false
        }
    }

    var wasStarted: Bool {
        switch self {
        case .succeeded, .failed, .cancelled: true
        case .neverStarted: false
        }
    }
}
