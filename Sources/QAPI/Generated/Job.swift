// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

public import JSON

/// What a job does.
public enum JobType: String, QAPIEnum {
    /// Moves the data of overlays down into a base image.
    case commit = "commit"
    /// Pulls the data of backing files up into an image.
    case stream = "stream"
    /// Keeps a copy equal to its source until told to stop.
    case mirror = "mirror"
    /// Copies an image as it was when the job started.
    case backup = "backup"
    /// Makes a new image, see `blockdev-create`.
    case create = "create"
    /// Changes the options of an existing image.
    case amend = "amend"
    /// Goes back to an internal snapshot.
    case snapshotLoad = "snapshot-load"
    /// Takes an internal snapshot.
    case snapshotSave = "snapshot-save"
    /// Removes an internal snapshot.
    case snapshotDelete = "snapshot-delete"
}

/// Where a job is in its life.
public enum JobStatus: String, QAPIEnum {
    /// No state at all; never seen by a client.
    case undefined = "undefined"
    /// Exists, has not begun.
    case created = "created"
    /// Is working.
    case running = "running"
    /// Would be working, but was asked to wait by a client or by the daemon itself.
    case paused = "paused"
    /// Has caught up and keeps up; `job-complete` ends it.
    case ready = "ready"
    /// As `ready`, but asked to wait.
    case standby = "standby"
    /// Has done its own work and waits for the other jobs of its transaction.
    case waiting = "waiting"
    /// All jobs of the transaction have done their work; the last, changing step is to come, by `job-finalize` when the
    /// job was made with auto-finalize off.
    case pending = "pending"
    /// Is undoing its work after an error or a cancel.
    case aborting = "aborting"
    /// Has ended, well or not; stays until `job-dismiss` when the job was made with auto-dismiss off.
    case concluded = "concluded"
    /// Is being removed; the last event of a job shows it.
    case null = "null"
}

/// What a client has asked of a job that has not taken effect yet. An extension of blockjobd.
public enum JobPendingRequest: String, QAPIEnum {
    /// The job will stop at its next chance.
    case cancel = "cancel"
    /// The job will pause at its next chance.
    case pause = "pause"
    /// The job will leave the ready state at its next chance.
    case complete = "complete"
}

/// A job has reached another state.
public struct JobStatusChangeEvent: QAPIEvent {
    /// The name on the wire.
    public static let name = "JOB_STATUS_CHANGE"
    /// Whether there is data.
    public static let hasData = true

    /// The job.
    public var id: String
    /// Its state now.
    public var status: JobStatus

    /// Makes a value from its members.
    public init(
        id: String,
        status: JobStatus
    ) {
        self.id = id
        self.status = status
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        id = try reader.required("id")
        status = try reader.required("status")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("id", id)
        writer.member("status", status)
    }
}

/// Pauses a job: it goes to `paused`, or from `ready` to `standby`, as soon as it can, which an event tells. A job that
/// is paused already is refused.
public struct JobPause: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "job-pause"
    /// Whether it may be sent out of band.
    public static let allowOOB = true

    /// The job.
    public var id: String

    /// Makes a value from its members.
    public init(
        id: String
    ) {
        self.id = id
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        id = try reader.required("id")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("id", id)
    }
}

/// Lets a job go on that `job-pause` has paused. Any other job is refused.
public struct JobResume: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "job-resume"
    /// Whether it may be sent out of band.
    public static let allowOOB = true

    /// The job.
    public var id: String

    /// Makes a value from its members.
    public init(
        id: String
    ) {
        self.id = id
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        id = try reader.required("id")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("id", id)
    }
}

/// Stops a job and undoes what it can. It ends with the error "Operation canceled", unless it was done before the
/// cancel reached it.
public struct JobCancel: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "job-cancel"
    /// Whether it may be sent out of band.
    public static let allowOOB = true

    /// The job.
    public var id: String

    /// Makes a value from its members.
    public init(
        id: String
    ) {
        self.id = id
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        id = try reader.required("id")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("id", id)
    }
}

/// Ends a job in the `ready` state with success.
public struct JobComplete: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "job-complete"
    /// Whether it may be sent out of band.
    public static let allowOOB = true

    /// The job.
    public var id: String

    /// Makes a value from its members.
    public init(
        id: String
    ) {
        self.id = id
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        id = try reader.required("id")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("id", id)
    }
}

/// Forgets a job in the `concluded` state. Needed only by jobs that were made with auto-dismiss off, and by those
/// without that option.
public struct JobDismiss: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "job-dismiss"
    /// Whether it may be sent out of band.
    public static let allowOOB = true

    /// The job.
    public var id: String

    /// Makes a value from its members.
    public init(
        id: String
    ) {
        self.id = id
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        id = try reader.required("id")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("id", id)
    }
}

/// Carries out the last step of a job in the `pending` state, and of all jobs in the same transaction. Needed only by
/// jobs that were made with auto-finalize off.
public struct JobFinalize: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "job-finalize"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// The job, any one of its transaction.
    public var id: String

    /// Makes a value from its members.
    public init(
        id: String
    ) {
        self.id = id
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        id = try reader.required("id")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("id", id)
    }
}

/// What is known about one job.
public struct JobInfo: QAPIObject {
    /// Its name.
    public var id: String
    /// What it does.
    public var type: JobType
    /// Where it is in its life.
    public var status: JobStatus
    /// What is done, in units of the job's own that never shrink.
    public var currentProgress: Int64
    /// An estimate of `current-progress` at the end; may change both ways.
    public var totalProgress: Int64
    /// Why the job failed, for humans; absent while it runs and after success.
    public var error: String?
    /// What was asked of the job and has not taken effect yet.
    public var xPendingRequest: JobPendingRequest?

    /// Makes a value from its members.
    public init(
        id: String,
        type: JobType,
        status: JobStatus,
        currentProgress: Int64,
        totalProgress: Int64,
        error: String? = nil,
        xPendingRequest: JobPendingRequest? = nil
    ) {
        self.id = id
        self.type = type
        self.status = status
        self.currentProgress = currentProgress
        self.totalProgress = totalProgress
        self.error = error
        self.xPendingRequest = xPendingRequest
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        id = try reader.required("id")
        type = try reader.required("type")
        status = try reader.required("status")
        currentProgress = try reader.required("current-progress")
        totalProgress = try reader.required("total-progress")
        error = try reader.optional("error")
        xPendingRequest = try reader.optional("x-pending-request")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("id", id)
        writer.member("type", type)
        writer.member("status", status)
        writer.member("current-progress", currentProgress)
        writer.member("total-progress", totalProgress)
        writer.member("error", ifPresent: error)
        writer.member("x-pending-request", ifPresent: xPendingRequest)
    }
}

/// Lists all jobs, of every type, the newest first.
public struct QueryJobs: QAPICommand {
    /// One entry a job.
    public typealias Reply = [JobInfo]
    /// The name on the wire.
    public static let name = "query-jobs"
    /// Whether it may be sent out of band.
    public static let allowOOB = true

    /// Makes a value from its members.
    public init() {}

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {}

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {}
}
