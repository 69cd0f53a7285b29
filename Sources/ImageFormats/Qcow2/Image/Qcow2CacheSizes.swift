internal import Storage

/// How large the metadata caches of an image may become. They begin empty and allocate what they load.
struct Qcow2CacheSizes: Equatable {
    /// Bytes of the L2 cache when the option is not given, if the disk needs as much.
    private static let defaultL2Limit: UInt64 = 32 << 20
    /// Bytes of a cache entry when the option is not given: larger ones cost more to load, write and evict than they save.
    private static let defaultEntryBytes = 4096

    /// Bytes of an entry of the L2 cache: a slice of an L2 table.
    let l2EntryBytes: Int
    /// Entries of the L2 cache: at least 2.
    let l2Entries: Int
    /// Bytes of an entry of the refcount cache: a slice of a refcount block.
    let refcountEntryBytes: Int
    /// Entries of the refcount cache: at least 4 clusters.
    let refcountEntries: Int

    /// Follows QEMU's rules for the options and their defaults.
    /// - Throws: `.invalidOption` with the reference's messages.
    init(_ options: Qcow2OpenOptions, header: Qcow2Header) throws(BlockError) {
        let geometry = header.geometry
        let clusterSize = UInt64(geometry.clusterSize)
        let clusters = UInt64(geometry.clusters(for: header.length).value)
        let wholeL2 = (clusters * UInt64(geometry.l2EntrySize) + clusterSize - 1) / clusterSize * clusterSize
        let sizes = try Self.sizes(options, wholeL2: wholeL2, leastRefcounts: 4 * clusterSize)

        let entryBytes = options.l2CacheEntrySize ?? min(clusterSize, UInt64(Self.defaultEntryBytes))
        guard entryBytes >= 512, entryBytes <= clusterSize, entryBytes.nonzeroBitCount == 1 else {
            throw BlockError(
                .invalidOption, "L2 cache entry size must be a power of two between 512 and the cluster size (\(clusterSize))")
        }
        guard sizes.l2 / entryBytes <= UInt64(Int32.max) else { throw BlockError(.invalidOption, "L2 cache size too big") }
        guard sizes.refcounts / clusterSize <= UInt64(Int32.max) else {
            throw BlockError(.invalidOption, "Refcount cache size too big")
        }
        guard options.cacheCleanInterval <= UInt64(UInt32.max) else {
            throw BlockError(.invalidOption, "Cache clean interval too big")
        }
        l2EntryBytes = Int(entryBytes)
        l2Entries = max(2, Int(sizes.l2 / entryBytes))
        refcountEntryBytes = min(geometry.clusterSize, Self.defaultEntryBytes)
        refcountEntries = Int(max(4, sizes.refcounts / clusterSize)) * (geometry.clusterSize / refcountEntryBytes)
    }

    /// Divides what the options give between the two caches.
    private static func sizes(
        _ options: Qcow2OpenOptions, wholeL2: UInt64, leastRefcounts: UInt64
    ) throws(BlockError) -> (l2: UInt64, refcounts: UInt64) {
        let l2 = min(wholeL2, options.l2CacheSize ?? defaultL2Limit)
        let refcounts = options.refcountCacheSize ?? 0
        guard let combined = options.cacheSize else { return (l2, refcounts) }
        switch (options.l2CacheSize, options.refcountCacheSize) {
        case (.some, .some):
            throw BlockError(
                .invalidOption, "cache-size, l2-cache-size and refcount-cache-size may not be set at the same time")
        case (.some(let asked), nil):
            guard asked <= combined else { throw BlockError(.invalidOption, "l2-cache-size may not exceed cache-size") }
            return (l2, combined - l2)
        case (nil, .some):
            guard refcounts <= combined else {
                throw BlockError(.invalidOption, "refcount-cache-size may not exceed cache-size")
            }
            return (combined - refcounts, refcounts)
        case (nil, nil):
            let (least, overflow) = wholeL2.addingReportingOverflow(leastRefcounts)
            if !overflow && combined >= least { return (wholeL2, combined - wholeL2) }
            let refcounts = min(combined, leastRefcounts)
            return (combined - refcounts, refcounts)
        }
    }
}
