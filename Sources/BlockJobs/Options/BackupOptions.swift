public import Jobs

/// What breaks when old data could not be saved before a guest overwrites it. The raw values are the wire's.
public enum CopyBeforeWriteErrorPolicy: String, Sendable, CaseIterable {
    /// The guest's write fails; the backup stays whole.
    case breakGuestWrite = "break-guest-write"
    /// The guest's write goes on; the backup fails.
    case breakSnapshot = "break-snapshot"
}

/// What `blockdev-backup` asks for, alone or in a transaction.
public struct BackupOptions: Sendable, Equatable {
    /// Id, speed, automatic ends.
    public var job: BlockJobOptions
    /// The node to copy.
    public var device: String
    /// The node to copy to, of the same length.
    public var target: String
    /// Which part is copied.
    public var sync: SyncMode
    /// The name of a dirty bitmap of the source.
    public var bitmap: String?
    /// What becomes of that bitmap.
    public var bitmapMode: BitmapSyncMode?
    /// Compressed on the target, where its format can.
    public var compress: Bool
    /// What happens when the source cannot be read.
    public var onSourceError: ErrorPolicy
    /// What happens when the target cannot be written.
    public var onTargetError: ErrorPolicy
    /// What happens when old data could not be saved before a guest overwrites it.
    public var onCopyBeforeWriteError: CopyBeforeWriteErrorPolicy
    /// The name of the filter node that saves old data; nil generates one.
    public var filterNodeName: String?
    /// Tuning.
    public var performance: Performance

    /// `x-perf`.
    public struct Performance: Sendable, Equatable {
        /// Copies within the kernel where it can; nil leaves it to the job.
        public var useCopyRange: Bool?
        /// How many requests in flight at most.
        public var maxWorkers: Int64
        /// The longest request in bytes; 0 leaves it to the job.
        public var maxChunk: Int64

        /// Makes tuning; the defaults are those of the wire.
        public init(useCopyRange: Bool? = nil, maxWorkers: Int64 = 64, maxChunk: Int64 = 0) {
            self.useCopyRange = useCopyRange
            self.maxWorkers = maxWorkers
            self.maxChunk = maxChunk
        }
    }

    /// Makes options; the defaults are those of the wire.
    public init(
        job: BlockJobOptions = BlockJobOptions(), device: String, target: String, sync: SyncMode, bitmap: String? = nil,
        bitmapMode: BitmapSyncMode? = nil, compress: Bool = false, onSourceError: ErrorPolicy = .report,
        onTargetError: ErrorPolicy = .report, onCopyBeforeWriteError: CopyBeforeWriteErrorPolicy = .breakGuestWrite,
        filterNodeName: String? = nil, performance: Performance = Performance()
    ) {
        self.job = job
        self.device = device
        self.target = target
        self.sync = sync
        self.bitmap = bitmap
        self.bitmapMode = bitmapMode
        self.compress = compress
        self.onSourceError = onSourceError
        self.onTargetError = onTargetError
        self.onCopyBeforeWriteError = onCopyBeforeWriteError
        self.filterNodeName = filterNodeName
        self.performance = performance
    }
}
