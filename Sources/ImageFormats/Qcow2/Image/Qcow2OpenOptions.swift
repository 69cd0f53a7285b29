/// How an image is opened. The members without a value take QEMU's defaults, some of which follow from the image.
public struct Qcow2OpenOptions: Sendable, Equatable {
    /// What the image is opened for.
    public var purpose: Qcow2Header.Purpose
    /// Bytes of the cache of L2 tables.
    public var l2CacheSize: UInt64?
    /// Bytes of one entry of that cache: a power of two, from 512 up to the cluster size.
    public var l2CacheEntrySize: UInt64?
    /// Bytes of the cache of refcount blocks.
    public var refcountCacheSize: UInt64?
    /// Bytes of both caches together.
    public var cacheSize: UInt64?
    /// Seconds after which cached metadata that nobody used is dropped; 0 for never, 600 by default.
    public var cacheCleanInterval: UInt64
    /// Whether refcounts are written late, under the dirty bit; by default what the header says.
    public var lazyRefcounts: Bool?
    /// Whether the host is told what the guest discards.
    public var passDiscardRequest = false
    /// Whether the host is told what deleted snapshots set free.
    public var passDiscardSnapshot = true
    /// Whether the host is told about other space that becomes free, such as that of tables that moved.
    public var passDiscardOther = false
    /// Whether discarded clusters keep their space, so that later writes don't fragment the file.
    public var discardNoUnref = false
    /// Which metadata every write is checked against.
    public var overlapChecks = MetadataClass.cached

    /// Makes options; the defaults are those of `blockdev-add`.
    public init(
        purpose: Qcow2Header.Purpose = .writing, l2CacheSize: UInt64? = nil, l2CacheEntrySize: UInt64? = nil,
        refcountCacheSize: UInt64? = nil, cacheSize: UInt64? = nil, cacheCleanInterval: UInt64 = 600, lazyRefcounts: Bool? = nil
    ) {
        self.purpose = purpose
        self.l2CacheSize = l2CacheSize
        self.l2CacheEntrySize = l2CacheEntrySize
        self.refcountCacheSize = refcountCacheSize
        self.cacheSize = cacheSize
        self.cacheCleanInterval = cacheCleanInterval
        self.lazyRefcounts = lazyRefcounts
    }
}
