// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

public import JSON

/// What a failed request leads to.
public enum BlockdevOnError: String, QAPIEnum {
    /// The job fails.
    case report = "report"
    /// It is passed over.
    case ignore = "ignore"
    /// As `stop` for want of space, as `report` otherwise.
    case enospc = "enospc"
    /// The job waits for `job-resume`.
    case stop = "stop"
    /// As `enospc` for the source of a job; as the daemon sees fit elsewhere.
    case auto = "auto"
}

/// What a job copies first.
public enum MirrorSyncMode: String, QAPIEnum {
    /// What the topmost image of a chain holds.
    case top = "top"
    /// Everything.
    case full = "full"
    /// Nothing, only what changes from now on.
    case none = "none"
    /// What a dirty bitmap marks, which is cleared after success.
    case incremental = "incremental"
    /// What a dirty bitmap marks.
    case bitmap = "bitmap"
}

/// What becomes of a dirty bitmap when a job with `bitmap` has ended.
public enum BitmapSyncMode: String, QAPIEnum {
    /// After success it marks what has changed since the job started.
    case onSuccess = "on-success"
    /// It stays as it was, with what has changed since.
    case never = "never"
    /// It marks what has not been copied and what has changed since the job started.
    case always = "always"
}

/// Who loses when old data cannot be saved before a write.
public enum OnCbwError: String, QAPIEnum {
    /// The writer, its request fails.
    case breakGuestWrite = "break-guest-write"
    /// The copy, its job fails.
    case breakSnapshot = "break-snapshot"
}

/// How a backup works.
public struct BackupPerf: QAPIObject {
    /// Let the kernel copy where it can; false by default.
    public var useCopyRange: Bool?
    /// Requests under way at a time, 64 by default.
    public var maxWorkers: Int64?
    /// Bytes of one request at most; 0, the default, leaves it to the daemon.
    public var maxChunk: Int64?

    /// Makes a value from its members.
    public init(
        useCopyRange: Bool? = nil,
        maxWorkers: Int64? = nil,
        maxChunk: Int64? = nil
    ) {
        self.useCopyRange = useCopyRange
        self.maxWorkers = maxWorkers
        self.maxChunk = maxChunk
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        useCopyRange = try reader.optional("use-copy-range")
        maxWorkers = try reader.optional("max-workers")
        maxChunk = try reader.optional("max-chunk")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("use-copy-range", ifPresent: useCopyRange)
        writer.member("max-workers", ifPresent: maxWorkers)
        writer.member("max-chunk", ifPresent: maxChunk)
    }
}

/// A backup to a node.
public struct BlockdevBackup: QAPIObject {
    /// The name of the job, by default that of the device.
    public var jobID: String?
    /// The node to copy.
    public var device: String
    /// What to copy.
    public var sync: MirrorSyncMode
    /// Limit in bytes a second; 0, the default, is none.
    public var speed: Int64?
    /// The dirty bitmap of the device that says what to copy; needed by the modes of `sync` that use one.
    public var bitmap: String?
    /// What becomes of the bitmap; needed with `sync` bitmap.
    public var bitmapMode: BitmapSyncMode?
    /// Write compressed, where the target's driver can; false by default.
    public var compress: Bool?
    /// What a failed read leads to, report by default.
    public var onSourceError: BlockdevOnError?
    /// What a failed write leads to, report by default.
    public var onTargetError: BlockdevOnError?
    /// Who loses when old data cannot be saved, break-guest-write by default.
    public var onCBWError: OnCbwError?
    /// Carry out the last step without waiting for `job-finalize`; true by default.
    public var autoFinalize: Bool?
    /// Forget the job when it has concluded; true by default.
    public var autoDismiss: Bool?
    /// The name of the node that saves old data while the job runs.
    public var filterNodeName: String?
    /// How it works.
    public var xPerf: BackupPerf?
    /// The node to copy to.
    public var target: String

    /// Makes a value from its members.
    public init(
        jobID: String? = nil,
        device: String,
        sync: MirrorSyncMode,
        speed: Int64? = nil,
        bitmap: String? = nil,
        bitmapMode: BitmapSyncMode? = nil,
        compress: Bool? = nil,
        onSourceError: BlockdevOnError? = nil,
        onTargetError: BlockdevOnError? = nil,
        onCBWError: OnCbwError? = nil,
        autoFinalize: Bool? = nil,
        autoDismiss: Bool? = nil,
        filterNodeName: String? = nil,
        xPerf: BackupPerf? = nil,
        target: String
    ) {
        self.jobID = jobID
        self.device = device
        self.sync = sync
        self.speed = speed
        self.bitmap = bitmap
        self.bitmapMode = bitmapMode
        self.compress = compress
        self.onSourceError = onSourceError
        self.onTargetError = onTargetError
        self.onCBWError = onCBWError
        self.autoFinalize = autoFinalize
        self.autoDismiss = autoDismiss
        self.filterNodeName = filterNodeName
        self.xPerf = xPerf
        self.target = target
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        jobID = try reader.optional("job-id")
        device = try reader.required("device")
        sync = try reader.required("sync")
        speed = try reader.optional("speed")
        bitmap = try reader.optional("bitmap")
        bitmapMode = try reader.optional("bitmap-mode")
        compress = try reader.optional("compress")
        onSourceError = try reader.optional("on-source-error")
        onTargetError = try reader.optional("on-target-error")
        onCBWError = try reader.optional("on-cbw-error")
        autoFinalize = try reader.optional("auto-finalize")
        autoDismiss = try reader.optional("auto-dismiss")
        filterNodeName = try reader.optional("filter-node-name")
        xPerf = try reader.optional("x-perf")
        target = try reader.required("target")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("job-id", ifPresent: jobID)
        writer.member("device", device)
        writer.member("sync", sync)
        writer.member("speed", ifPresent: speed)
        writer.member("bitmap", ifPresent: bitmap)
        writer.member("bitmap-mode", ifPresent: bitmapMode)
        writer.member("compress", ifPresent: compress)
        writer.member("on-source-error", ifPresent: onSourceError)
        writer.member("on-target-error", ifPresent: onTargetError)
        writer.member("on-cbw-error", ifPresent: onCBWError)
        writer.member("auto-finalize", ifPresent: autoFinalize)
        writer.member("auto-dismiss", ifPresent: autoDismiss)
        writer.member("filter-node-name", ifPresent: filterNodeName)
        writer.member("x-perf", ifPresent: xPerf)
        writer.member("target", target)
    }
}

/// Starts a job that copies a node as it is now, whatever is written to it meanwhile.
extension BlockdevBackup: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "blockdev-backup"
    /// Whether it may be sent out of band.
    public static let allowOOB = false
}
