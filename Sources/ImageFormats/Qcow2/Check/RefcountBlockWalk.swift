internal import Storage

extension Qcow2Checker {
    /// Counts the refcount blocks, and looks whether each has its cluster for itself. It comes after everything else is counted.
    func walkRefcountBlocks() async throws(BlockError) {
        let size = plan.geometry.clusterSize
        try await tables.forEachPiece(at: plan.refcountTableOffset, words: plan.refcountTableEntries) { (piece, first) in
            for place in stride(from: 0, to: piece.count, by: 8) {
                let word = BigEndian.load(UnsafeRawBufferPointer(piece), place, as: UInt64.self)
                if word != 0 { self.walkRefcountBlock(word, index: first + Int64(place / 8), clusterSize: size) }
            }
        }
    }

    private func walkRefcountBlock(_ word: UInt64, index: Int64, clusterSize: Int) {
        guard word & ~TableWord.refcountBlock == 0 else {
            spoil("Refcount table entry \(index) has reserved bits set")
            return
        }
        guard word & UInt64(clusterSize - 1) == 0 else {
            spoil("Refcount block \(index) is not at a cluster's beginning")
            return
        }
        let cluster = Int64(word >> UInt64(plan.geometry.clusterBits))
        guard cluster < counts.end else {
            // Only a full repair minds: the others go on without the block, as long as nothing needs it.
            spoil("Refcount block \(index) is outside of the image", needsRebuild: repair == .all)
            return
        }
        // Somebody else's cluster, told by the overflow where one reference is all that can be counted, must not be written to as a block.
        if refer(to: Int64(word), bytes: Int64(clusterSize)) { needsRebuild = true }
        guard counts.window.contains(cluster), counts[cluster] != 1 else { return }
        needsRebuild = true
        if isFirstCount { result.note(.corruption, "Refcount block \(index) has \(counts[cluster]) references") }
    }

    private func spoil(_ message: String, needsRebuild spoils: Bool = true) {
        if spoils { needsRebuild = true }
        if isJudging { result.note(.corruption, message) }
    }
}
