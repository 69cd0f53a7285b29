internal import Storage
internal import Waiting

/// How many users each cluster of the image file has, and which clusters are free.
///
/// Loop-bound. What it changes is in the cache until `writeBack`; all changes go through `turn`, one at a time, so that a search and what it
/// takes are one step.
///
/// The crash argument of everything here: a refcount that is too high is a leak, one that is too low is corruption. So increments reach the
/// disk before any reference (the caller writes back and flushes before he writes a reference), decrements are made only after the last
/// reference is gone from the disk (`PendingFrees`), and between those two the blocks may be written at any time in any order.
final class Refcounts {
    let file: BlockStorage
    let geometry: Qcow2Geometry
    let width: RefcountWidth
    /// Parts of refcount blocks. A dirty part may be evicted at any time: no order among blocks matters.
    let cache: MetadataCache
    let turn = AsyncMutex()
    var table: RefcountTable
    /// Who writes the header holds it: a whole header that is on its way must not name the table that was left meanwhile. Taken within `turn`; nobody
    /// who holds it allocates.
    var headerLock = AsyncMutex()
    /// Tells the header's owner where the table is now; it is on disk already.
    var onTableMoved: ((HostOffset, _ clusters: Int64) -> Void)?
    /// Where blocks and the table are, kept in step for the overlap checks.
    var onMetadataPlaced: ((HostOffset, ClusterCount, MetadataClass) -> Void)?
    /// Tells that metadata is no longer there.
    var onMetadataRemoved: ((HostOffset, ClusterCount, MetadataClass) -> Void)?

    /// No cluster below is free.
    var lowestFree: Int64 = 0
    /// Where the search for more than one cluster begins: behind the last such run, so that holes don't cost every search.
    var runCursor: Int64 = 0
    /// Where the next compressed cluster goes, behind the last one; nil when it needs a new cluster.
    var packing: HostOffset?
    /// Set when a header write failed half way: nobody knows which table the header names, so nothing more may be allocated.
    var failure: BlockError?

    /// Takes over a table that was loaded; `cache` caches parts of blocks.
    init(file: BlockStorage, geometry: Qcow2Geometry, table: RefcountTable, cache: MetadataCache) {
        self.file = file
        self.geometry = geometry
        self.table = table
        self.cache = cache
        width = RefcountWidth(order: geometry.refcountOrder)
    }

    /// Refcounts in a cached part of a block.
    var countsPerPart: Int { width.count(inBytes: cache.entryBytes) }

    /// Whether a change is not on disk yet.
    var isDirty: Bool { cache.hasDirty || table.isDirty }

    /// How many users a cluster has.
    /// - Throws: `.invalidImage` when its block is no block.
    func count(of cluster: HostCluster) async throws(BlockError) -> UInt64 {
        guard let part = try await part(for: cluster) else { return 0 }
        return width.value(part.contents, index(inPart: cluster))
    }

    /// How many of the first `limit` clusters there are up to the last one that has a user. What no block counts is passed over at once: an image may lie
    /// on a device that is much larger.
    /// - Throws: `.invalidImage` when a block is no block.
    func usedEnd(below limit: Int64) async throws(BlockError) -> Int64 {
        var end = limit
        while end > 0 {
            let cluster = HostCluster(end - 1)
            let block = geometry.refcountTableIndex(cluster)
            guard !table.isMissing(block), let part = try await part(for: cluster) else {
                end = min(block, table.count) << Int64(geometry.refcountBlockBits)
                continue
            }
            let last = index(inPart: cluster)
            var position = last
            while position >= 0, width.value(part.contents, position) == 0 { position -= 1 }
            end -= Int64(last - position)
            if position >= 0 { return end }
        }
        return 0
    }

    /// The cached part of the block that counts a cluster's users; nil when there is no block, which means that they are 0.
    /// It is valid up to the next suspension.
    @inline(__always)
    func part(for cluster: HostCluster) async throws(BlockError) -> MetadataEntry? {
        guard let block = try table.block(geometry.refcountTableIndex(cluster)) else { return nil }
        let inBlock = geometry.refcountBlockIndex(cluster) / countsPerPart * cache.entryBytes
        let offset = block.bytes + Int64(inBlock)
        if let cached = cache.cached(offset) { return cached }
        return try await cache.load(offset)
    }

    /// Which refcount of its part is a cluster's.
    @inline(__always)
    func index(inPart cluster: HostCluster) -> Int { Int(cluster.index) & (countsPerPart - 1) }
}
