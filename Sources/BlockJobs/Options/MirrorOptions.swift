public import Jobs

/// What `blockdev-mirror` asks for.
public struct MirrorOptions: Sendable, Equatable {
    /// Id, speed, automatic ends.
    public var job: BlockJobOptions
    /// The node to copy, and whose users move to the target in the end.
    public var device: String
    /// The node to copy to, of the same length.
    public var target: String
    /// The node that the target replaces in the end, where that is not `device` itself: a node below it with the same bytes.
    public var replaces: String?
    /// Which part is copied at first.
    public var sync: SyncMode
    /// Bytes a bit of the map of what has changed; nil is 64 KiB.
    public var granularity: Int64?
    /// How many bytes may be in flight; nil or 0 leaves it to the job.
    public var bufferSize: Int64?
    /// What happens when the source cannot be read.
    public var onSourceError: ErrorPolicy
    /// What happens when the target cannot be written.
    public var onTargetError: ErrorPolicy
    /// Zeroes may become holes on the target.
    public var unmap: Bool
    /// The caller vouches that the target reads as zeroes all over.
    public var targetIsZero: Bool
    /// The name of the filter node that sees the writes of others; nil generates one.
    public var filterNodeName: String?
    /// How the writes of others reach the target.
    public var copyMode: MirrorCopyMode

    /// Makes options; the defaults are those of the wire.
    public init(
        job: BlockJobOptions = BlockJobOptions(), device: String, target: String, replaces: String? = nil, sync: SyncMode,
        granularity: Int64? = nil, bufferSize: Int64? = nil, onSourceError: ErrorPolicy = .report, onTargetError: ErrorPolicy = .report,
        unmap: Bool = true, targetIsZero: Bool = false, filterNodeName: String? = nil, copyMode: MirrorCopyMode = .background
    ) {
        self.job = job
        self.device = device
        self.target = target
        self.replaces = replaces
        self.sync = sync
        self.granularity = granularity
        self.bufferSize = bufferSize
        self.onSourceError = onSourceError
        self.onTargetError = onTargetError
        self.unmap = unmap
        self.targetIsZero = targetIsZero
        self.filterNodeName = filterNodeName
        self.copyMode = copyMode
    }
}
