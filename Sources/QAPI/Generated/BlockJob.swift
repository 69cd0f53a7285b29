// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

public import JSON

/// How the requests of a job fare.
public enum BlockDeviceIoStatus: String, QAPIEnum {
    /// Well.
    case ok = "ok"
    /// One has failed, and the job waits.
    case failed = "failed"
    /// One has failed for want of space, and the job waits.
    case nospace = "nospace"
}

/// What is known about a mirror job beyond other jobs.
public struct BlockJobInfoMirror: QAPIObject {
    /// Source and target are equal and stay so, since writes go to both at once.
    public var activelySynced: Bool

    /// Makes a value from its members.
    public init(
        activelySynced: Bool
    ) {
        self.activelySynced = activelySynced
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        activelySynced = try reader.required("actively-synced")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("actively-synced", activelySynced)
    }
}

/// What is known about one block job.
public struct BlockJobInfo: QAPIObject {
    /// What it does, with the members that come with it.
    public var variant: Variant
    /// Its name.
    public var device: String
    /// An estimate of `offset` at the end, in bytes.
    public var len: Int64
    /// Bytes done.
    public var offset: Int64
    /// It has requests under way.
    public var busy: Bool
    /// It is paused, or will be as soon as it can.
    public var paused: Bool
    /// Its limit in bytes a second; 0 is none.
    public var speed: Int64
    /// How its requests fare.
    public var ioStatus: BlockDeviceIoStatus
    /// `job-complete` would work.
    public var ready: Bool
    /// Where it is in its life.
    public var status: JobStatus
    /// It carries out its last step by itself.
    public var autoFinalize: Bool
    /// It is forgotten by itself.
    public var autoDismiss: Bool
    /// Why it failed, for humans.
    public var error: String?

    /// Makes a value from its members.
    public init(
        variant: Variant,
        device: String,
        len: Int64,
        offset: Int64,
        busy: Bool,
        paused: Bool,
        speed: Int64,
        ioStatus: BlockDeviceIoStatus,
        ready: Bool,
        status: JobStatus,
        autoFinalize: Bool,
        autoDismiss: Bool,
        error: String? = nil
    ) {
        self.variant = variant
        self.device = device
        self.len = len
        self.offset = offset
        self.busy = busy
        self.paused = paused
        self.speed = speed
        self.ioStatus = ioStatus
        self.ready = ready
        self.status = status
        self.autoFinalize = autoFinalize
        self.autoDismiss = autoDismiss
        self.error = error
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        let tag: JobType
        tag = try reader.required("type")
        device = try reader.required("device")
        len = try reader.required("len")
        offset = try reader.required("offset")
        busy = try reader.required("busy")
        paused = try reader.required("paused")
        speed = try reader.required("speed")
        ioStatus = try reader.required("io-status")
        ready = try reader.required("ready")
        status = try reader.required("status")
        autoFinalize = try reader.required("auto-finalize")
        autoDismiss = try reader.required("auto-dismiss")
        error = try reader.optional("error")
        variant = try Variant(tag, members: &reader)
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("type", variant.tag)
        writer.member("device", device)
        writer.member("len", len)
        writer.member("offset", offset)
        writer.member("busy", busy)
        writer.member("paused", paused)
        writer.member("speed", speed)
        writer.member("io-status", ioStatus)
        writer.member("ready", ready)
        writer.member("status", status)
        writer.member("auto-finalize", autoFinalize)
        writer.member("auto-dismiss", autoDismiss)
        writer.member("error", ifPresent: error)
        variant.encodeMembers(to: &writer)
    }

    /// What it does.
    public var type: JobType { variant.tag }

    /// The members that come with each value of `type`.
    public enum Variant: Sendable, Equatable {
        /// Moves the data of overlays down into a base image.
        case commit
        /// Pulls the data of backing files up into an image.
        case stream
        /// Keeps a copy equal to its source until told to stop.
        case mirror(BlockJobInfoMirror)
        /// Copies an image as it was when the job started.
        case backup
        /// Makes a new image, see `blockdev-create`.
        case create
        /// Changes the options of an existing image.
        case amend
        /// Goes back to an internal snapshot.
        case snapshotLoad
        /// Takes an internal snapshot.
        case snapshotSave
        /// Removes an internal snapshot.
        case snapshotDelete

