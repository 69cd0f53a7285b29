internal import Storage

extension Refcounts {
    /// Makes the refcount blocks that clusters need and that miss, and grows the table when they lie beyond what it covers. By who has the turn.
    ///
    /// The crash argument: a new block is zeroed on disk and its own cluster counted before anything refers to it; the table's entry is only
    /// marked dirty and reaches the disk after the block (`writeBack`). Until then all that the block counts is free, as its absence says.
    ///
    /// Blocks are placed behind the clusters, from the highest down, so that a run of any length stays in one piece.
    /// - Returns: whether there was something to make. It took clusters, so what was free may no longer be.
    @discardableResult
    func provideBlocks(for first: HostCluster, _ count: ClusterCount) async throws(BlockError) -> Bool {
        let end = first + count
        let lowest = geometry.refcountTableIndex(first)
        // The block of the cluster behind, too: it has room for the blocks that miss.
        var index = geometry.refcountTableIndex(HostCluster(end.index - 1))
        guard index >= table.count || (lowest...index).contains(where: { table.isMissing($0) }) else { return false }
        if let failure { throw failure }
        file.note(.refblockAlloc)
        index = geometry.refcountTableIndex(end)
        if index >= table.count { try await growTable(toCover: index) }
        while index >= lowest {
            if table.isMissing(index) { try await makeBlock(index, behind: end) }
            index -= 1
        }
        return true
    }

    /// Makes the block for `index` in the first free cluster behind `end`, which the block may count itself.
    private func makeBlock(_ index: Int64, behind end: HostCluster) async throws(BlockError) {
        var place = try await searchFree(ClusterCount(1), from: end.index)
        while true {
            let counting = geometry.refcountTableIndex(place)
            if counting == index || !table.isMissing(counting) { break }
            // The existing blocks are full: one that counts itself comes first.
            if counting >= table.count { try await growTable(toCover: counting) }
            if table.isMissing(counting) { try await placeBlock(counting, at: place) }
            place = try await searchFree(ClusterCount(1), from: end.index)
        }
        try await placeBlock(index, at: place)
    }

    private func placeBlock(_ index: Int64, at place: HostCluster) async throws(BlockError) {
        let offset = geometry.offset(of: place)
        file.note(.refblockAllocWrite)
        try await file.writeZeroes(at: offset.bytes, count: Int64(geometry.clusterSize), flags: [])
        cache.forget(offset.bytes, count: Int64(geometry.clusterSize))
        table.set(index, to: offset)
        do throws(BlockError) {
            guard let part = try await part(for: place) else { preconditionFailure("the place of a block is counted") }
            width.set(part.bytes, self.index(inPart: place), to: 1)
            cache.markDirty(part)
        } catch {
            table.set(index, to: nil)
            throw error
        }
        onMetadataPlaced?(offset, ClusterCount(1), .refcountBlock)
    }
}
