internal import Storage

/// Walking through L1 and L2 tables.
extension Qcow2Checker {
    /// Counts what an L1 table refers to, and judges its entries.
    func walkL1(at offset: Int64, entries: Int, isActive: Bool) async throws(BlockError) {
        refer(to: offset, bytes: Int64(entries) * 8)
        isCountingFragments = isActive
        let l2 = BufferPool.shared.buffer(plan.geometry.clusterSize)
        try await tables.forEachPiece(at: offset, words: Int64(entries)) { (piece, _) async throws(BlockError) in
            for place in stride(from: 0, to: piece.count, by: 8) {
                let word = BigEndian.load(UnsafeRawBufferPointer(piece), place, as: UInt64.self)
                if word == 0 { continue }
                try await self.pausePoint()
                try await self.walkL2(of: word, into: l2)
            }
        }
    }

    private func walkL2(of l1Entry: UInt64, into table: IOBuffer) async throws(BlockError) {
        if isJudging && l1Entry & TableWord.l1Reserved != 0 {
            result.note(.corruption, "L1 entry with reserved bits set: \(hexadecimal(l1Entry))")
        }
        let offset = Int64(l1Entry & TableWord.offset)
        refer(to: offset, bytes: Int64(plan.geometry.clusterSize))
        if isJudging && Int(offset) & (plan.geometry.clusterSize - 1) != 0 {
            result.note(.corruption, "The L2 table at \(hexadecimal(offset)) is not at a cluster's beginning")
        }
        try await tables.read(at: offset, into: table.bytes)
        let misplaced = walkEntries(of: table.contents)
        if !misplaced.isEmpty { try await makeZero(misplaced, ofTableAt: offset, table) }
    }

    /// - Returns: entries without data whose preallocated cluster is misplaced, and which a repair is to make plain zeroes.
    private func walkEntries(of table: UnsafeRawBufferPointer) -> [Int] {
        var misplaced: [Int] = []
        var follower: Int64 = 0
        let hasSubclusters = plan.geometry.hasSubclusters
        let entrySize = plan.geometry.l2EntrySize
        for index in 0..<plan.geometry.l2Entries {
            let word = BigEndian.load(table, index * entrySize, as: UInt64.self)
            let bitmap = hasSubclusters ? BigEndian.load(table, index * entrySize + 8, as: UInt64.self) : 0
            if word | bitmap == 0 { continue }
            if word & TableWord.compressed != 0 {
                walkCompressed(word, bitmap, index)
                continue
            }
            if isJudging && word & TableWord.l2Reserved != 0 {
                result.note(.corruption, "L2 entry with reserved bits set: \(hexadecimal(word))")
            }
            let offset = Int64(word & TableWord.offset)
            if isAllocated(word) {
                if walkStandard(word, bitmap, offset, &follower) { misplaced.append(index) }
            } else if isJudging && bitmap & TableWord.subclustersAllocated != 0 {
                result.note(.corruption, "An unallocated cluster has subclusters that are allocated: \(hexadecimal(bitmap))")
            }
        }
        return misplaced
    }

    /// Whether the entry of a standard cluster has a host cluster. Offset 0 is one in an external data file only, told by the copied flag.
    @inline(__always)
    func isAllocated(_ word: UInt64) -> Bool {
        if word & TableWord.offset != 0 { return true }
        if !plan.geometry.hasSubclusters && word & TableWord.zero != 0 { return false }
        return plan.hasDataFile && word & TableWord.copied != 0
    }

    private func walkCompressed(_ word: UInt64, _ bitmap: UInt64, _ index: Int) {
        if isJudging && word & TableWord.copied != 0 {
            result.note(.corruption, "A compressed cluster has the copied flag: \(hexadecimal(word))")
        }
        if plan.hasDataFile || bitmap != 0 {
            if isJudging {
                let reason = plan.hasDataFile ? "in an image with a data file" : "with a subcluster bitmap"
                result.note(.corruption, "Compressed cluster \(index) \(reason): \(hexadecimal(word))")
            }
            return
        }
        let offsetBits = UInt64(plan.geometry.compressedOffsetBits)
        let offset = Int64(word & ((1 << offsetBits) - 1))
        let sectors = Int64((word >> offsetBits) & ((1 << (62 - offsetBits)) - 1)) + 1
        refer(to: offset, bytes: sectors * 512 - (offset & 511))
        if isJudging && isCountingFragments {
            result.allocatedClusters += 1
            result.compressedClusters += 1
            result.fragmentedClusters += 1
        }
    }

    /// - Returns: whether the entry is to be made zero.
    private func walkStandard(_ word: UInt64, _ bitmap: UInt64, _ offset: Int64, _ follower: inout Int64) -> Bool {
        let size = Int64(plan.geometry.clusterSize)
        if isJudging && (bitmap >> 32) & bitmap != 0 {
            result.note(.corruption, "The cluster at \(hexadecimal(offset)) has a contradictory subcluster bitmap: \(hexadecimal(bitmap))")
        }
        if isJudging && offset & (size - 1) != 0 {
            let hasData =
                plan.geometry.hasSubclusters ? bitmap & TableWord.subclustersAllocated != 0 : word & TableWord.zero == 0
            if hasData {
                result.note(.corruption, "The data cluster at \(hexadecimal(offset)) is not at a cluster's beginning")
            } else if repair == .all {
                return true
            } else {
                result.note(.corruption, "The preallocated cluster at \(hexadecimal(offset)) is not at a cluster's beginning")
            }
        }
        if isJudging && isCountingFragments {
            result.allocatedClusters += 1
            if follower != 0 && offset != follower { result.fragmentedClusters += 1 }
            follower = offset + size
        }
        if !plan.hasDataFile { refer(to: offset, bytes: size) }
        return false
    }

    /// Makes entries plain zeroes that had a misplaced cluster without data. Each entry lies within a sector, so a crash leaves the old one or
    /// the new one.
    private func makeZero(_ entries: [Int], ofTableAt offset: Int64, _ table: IOBuffer) async throws(BlockError) {
        let size = plan.geometry.l2EntrySize
        guard try await !overlapsOtherMetadata(offset, exceptL2: true) else {
            for _ in entries { result.note(.corruption, "A misplaced preallocated cluster stays, since its L2 table overlaps metadata") }
            result.note(.checkError, "The L2 table at \(hexadecimal(offset)) overlaps other metadata")
            return
        }
        for index in entries {
            if plan.geometry.hasSubclusters {
                let bitmap = BigEndian.load(table.contents, index * size + 8, as: UInt64.self)
                BigEndian.store(UInt64(0), table.bytes, index * size)
                // Subclusters with data, of which there are none here, would become zeroes as well.
                BigEndian.store((bitmap | bitmap << 32) & ~TableWord.subclustersAllocated, table.bytes, index * size + 8)
            } else {
                BigEndian.store(TableWord.zero, table.bytes, index * size)
            }
            try await tables.write(Array(table.contents[index * size..<(index + 1) * size]), at: offset + Int64(index * size))
            result.corruptionsFixed += 1
        }
        try await tables.file.flush()
    }
}
