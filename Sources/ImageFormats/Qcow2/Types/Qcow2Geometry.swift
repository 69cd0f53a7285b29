/// The sizes that follow from an image's header, and the arithmetic between guest offsets, host offsets and table indexes.
///
/// A value: it is fixed for an open image (the virtual length and the tables' places are not part of it).
public struct Qcow2Geometry: Sendable, Equatable {
    /// log2 of the cluster size: 9...21.
    public let clusterBits: Int
    /// log2 of a refcount's width in bits: 0...6.
    public let refcountOrder: Int
    /// Whether L2 entries have 16 bytes and clusters 32 subclusters.
    public let hasSubclusters: Bool

    /// Makes a geometry of values that were validated (`Qcow2Header.validate`).
    public init(clusterBits: Int, refcountOrder: Int, hasSubclusters: Bool) {
        precondition((Qcow2Limits.minClusterBits...Qcow2Limits.maxClusterBits).contains(clusterBits), "cluster bits are 9...21")
        precondition((0...6).contains(refcountOrder), "the refcount order is 0...6")
        precondition(!hasSubclusters || clusterBits >= Qcow2Limits.minClusterBitsWithSubclusters, "subclusters need 16 KiB")
        self.clusterBits = clusterBits
        self.refcountOrder = refcountOrder
        self.hasSubclusters = hasSubclusters
    }

    // MARK: Clusters

    /// Bytes of a cluster.
    @inline(__always)
    public var clusterSize: Int { 1 << clusterBits }
    /// Where in its cluster a byte of the virtual disk is.
    @inline(__always)
    public func offsetInCluster(_ offset: GuestOffset) -> Int { Int(offset.bytes) & (clusterSize - 1) }
    /// Where in its cluster a byte of the file is.
    @inline(__always)
    public func offsetInCluster(_ offset: HostOffset) -> Int { Int(offset.bytes) & (clusterSize - 1) }
    /// The first byte of the cluster of a byte of the virtual disk.
    @inline(__always)
    public func clusterStart(_ offset: GuestOffset) -> GuestOffset { GuestOffset(offset.bytes & ~Int64(clusterSize - 1)) }
    /// Whether a cluster begins there.
    @inline(__always)
    public func isAligned(_ offset: HostOffset) -> Bool { offsetInCluster(offset) == 0 }
    /// Whether a cluster begins there.
    @inline(__always)
    public func isAligned(_ offset: GuestOffset) -> Bool { offsetInCluster(offset) == 0 }
    /// How many clusters `bytes` (not negative) take, the last one perhaps in part.
    public func clusters(for bytes: Int64) -> ClusterCount {
        ClusterCount((bytes >> clusterBits) + (Int(bytes) & (clusterSize - 1) == 0 ? 0 : 1))
    }
    /// The cluster that a byte of the file belongs to.
    public func cluster(of offset: HostOffset) -> HostCluster { HostCluster(offset.bytes >> clusterBits) }
    /// Where a cluster of the file begins.
    public func offset(of cluster: HostCluster) -> HostOffset { HostOffset(cluster.index << clusterBits) }
    /// The bytes of so many clusters.
    public func bytes(of count: ClusterCount) -> Int64 { count.value << clusterBits }

    // MARK: Subclusters

    /// Subclusters of a cluster: 32, or 1 in an image without them.
    @inline(__always)
    public var subclustersPerCluster: Int { hasSubclusters ? 32 : 1 }
    /// log2 of the size of a subcluster; the cluster's in an image without them.
    @inline(__always)
    public var subclusterBits: Int { hasSubclusters ? clusterBits - 5 : clusterBits }
    /// Bytes of a subcluster; the cluster's in an image without them.
    @inline(__always)
    public var subclusterSize: Int { 1 << subclusterBits }
    /// Which subcluster of its cluster a byte of the virtual disk is in: 0...31.
    @inline(__always)
    public func subclusterIndex(_ offset: GuestOffset) -> Int { offsetInCluster(offset) >> subclusterBits }

    // MARK: L1 and L2 tables

    /// Bytes of an L2 entry: 8, or 16 with subclusters.
    @inline(__always)
    public var l2EntrySize: Int { hasSubclusters ? 16 : 8 }
    /// log2 of the number of entries of an L2 table, which has one cluster.
    @inline(__always)
    public var l2Bits: Int { clusterBits - (hasSubclusters ? 4 : 3) }
    /// Entries of an L2 table.
    @inline(__always)
    public var l2Entries: Int { 1 << l2Bits }
    /// log2 of the bytes of the virtual disk that one L2 table maps.
    @inline(__always)
    public var l2CoverageBits: Int { clusterBits + l2Bits }
    /// Bytes of the virtual disk that one L2 table maps.
    @inline(__always)
    public var l2Coverage: Int64 { 1 << Int64(l2CoverageBits) }
    /// The entry of the L1 table for a byte of the virtual disk.
    @inline(__always)
    public func l1Index(_ offset: GuestOffset) -> Int { Int(offset.bytes >> Int64(l2CoverageBits)) }
    /// The entry of its L2 table for a byte of the virtual disk.
    @inline(__always)
    public func l2Index(_ offset: GuestOffset) -> Int { Int(offset.bytes >> Int64(clusterBits)) & (l2Entries - 1) }
    /// How many L1 entries map a virtual disk of `length` bytes (not negative).
    public func l1Entries(forLength length: Int64) -> Int64 {
        (length >> Int64(l2CoverageBits)) + (length & (l2Coverage - 1) == 0 ? 0 : 1)
    }

    // MARK: Compressed clusters

    /// The bits of a compressed cluster's descriptor that are its host offset; the rest, up to bit 61, counts sectors.
    public var compressedOffsetBits: Int { 62 - (clusterBits - 8) }

    // MARK: Refcounts

    /// Bits of a refcount: 1...64.
    public var refcountBits: Int { 1 << refcountOrder }
    /// The largest refcount.
    public var maxRefcount: UInt64 { UInt64.max >> UInt64(64 - refcountBits) }
    /// log2 of the number of refcounts of a block, which has one cluster.
    public var refcountBlockBits: Int { clusterBits + 3 - refcountOrder }
    /// Refcounts of a block.
    public var refcountBlockEntries: Int64 { 1 << Int64(refcountBlockBits) }
    /// Entries of the refcount table in each of its clusters.
    public var refcountTableEntriesPerCluster: Int { clusterSize / 8 }
    /// The entry of the refcount table for a cluster of the file.
    public func refcountTableIndex(_ cluster: HostCluster) -> Int64 { cluster.index >> Int64(refcountBlockBits) }
    /// The refcount of its block for a cluster of the file.
    public func refcountBlockIndex(_ cluster: HostCluster) -> Int { Int(cluster.index & (refcountBlockEntries - 1)) }
}
