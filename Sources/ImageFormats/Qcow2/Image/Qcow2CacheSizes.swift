internal import Storage

/// How large the metadata caches of an image may become. They begin empty and allocate what they load.
struct Qcow2CacheSizes: Equatable {
    /// Bytes of the L2 cache when the option is not given, if the disk needs as much.
    private static let defaultL2Limit: UInt64 = 32 << 20
    /// Bytes of a cache entry when the option is not given: larger ones cost more to load, write and evict than they save.
    private static let defaultEntryBytes = 4096

    /// Bytes of the memory of the backing chain when nothing limits it.
    private static let usualChainBytes: UInt64 = 2 << 20

    /// Bytes of an entry of the L2 cache: a slice of an L2 table.
    let l2EntryBytes: Int
    /// Entries of the L2 cache of an image without a backing file: at least 2.
    let l2Entries: Int
    /// The same with a backing file, whose chain's memory comes out of what the options give to L2 tables.
    let l2EntriesOverChain: Int
    /// Bytes that may be spent on remembering where in the backing chain bytes are.
    let chainBytes: Int
    /// Bytes of an entry of the refcount cache: a slice of a refcount block.
    let refcountEntryBytes: Int
    /// Entries of the refcount cache: at least 4 clusters.
    let refcountEntries: Int

    /// Follows QEMU's rules for the options and their defaults.
    /// - Throws: `.invalidOption` with QEMU's messages.
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
        let chain = min(Self.usualChainBytes, sizes.allowance / 4)
        chainBytes = Int(chain)
        l2EntriesOverChain = max(2, Int(min(sizes.l2, sizes.allowance - chain) / entryBytes))
        refcountEntryBytes = min(geometry.clusterSize, Self.defaultEntryBytes)
        refcountEntries = Int(max(4, sizes.refcounts / clusterSize)) * (geometry.clusterSize / refcountEntryBytes)
    }

    /// How the memory is divided that the options give.
    private struct Division {
        /// Bytes of the L2 cache, no more than the disk needs.
        var l2: UInt64
        /// Bytes of the refcount cache.
        var refcounts: UInt64
        /// Bytes that L2 tables may have, needed or not.
        var allowance: UInt64

        init(l2: UInt64, refcounts: UInt64, allowance: UInt64? = nil) {
            self.l2 = l2
            self.refcounts = refcounts
            self.allowance = allowance ?? l2
        }
    }

    /// Divides what the options give between the two caches.
    private static func sizes(
        _ options: Qcow2OpenOptions, wholeL2: UInt64, leastRefcounts: UInt64
    ) throws(BlockError) -> Division {
        let l2 = min(wholeL2, options.l2CacheSize ?? defaultL2Limit)
        let refcounts = options.refcountCacheSize ?? 0
        guard let combined = options.cacheSize else {
            return Division(l2: l2, refcounts: refcounts, allowance: options.l2CacheSize ?? defaultL2Limit)
        }
        switch (options.l2CacheSize, options.refcountCacheSize) {
        case (.some, .some):
            throw BlockError(
                .invalidOption, "cache-size, l2-cache-size and refcount-cache-size may not be set at the same time")
        case (.some(let asked), nil):
            guard asked <= combined else { throw BlockError(.invalidOption, "l2-cache-size may not exceed cache-size") }
            return Division(l2: l2, refcounts: combined - l2)
        case (nil, .some):
            guard refcounts <= combined else {
                throw BlockError(.invalidOption, "refcount-cache-size may not exceed cache-size")
            }
            return Division(l2: combined - refcounts, refcounts: refcounts)
        case (nil, nil):
            let (least, overflow) = wholeL2.addingReportingOverflow(leastRefcounts)
            if !overflow && combined >= least { return Division(l2: wholeL2, refcounts: combined - wholeL2) }
            let refcounts = min(combined, leastRefcounts)
            return Division(l2: combined - refcounts, refcounts: refcounts)
        }
    }
}
