internal import Storage

/// Where rebuilt refcount structures go: one run of clusters that nothing refers to.
private struct RebuildArea {
    /// The first cluster.
    var start: Int64
    /// Clusters of the snapshot table, at the beginning.
    let snapshotClusters: Int64
    /// Clusters of the refcount table, after it.
    let tableClusters: Int64
    /// The indexes of the refcount blocks, which follow in this order.
    let blocks: [Int64]

    var tableStart: Int64 { start + snapshotClusters }
    var blocksStart: Int64 { tableStart + tableClusters }
    var clusters: Range<Int64> { start..<blocksStart + Int64(blocks.count) }
}

/// Making new refcount structures out of the references.
///
/// Crash safety: the new structures fill clusters that nothing refers to, not even the old structures. They are flushed before one write
/// within the header's first sector switches the refcount table, and the snapshot table too, from the old to the new. Before that write is on
/// disk the image is what it was; after it the old structures are leaked, no more.
extension Qcow2Checker {
    /// Rebuilds, and checks again what came of it.
    /// - Returns: false when the check cannot go on.
    func rebuildAndCompare(snapshotFaults: Int) async throws(BlockError) -> Bool {
        let before = result
        let snapshotTable = snapshotFaults > 0 ? try await completeSnapshotTable() : []
        try await rebuild(snapshotTable)

        result.corruptions = 0
        result.leaks = 0
        result.checkErrors = 0
        result.allocatedClusters = 0
        result.compressedClusters = 0
        result.fragmentedClusters = 0
        needsRebuild = false
        lacksRefcounts = false
        fileLength = tables.file.length
        stored = StoredRefcounts(tables: tables, plan: plan)
        counts = ReferenceCounts(geometry: plan.geometry, fileClusters: plan.geometry.clusters(for: fileLength).value)
        // The old structures are leaked now. They were no leaks before, so they are not counted.
        let repairing = RefcountRepair(leaks: true, corruptions: true, isCounted: false)
        guard try await compareAll(judging: true, repairing: repairing) else { return false }
        if needsRebuild { result.note(.checkError, "The rebuilt refcount structures are still broken") }
        try await tables.file.flush()
        try await discardFreed()
        result.corruptionsFixed += max(0, before.corruptions - result.corruptions)
        result.leaksFixed += max(0, before.leaks - result.leaks)
        return true
    }

    private func rebuild(_ snapshotTable: [UInt8]) async throws(BlockError) {
        let area = try await findArea(snapshotClusters: plan.geometry.clusters(for: Int64(snapshotTable.count)).value)
        let bits = Int64(plan.geometry.clusterBits)
        try await tables.write(snapshotTable, at: area.start << bits)
        try await writeBlocks(area)
        try await writeTable(area)
        try await tables.file.flush()
        try await switchHeader(to: area, snapshotTable)
        try await tables.file.flush()
    }

    /// Plans which blocks are needed, those of the new structures' own refcounts too, and where everything goes.
    private func findArea(snapshotClusters: Int64) async throws(BlockError) -> RebuildArea {
        let blockBits = Int64(plan.geometry.refcountBlockBits)
        let inUse = try await blocksInUse()
        var size = snapshotClusters + Int64(inUse.count) + 1
        while true {
            let start = try await freeRun(of: size)
            let own = start >> blockBits...(start + size - 1) >> blockBits
            let blocks = inUse.filter { $0 < own.lowerBound } + own + inUse.filter { $0 > own.upperBound }
            let tableBytes = ((blocks.last ?? 0) + 1) * 8
            guard tableBytes <= Qcow2Limits.maxRefcountTableSize else {
                throw BlockError(.invalidImage, "The image is too large for a refcount table")
            }
            let area = RebuildArea(
                start: start, snapshotClusters: snapshotClusters, tableClusters: plan.geometry.clusters(for: tableBytes).value,
                blocks: blocks)
            if Int64(area.clusters.count) <= size { return area }
            size = Int64(area.clusters.count)
        }
    }

