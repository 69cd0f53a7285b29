internal import Storage

extension Qcow2Checker {
    /// Counts what the persistent bitmaps refer to.
    /// - Returns: false when the directory or a table makes no sense: then nobody knows what the bitmaps' clusters are.
    func walkBitmaps() async throws(BlockError) -> Bool {
        guard let bitmaps = plan.bitmaps else { return true }
        refer(to: Int64(clamping: bitmaps.directoryOffset), bytes: Int64(clamping: bitmaps.directorySize))
        let entries: [BitmapDirectoryEntry]
        do throws(BlockError) {
            entries = try await BitmapDirectory.read(tables, bitmaps, plan.geometry, virtualLength: plan.virtualLength)
        } catch {
            guard error.kind == .invalidImage else { throw error }
            if isJudging { noteUnreadable(error.message) }
            return false
        }
        for entry in entries {
            guard try await walkBitmapTable(entry) else { return false }
        }
        return true
    }

    private func walkBitmapTable(_ entry: BitmapDirectoryEntry) async throws(BlockError) -> Bool {
        refer(to: entry.tableOffset, bytes: Int64(entry.tableEntries) * 8)
        var faults = 0
        try await tables.forEachPiece(at: entry.tableOffset, words: Int64(entry.tableEntries)) { (piece, _) in
            for place in stride(from: 0, to: piece.count, by: 8) {
                let word = BigEndian.load(UnsafeRawBufferPointer(piece), place, as: UInt64.self)
                guard let cluster = BitmapCluster(word, self.plan.geometry) else {
                    faults += 1
                    return
                }
                if case .stored(let offset) = cluster { self.refer(to: offset.bytes, bytes: Int64(self.plan.geometry.clusterSize)) }
            }
        }
        if faults > 0 && isJudging { noteUnreadable("The table of bitmap '\(entry.name)' has an invalid entry") }
        return faults == 0
    }

    private func noteUnreadable(_ message: String) {
        result.note(.corruption, message)
        result.note(.checkError, "What the bitmaps refer to is not known")
    }
}
