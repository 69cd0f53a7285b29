internal import Storage

/// Checking and repairing the copied flags of the active layer: set exactly where the refcount is one.
///
/// It comes after the refcounts, which are on disk by now: a flag that is set here relies on a refcount of one that no crash can take
/// back. A cleared flag costs a copy at most.
extension Qcow2Checker {
    /// - Returns: false when the check cannot go on.
    func checkCopiedFlags() async throws(BlockError) -> Bool {
        let isRepairing =
            switch repair {
            case .all: true
            case .leaks: result.checkErrors == 0 && result.corruptions == 0 && result.leaks == 0
            case .none: false
            }
        let table = BufferPool.shared.buffer(plan.geometry.clusterSize)
        var canGoOn = true
        try await tables.forEachPiece(at: plan.l1Offset, words: Int64(plan.l1Entries)) { (piece, first) async throws(BlockError) in
            for place in stride(from: 0, to: piece.count, by: 8) where canGoOn {
                let word = BigEndian.load(UnsafeRawBufferPointer(piece), place, as: UInt64.self)
                guard word & TableWord.offset != 0 else { continue }
                try await self.pausePoint()
                let cluster = Int64(word & TableWord.offset) >> Int64(self.plan.geometry.clusterBits)
                guard let refcount = try await self.stored.value(cluster) else { continue }
                canGoOn = try await self.checkL1Entry(word, first + Int64(place / 8), refcount, isRepairing)
                if canGoOn {
                    canGoOn = try await self.checkL2Table(at: Int64(word & TableWord.offset), table, isRepairing)
                }
            }
        }
        return canGoOn
    }

    private func checkL1Entry(_ word: UInt64, _ index: Int64, _ refcount: UInt64, _ isRepairing: Bool) async throws(BlockError) -> Bool {
        guard (refcount == 1) != (word & TableWord.copied != 0) else { return true }
        guard isRepairing else {
            result.note(.corruption, "L1 entry \(index) has a wrong copied flag: \(hexadecimal(word)), refcount \(refcount)")
            return true
        }
        guard try await !overlapsOtherMetadata(plan.l1Offset, exceptL2: false) else {
            result.note(.checkError, "The L1 table overlaps other metadata")
            return false
        }
        try await tables.write(BigEndian.bytes(word ^ TableWord.copied), at: plan.l1Offset + index * 8)
        result.corruptionsFixed += 1
        return true
    }

    private func checkL2Table(at offset: Int64, _ table: IOBuffer, _ isRepairing: Bool) async throws(BlockError) -> Bool {
        try await tables.read(at: offset, into: table.bytes)
        let size = plan.geometry.l2EntrySize
        var changes = 0
        for index in 0..<plan.geometry.l2Entries {
            let word = BigEndian.load(table.contents, index * size, as: UInt64.self)
            guard word & TableWord.compressed == 0, isAllocated(word) else { continue }
            let cluster = Int64(word & TableWord.offset) >> Int64(plan.geometry.clusterBits)
            guard let refcount = plan.hasDataFile ? 1 : try await stored.value(cluster) else { continue }
            guard (refcount == 1) != (word & TableWord.copied != 0) else { continue }
            if isRepairing {
                BigEndian.store(word ^ TableWord.copied, table.bytes, index * size)
                changes += 1
            } else {
                result.note(.corruption, "An L2 entry has a wrong copied flag: \(hexadecimal(word)), refcount \(refcount)")
            }
        }
        guard changes > 0 else { return true }
        guard try await !overlapsOtherMetadata(offset, exceptL2: true) else {
            result.note(.checkError, "The L2 table at \(hexadecimal(offset)) overlaps other metadata")
            return false
        }
        try await tables.file.write(at: offset, from: table.contents, flags: [])
        result.corruptionsFixed += changes
        return true
    }
}

extension Qcow2Checker {
    /// Whether a table of the active layer, which a repair is to write to, shares bytes with other metadata. Other L2 tables are not
    /// looked at: an entry in the wrong one changes no other kind of metadata.
    /// - Parameter exceptL2: whether the table is an L2 table; else it is the L1 table.
    func overlapsOtherMetadata(_ offset: Int64, exceptL2: Bool) async throws(BlockError) -> Bool {
        let cluster = Int64(plan.geometry.clusterSize)
        let written = offset..<offset + (exceptL2 ? cluster : Int64(plan.l1Entries) * 8)
        var areas: [(offset: Int64, bytes: Int64)] = [
            (0, cluster), (plan.refcountTableOffset, plan.refcountTableEntries * 8),
            (Int64(clamping: plan.snapshotsOffset), snapshotTableBytes),
        ]
        if exceptL2 { areas.append((plan.l1Offset, Int64(plan.l1Entries) * 8)) }
        if let bitmaps = plan.bitmaps { areas.append((Int64(bitmaps.directoryOffset), Int64(bitmaps.directorySize))) }
        func isTouched(_ offset: Int64, _ bytes: Int64) -> Bool {
            offset < written.upperBound && written.lowerBound - offset < bytes
        }
        if areas.contains(where: { isTouched($0.offset, $0.bytes) }) { return true }
        for snapshot in snapshots where snapshot.l1Offset <= UInt64(Int64.max) {
            if isTouched(Int64(snapshot.l1Offset), Int64(snapshot.l1Entries) * 8) { return true }
        }
        var isInBlock = false
        try await tables.forEachPiece(at: plan.refcountTableOffset, words: plan.refcountTableEntries) { (piece, _) in
            for place in stride(from: 0, to: piece.count, by: 8) {
                let word = BigEndian.load(UnsafeRawBufferPointer(piece), place, as: UInt64.self) & TableWord.refcountBlock
                if word != 0, let block = Int64(exactly: word), isTouched(block, cluster) { isInBlock = true }
            }
        }
        return isInBlock
    }
}