        /// The value of `type`.
        public var tag: JobType {
            switch self {
            case .commit: .commit
            case .stream: .stream
            case .mirror: .mirror
            case .backup: .backup
            case .create: .create
            case .amend: .amend
            case .snapshotLoad: .snapshotLoad
            case .snapshotSave: .snapshotSave
            case .snapshotDelete: .snapshotDelete
            }
        }

        /// Reads the members that come with `tag`.
        init(_ tag: JobType, members reader: inout ArgumentReader) throws(ArgumentError) {
            switch tag {
            case .commit: self = .commit
            case .stream: self = .stream
            case .mirror: self = .mirror(try BlockJobInfoMirror(members: &reader))
            case .backup: self = .backup
            case .create: self = .create
            case .amend: self = .amend
            case .snapshotLoad: self = .snapshotLoad
            case .snapshotSave: self = .snapshotSave
            case .snapshotDelete: self = .snapshotDelete
            }
        }

        /// Writes the members that come with the tag.
        func encodeMembers(to writer: inout JSONWriter) {
            switch self {
            case .mirror(let payload): payload.encodeMembers(to: &writer)
            case .commit, .stream, .backup, .create, .amend, .snapshotLoad, .snapshotSave, .snapshotDelete: break
            }
        }
    }
}

/// Lists the block jobs, the newest first: backup and mirror are among them, create is not.
public struct QueryBlockJobs: QAPICommand {
    /// One entry a job.
    public typealias Reply = [BlockJobInfo]
    /// The name on the wire.
    public static let name = "query-block-jobs"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// Makes a value from its members.
    public init() {}

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {}

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {}
}

/// Limits the speed of a job from now on.
public struct BlockJobSetSpeed: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "block-job-set-speed"
    /// Whether it may be sent out of band.
    public static let allowOOB = true

    /// The job.
    public var device: String
    /// Bytes a second; 0 lifts the limit.
    public var speed: Int64

    /// Makes a value from its members.
    public init(
        device: String,
        speed: Int64
    ) {
        self.device = device
        self.speed = speed
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        device = try reader.required("device")
        speed = try reader.required("speed")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("device", device)
        writer.member("speed", speed)
    }
}

/// Stops a job. A mirror that is ready ends with success and leaves a copy of this moment, unless `force` is set.
public struct BlockJobCancel: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "block-job-cancel"
    /// Whether it may be sent out of band.
    public static let allowOOB = true

    /// The job.
    public var device: String
    /// Stop it whatever its state and give up the result; false by default.
    public var force: Bool?

    /// Makes a value from its members.
    public init(
        device: String,
        force: Bool? = nil
    ) {
        self.device = device
        self.force = force
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        device = try reader.required("device")
        force = try reader.optional("force")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("device", device)
        writer.member("force", ifPresent: force)
    }
}

/// Pauses a job.
///
/// Deprecated: use `job-pause`.
public struct BlockJobPause: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "block-job-pause"
    /// Whether it may be sent out of band.
    public static let allowOOB = true

    /// The job.
    public var device: String

    /// Makes a value from its members.
    public init(
        device: String
    ) {
        self.device = device
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        device = try reader.required("device")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("device", device)
    }
}

/// Lets a paused job go on.
///
/// Deprecated: use `job-resume`.
public struct BlockJobResume: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "block-job-resume"
    /// Whether it may be sent out of band.
    public static let allowOOB = true

    /// The job.
    public var device: String

    /// Makes a value from its members.
    public init(
        device: String
    ) {
        self.device = device
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        device = try reader.required("device")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("device", device)
    }
}

/// Ends a job in the ready state with success. A mirror's target takes the place of its source.
///
/// Deprecated: use `job-complete`.
public struct BlockJobComplete: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "block-job-complete"
    /// Whether it may be sent out of band.
    public static let allowOOB = true

    /// The job.
    public var device: String

    /// Makes a value from its members.
    public init(
        device: String
    ) {
        self.device = device
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        device = try reader.required("device")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("device", device)
    }
}