    /// The indexes of refcount blocks that have something to count.
    private func blocksInUse() async throws(BlockError) -> [Int64] {
        let blockBits = Int64(plan.geometry.refcountBlockBits)
        var indexes: [Int64] = []
        _ = try await forEachStretch(judging: false) { (window) async throws(BlockError) in
            var cluster = window.lowerBound
            while cluster < window.upperBound {
                let index = cluster >> blockBits
                let end = (index + 1) << blockBits
                if (cluster..<min(end, window.upperBound)).contains(where: { self.counts[$0] != 0 }) { indexes.append(index) }
                guard indexes.count <= Qcow2Limits.maxRefcountTableSize / 8 else {
                    throw BlockError(.invalidImage, "The image is too large for a refcount table")
                }
                cluster = end
            }
            return true
        }
        return indexes
    }

    /// The first run of so many clusters without references, at the end of the file if there is none before.
    private func freeRun(of size: Int64) async throws(BlockError) -> Int64 {
        var start: Int64 = 0
        let isAtEnd = try await forEachStretch(judging: false) { (window) async throws(BlockError) in
            for cluster in window {
                if self.counts[cluster] != 0 {
                    start = cluster + 1
                } else if cluster + 1 - start == size {
                    return false
                }
            }
            return true
        }
        return isAtEnd ? max(counts.end, plan.geometry.clusters(for: fileLength).value) : start
    }

    private func writeBlocks(_ area: RebuildArea) async throws(BlockError) {
        let blockBits = Int64(plan.geometry.refcountBlockBits)
        let block = BufferPool.shared.buffer(plan.geometry.clusterSize)
        var next = 0
        _ = try await forEachStretch(judging: false) { (window) async throws(BlockError) in
            while next < area.blocks.count, area.blocks[next] << blockBits < window.upperBound {
                try await self.writeBlock(next, area, block)
                next += 1
            }
            return true
        }
        // Those of the new structures alone, behind everything else.
        while next < area.blocks.count {
            try await writeBlock(next, area, block)
            next += 1
        }
    }

    private func writeBlock(_ position: Int, _ area: RebuildArea, _ block: IOBuffer) async throws(BlockError) {
        block.bytes.initializeMemory(as: UInt8.self, repeating: 0)
        let first = area.blocks[position] << Int64(plan.geometry.refcountBlockBits)
        for index in 0..<Int(plan.geometry.refcountBlockEntries) {
            let cluster = first + Int64(index)
            let count = counts[cluster] + (area.clusters.contains(cluster) ? 1 : 0)
            if count != 0 { stored.width.set(block.bytes, index, to: count) }
        }
        let offset = (area.blocksStart + Int64(position)) << Int64(plan.geometry.clusterBits)
        try await tables.file.write(at: offset, from: block.contents, flags: [])
    }

    private func writeTable(_ area: RebuildArea) async throws(BlockError) {
        let bits = Int64(plan.geometry.clusterBits)
        var table = [UInt8](repeating: 0, count: Int(area.tableClusters << bits))
        for (position, index) in area.blocks.enumerated() {
            let offset = (area.blocksStart + Int64(position)) << bits
            table.replaceSubrange(Int(index) * 8..<Int(index) * 8 + 8, with: BigEndian.bytes(UInt64(offset)))
        }
        try await tables.write(table, at: area.tableStart << bits)
    }

    /// One write to bytes 48...71 of the header: refcount table, its clusters, number of snapshots, snapshot table.
    private func switchHeader(to area: RebuildArea, _ snapshotTable: [UInt8]) async throws(BlockError) {
        let bits = Int64(plan.geometry.clusterBits)
        if area.snapshotClusters > 0 {
            plan.snapshotsOffset = UInt64(area.start << bits)
            snapshotTableBytes = Int64(snapshotTable.count)
        }
        plan.refcountTableOffset = area.tableStart << bits
        plan.refcountTableEntries = area.tableClusters << (bits - 3)
        try await tables.write(
            BigEndian.bytes(UInt64(plan.refcountTableOffset)) + BigEndian.bytes(UInt32(area.tableClusters))
                + BigEndian.bytes(UInt32(plan.snapshotCount)) + BigEndian.bytes(plan.snapshotsOffset), at: 48)
    }
}
