/// Why a job failed, or why one of its requests did.
public struct JobFailure: Error, Sendable, Equatable, Codable, CustomStringConvertible {
    /// What to decide on.
    public enum Kind: Sendable, Equatable, Codable {
        /// The job was cancelled, by a client or because its group failed.
        case cancelled
        /// The host refused with this `errno` value (positive).
        case system(errno: Int32)
        /// Anything else.
        case other
    }

    /// What to decide on.
    public let kind: Kind
    /// One sentence without a full stop: the job's `error` on the wire.
    public let message: String

    /// Makes a failure; `message` is one sentence without a full stop.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// How a cancelled body ends. A body rethrows it; thrown by a body that nobody cancelled it is an error like any other.
    public static let cancelled = JobFailure(.cancelled, "Operation canceled")

    /// The daemon ends while the disk hangs that the result is to be applied to.
    static let notApplied = JobFailure(.other, "The result could not be applied before the daemon's end")

    /// What a person reads.
    public var description: String { message }
}

/// Why a request to the registry was refused.
public struct JobError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What to decide on; each stands for one QMP error class.
    public enum Kind: Sendable, Equatable {
        /// No job has this id (GenericError).
        case jobNotFound
        /// No block job has this id (DeviceNotActive).
        case blockJobNotFound
        /// The job's id is malformed or taken (GenericError).
        case invalidID
        /// An argument is out of range (GenericError).
        case invalidArgument
        /// The job is in a state that does not take this verb (GenericError).
        case refused
        /// The registry is closing and takes no new jobs (GenericError).
        case closing
    }

    /// What to decide on.
    public let kind: Kind
    /// One sentence without a full stop, fit for QMP's `desc`.
    public let message: String

    /// Makes an error; `message` is one sentence without a full stop.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// What a person reads.
    public var description: String { message }
}