/// Forgets a job that has concluded.
///
/// Deprecated: use `job-dismiss`.
public struct BlockJobDismiss: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "block-job-dismiss"
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

/// Carries out the last step of a pending job, and of all jobs in the same transaction.
///
/// Deprecated: use `job-finalize`.
public struct BlockJobFinalize: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "block-job-finalize"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

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

/// What can be changed of a mirror job.
public struct BlockJobChangeOptionsMirror: QAPIObject {
    /// How writes reach the target from now on; background can become write-blocking, not the other way.
    public var copyMode: MirrorCopyMode

    /// Makes a value from its members.
    public init(
        copyMode: MirrorCopyMode
    ) {
        self.copyMode = copyMode
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        copyMode = try reader.required("copy-mode")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("copy-mode", copyMode)
    }
}

/// What can be changed of a job.
public struct BlockJobChangeOptions: QAPIObject {
    /// The job.
    public var id: String
    /// What it does, with the members that come with it.
    public var variant: Variant

    /// Makes a value from its members.
    public init(
        id: String,
        variant: Variant
    ) {
        self.id = id
        self.variant = variant
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        let tag: JobType
        id = try reader.required("id")
        tag = try reader.required("type")
        variant = try Variant(tag, members: &reader)
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("id", id)
        writer.member("type", variant.tag)
        variant.encodeMembers(to: &writer)
    }

    /// What it does.
    public var type: JobType { variant.tag }

    /// The members that come with each value of `type`.
    public enum Variant: Sendable, Equatable {
        /// Moves the data of overlays down into a base image.
        case commit
        /// Pulls the data of backing files up into an image.
        case stream
        /// Keeps a copy equal to its source until told to stop.
        case mirror(BlockJobChangeOptionsMirror)
        /// Copies an image as it was when the job started.
        case backup
        /// Makes a new image, see `blockdev-create`.
        case create
        /// Changes the options of an existing image.
        case amend
        /// Goes back to an internal snapshot.
        case snapshotLoad
        /// Takes an internal snapshot.
        case snapshotSave
        /// Removes an internal snapshot.
        case snapshotDelete

        /// The value of `type`.
        public var tag: JobType {
            switch self {
            case .commit: .commit
            case .stream: .stream
            case .mirror: .mirror
            case .backup: .backup
            case .create: .create
            case .amend: .amend
            case .snapshotLoad: .snapshotLoad
            case .snapshotSave: .snapshotSave
            case .snapshotDelete: .snapshotDelete
            }
        }

        /// Reads the members that come with `tag`.
        init(_ tag: JobType, members reader: inout ArgumentReader) throws(ArgumentError) {
            switch tag {
            case .commit: self = .commit
            case .stream: self = .stream
            case .mirror: self = .mirror(try BlockJobChangeOptionsMirror(members: &reader))
            case .backup: self = .backup
            case .create: self = .create
            case .amend: self = .amend
            case .snapshotLoad: self = .snapshotLoad
            case .snapshotSave: self = .snapshotSave
            case .snapshotDelete: self = .snapshotDelete
            }
        }

        /// Writes the members that come with the tag.
        func encodeMembers(to writer: inout JSONWriter) {
            switch self {
            case .mirror(let payload): payload.encodeMembers(to: &writer)
            case .commit, .stream, .backup, .create, .amend, .snapshotLoad, .snapshotSave, .snapshotDelete: break
            }
        }
    }
}

/// Changes how a job works while it works.
public struct BlockJobChange: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "block-job-change"
    /// Whether it may be sent out of band.
    public static let allowOOB = true

    /// All arguments.
    public var arguments: BlockJobChangeOptions

    /// Makes a value from its members.
    public init(_ arguments: BlockJobChangeOptions) { self.arguments = arguments }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        arguments = try BlockJobChangeOptions(members: &reader)
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        arguments.encodeMembers(to: &writer)
    }
}
