internal import Glibc
internal import Storage
internal import Waiting

extension Refcounts {
    /// Moves the table to a longer one that covers the block `index`. By who has the turn.
    ///
    /// The crash argument: the new table and the blocks that count it lie where the old table covers nothing, so nobody else uses the place.
    /// They and all blocks are on disk before the header names the new table, in one sector; the old one is released after that. A crash before
    /// the header's write leaves the old table as it was, one after it the new one, with the old as a leak.
    func growTable(toCover index: Int64) async throws(BlockError) {
        if let failure { throw failure }
        file.note(.reftableGrow)
        let plan = try GrowthPlan(geometry: geometry, oldEntries: table.count, toCover: index)
        try await writeBackBlocks()
        var grown = table.moved(to: geometry.offset(of: plan.tableStart), count: Int(plan.entries), geometry: geometry)
        for (block, place) in plan.blocks() {
            grown.set(block, to: geometry.offset(of: place))
            file.note(.refblockAllocWriteBlocks)
            try await writeBlock(block, at: place, plan)
        }
        _ = grown.takeDirtySectors()
        file.note(.refblockAllocWriteTable)
        try await writeBytes(grown.bytes(paddedTo: Int(geometry.bytes(of: plan.tableClusters))), at: grown.offset)
        try await file.flush()
        let old = (place: geometry.cluster(of: table.offset), clusters: geometry.clusters(for: table.size))
        try await switchTable(to: grown, plan)
        await releaseTable(old.place, old.clusters, plan)
    }

    /// The header's owner knows of the new table before anybody else writes the header.
    private func switchTable(to grown: RefcountTable, _ plan: GrowthPlan) async throws(BlockError) {
        await headerLock.lock()
        defer { headerLock.unlock() }
        try await nameInHeader(grown.offset, plan.tableClusters)
        table = grown
        onTableMoved?(grown.offset, plan.tableClusters.value)
    }

    private func releaseTable(_ place: HostCluster, _ clusters: ClusterCount, _ plan: GrowthPlan) async {
        onMetadataRemoved?(geometry.offset(of: place), clusters, .refcountTable)
        onMetadataPlaced?(table.offset, plan.tableClusters, .refcountTable)
        for (_, place) in plan.blocks() { onMetadataPlaced?(geometry.offset(of: place), ClusterCount(1), .refcountBlock) }
        do throws(BlockError) {
            _ = try await decrement(place, clusters)
        } catch {
            // The old table's refcount was wrong before; all that follows is a leak.
            return
        }
    }

    private func writeBlock(_ block: Int64, at place: HostCluster, _ plan: GrowthPlan) async throws(BlockError) {
        var bytes = [UInt8](repeating: 0, count: geometry.clusterSize)
        let first = block << Int64(geometry.refcountBlockBits)
        let counted = plan.counted.clamped(to: first..<first + geometry.refcountBlockEntries)
        bytes.withUnsafeMutableBytes { bytes in
            for cluster in counted { width.set(bytes, Int(cluster - first), to: 1) }
        }
        cache.forget(geometry.offset(of: place).bytes, count: Int64(geometry.clusterSize))
        try await writeBytes(bytes, at: geometry.offset(of: place))
    }

    /// Byte 48: the table's offset (8 bytes) and how many clusters it has (4).
    private func nameInHeader(_ offset: HostOffset, _ clusters: ClusterCount) async throws(BlockError) {
        file.note(.refblockAllocSwitchTable)
        do throws(BlockError) {
            try await writeBytes(BigEndian.bytes(offset.bytes) + BigEndian.bytes(UInt32(clusters.value)), at: HostOffset(48))
            try await file.flush()
        } catch {
            // Perhaps it is on disk, perhaps not: from now on neither table may change.
            failure = error
            throw error
        }
    }

    func writeBytes(_ bytes: [UInt8], at offset: HostOffset) async throws(BlockError) {
        let buffer = BufferPool.shared.buffer(bytes.count)
        buffer.bytes.copyBytes(from: bytes)
        try await file.write(at: offset.bytes, from: buffer.contents, flags: [])
    }
}

/// Where a longer refcount table goes: behind all that the old one covers, followed by the blocks that count it and themselves.
private struct GrowthPlan {
    let tableStart: HostCluster
    let tableClusters: ClusterCount
    let entries: Int64
    private let firstBlock: Int64
    private let blockCount: Int64

    /// - Throws: EFBIG when the table would be longer than `Qcow2Limits.maxRefcountTableSize`.
    init(geometry: Qcow2Geometry, oldEntries: Int64, toCover index: Int64) throws(BlockError) {
        let perCluster = Int64(geometry.refcountTableEntriesPerCluster)
        var needed = max(index + 1, oldEntries + max(1, oldEntries / 2))
        while true {
            // Before anything is counted: an entry may refer to where no file reaches.
            guard needed <= Qcow2Limits.maxRefcountTableSize / 8 else { throw .system(EFBIG) }
            let clusters = (needed + perCluster - 1) / perCluster
            var blocks: Int64 = 1
            while blocks * geometry.refcountBlockEntries < clusters + blocks { blocks += 1 }
            // The table covers its own place.
            guard oldEntries + blocks <= clusters * perCluster else {
                needed = oldEntries + blocks
                continue
            }
            guard clusters * Int64(geometry.clusterSize) <= Qcow2Limits.maxRefcountTableSize else { throw .system(EFBIG) }
            tableStart = HostCluster(oldEntries << Int64(geometry.refcountBlockBits))
            tableClusters = ClusterCount(clusters)
            entries = clusters * perCluster
            firstBlock = oldEntries
            blockCount = blocks
            return
        }
    }

    /// The clusters that are taken.
    var counted: Range<Int64> { tableStart.index..<tableStart.index + tableClusters.value + blockCount }

    /// The new blocks: which entry of the table, and where.
    func blocks() -> [(Int64, HostCluster)] {
        (0..<blockCount).map { (firstBlock + $0, HostCluster(tableStart.index + tableClusters.value + $0)) }
    }
}
