// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

public import JSON

/// How a write to the source of a mirror reaches its target.
public enum MirrorCopyMode: String, QAPIEnum {
    /// Later, by the job.
    case background = "background"
    /// At once; the write ends when both have it.
    case writeBlocking = "write-blocking"
}

/// Starts a job that makes a node equal to another and keeps it so, until it is completed or cancelled. Completing it
/// puts the target in the place of the source.
public struct BlockdevMirror: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "blockdev-mirror"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// The name of the job, by default that of the device.
    public var jobID: String?
    /// The node to copy.
    public var device: String
    /// The node to copy to.
    public var target: String
    /// The node that the target takes the place of when the job is completed, by default the source.
    public var replaces: String?
    /// What to copy first.
    public var sync: MirrorSyncMode
    /// Limit in bytes a second; 0, the default, is none.
    public var speed: Int64?
    /// Bytes that are tracked as one, a power of 2; by default as suits both images.
    public var granularity: UInt32?
    /// Bytes that may be on their way at a time.
    public var bufSize: Int64?
    /// What a failed read leads to, report by default.
    public var onSourceError: BlockdevOnError?
    /// What a failed write leads to, report by default.
    public var onTargetError: BlockdevOnError?
    /// The name of the node that watches writes while the job runs.
    public var filterNodeName: String?
    /// How writes to the source reach the target, background by default.
    public var copyMode: MirrorCopyMode?
    /// Carry out the last step without waiting for `job-finalize`; true by default.
    public var autoFinalize: Bool?
    /// Forget the job when it has concluded; true by default.
    public var autoDismiss: Bool?
    /// The target reads as zeroes now, so that zeroes need not be written; the copy is wrong when it does not. false by
    /// default.
    public var targetIsZero: Bool?

    /// Makes a value from its members.
    public init(
        jobID: String? = nil,
        device: String,
        target: String,
        replaces: String? = nil,
        sync: MirrorSyncMode,
        speed: Int64? = nil,
        granularity: UInt32? = nil,
        bufSize: Int64? = nil,
        onSourceError: BlockdevOnError? = nil,
        onTargetError: BlockdevOnError? = nil,
        filterNodeName: String? = nil,
        copyMode: MirrorCopyMode? = nil,
        autoFinalize: Bool? = nil,
        autoDismiss: Bool? = nil,
        targetIsZero: Bool? = nil
    ) {
        self.jobID = jobID
        self.device = device
        self.target = target
        self.replaces = replaces
        self.sync = sync
        self.speed = speed
        self.granularity = granularity
        self.bufSize = bufSize
        self.onSourceError = onSourceError
        self.onTargetError = onTargetError
        self.filterNodeName = filterNodeName
        self.copyMode = copyMode
        self.autoFinalize = autoFinalize
        self.autoDismiss = autoDismiss
        self.targetIsZero = targetIsZero
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        jobID = try reader.optional("job-id")
        device = try reader.required("device")
        target = try reader.required("target")
        replaces = try reader.optional("replaces")
        sync = try reader.required("sync")
        speed = try reader.optional("speed")
        granularity = try reader.optional("granularity")
        bufSize = try reader.optional("buf-size")
        onSourceError = try reader.optional("on-source-error")
        onTargetError = try reader.optional("on-target-error")
        filterNodeName = try reader.optional("filter-node-name")
        copyMode = try reader.optional("copy-mode")
        autoFinalize = try reader.optional("auto-finalize")
        autoDismiss = try reader.optional("auto-dismiss")
        targetIsZero = try reader.optional("target-is-zero")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("job-id", ifPresent: jobID)
        writer.member("device", device)
        writer.member("target", target)
        writer.member("replaces", ifPresent: replaces)
        writer.member("sync", sync)
        writer.member("speed", ifPresent: speed)
        writer.member("granularity", ifPresent: granularity)
        writer.member("buf-size", ifPresent: bufSize)
        writer.member("on-source-error", ifPresent: onSourceError)
        writer.member("on-target-error", ifPresent: onTargetError)
        writer.member("filter-node-name", ifPresent: filterNodeName)
        writer.member("copy-mode", ifPresent: copyMode)
        writer.member("auto-finalize", ifPresent: autoFinalize)
        writer.member("auto-dismiss", ifPresent: autoDismiss)
        writer.member("target-is-zero", ifPresent: targetIsZero)
    }
}
