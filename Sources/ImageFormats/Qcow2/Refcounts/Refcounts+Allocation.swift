internal import Glibc
internal import Storage
internal import Waiting

extension Refcounts {
    /// Allocates `count` clusters in a row, with one user each, which no reference on disk names yet.
    ///
    /// Who does not come to use them gives them back with `release`. Before a reference to them is written, `writeBack` and a flush are due.
    /// - Parameter limit: the host offset that the clusters lie below; a smaller one for what has fewer bits to name them.
    /// - Throws: EFBIG when there is no room below `limit`; what the file throws when a refcount block cannot be made.
    func allocate(_ count: ClusterCount, below limit: Int64 = Qcow2Limits.maxHostOffset) async throws(BlockError) -> HostCluster {
        file.note(.clusterAlloc)
        await turn.lock()
        defer { turn.unlock() }
        return try await allocateRun(count, below: limit)
    }

    /// One cluster, by who has the turn.
    func allocateOne(below limit: Int64) async throws(BlockError) -> HostCluster {
        try await allocateRun(ClusterCount(1), below: limit)
    }

    private func allocateRun(_ count: ClusterCount, below limit: Int64) async throws(BlockError) -> HostCluster {
        if let failure { throw failure }
        let first = try await findFree(count)
        guard geometry.offset(of: first + count).bytes <= limit else { throw .system(EFBIG) }
        try await increment(first, count)
        let end = first.index + count.value
        if first.index <= lowestFree && lowestFree < end { lowestFree = end }
        if count.value > 1 { runCursor = end }
        return first
    }

    /// The first `count` clusters in a row that are free and whose refcount blocks exist; blocks that miss are made.
    private func findFree(_ count: ClusterCount) async throws(BlockError) -> HostCluster {
        while true {
            let first = try await searchFree(count, from: count.value == 1 ? lowestFree : max(lowestFree, runCursor))
            if count.value == 1 { lowestFree = first.index }
            // Making a block takes clusters, perhaps these.
            if try await !provideBlocks(for: first, count) { return first }
        }
    }

    /// The first `count` clusters in a row, from `start` on, that nobody uses. Where there is no block nobody does.
    func searchFree(_ count: ClusterCount, from start: Int64) async throws(BlockError) -> HostCluster {
        var position = start
        var runStart = start
        while position - runStart < count.value {
            let cluster = HostCluster(position)
            guard let part = try await part(for: cluster) else {
                let blockEnd = (geometry.refcountTableIndex(cluster) + 1) << Int64(geometry.refcountBlockBits)
                position = min(blockEnd, runStart + count.value)
                continue
            }
            let first = index(inPart: cluster)
            let wanted = min(countsPerPart, first + Int(runStart + count.value - position))
            let used = width.firstUsed(part.contents, from: first, count: wanted)
            position += Int64(used - first)
            if used < wanted {
                let free = width.firstFree(part.contents, from: used, count: countsPerPart)
                position += Int64(free - used)
                runStart = position
            }
        }
        return HostCluster(runStart)
    }
}
