internal import Storage

/// What an L1 table refers to, and changing how often it is counted. Everything is on disk and nothing is in flight while these run.
extension Qcow2Image {
    /// Gives `body` the host clusters that an L1 table's entries refer to, once for each reference: L2 tables and what is in them.
    ///
    /// Tables are read as they lie in the file, one at a time.
    /// - Parameters:
    ///   - first: the index of the first entry in the L1 table, which says what part of the disk it maps.
    ///   - clearsFlags: whether copied flags in the L2 tables are taken away; in a snapshot's tables they mean nothing and must not come to
    ///     mean something.
    func forEachReference(
        of entries: [L1Entry], from first: Int = 0, clearsFlags: Bool = false,
        _ body: (HostCluster, ClusterCount) async throws(BlockError) -> Void
    ) async throws(BlockError) {
        let buffer = BufferPool.shared.buffer(geometry.clusterSize)
        for (offset, l1Entry) in entries.enumerated() where l1Entry.hasTable {
            let index = first + offset
            try await readTable(l1Entry.table, l1Index: index, into: buffer)
            if clearsFlags { try await clearFlags(of: l1Entry.table, buffer) }
            var run: (first: HostCluster, count: ClusterCount)?
            for position in 0..<geometry.l2Entries {
                let entry = L2Entry(buffer.contents, at: position, hasSubclusters: geometry.hasSubclusters)
                guard let next = try await reference(of: entry, l1Index: index, position) else { continue }
                if let present = run, present.first + present.count == next.first {
                    run = (present.first, present.count + next.count)
                } else {
                    if let run { try await body(run.first, run.count) }
                    run = next
                }
            }
            if let run { try await body(run.first, run.count) }
            try await body(geometry.cluster(of: l1Entry.table), ClusterCount(1))
        }
    }

    /// Reads a whole L2 table.
    func readTable(_ table: HostOffset, l1Index: Int, into buffer: IOBuffer) async throws(BlockError) {
        guard geometry.isAligned(table) else {
            throw await signalCorruption("L2 table offset \(hexadecimal(table.bytes)) unaligned (L1 index: \(hexadecimal(l1Index)))")
        }
        try await file.readPadded(at: table.bytes, into: buffer.bytes)
    }

    private func reference(
        of entry: L2Entry, l1Index: Int, _ position: Int
    ) async throws(BlockError) -> (first: HostCluster, count: ClusterCount)? {
        guard entry.word != 0 else { return nil }
        let guest = GuestOffset(Int64(l1Index) << Int64(geometry.l2CoverageBits) + Int64(position) << Int64(geometry.clusterBits))
        if let fault = reader.fault(entry, guest) { throw await reportFault(fault, at: guest) }
        return reader.references(entry)
    }

    private func clearFlags(of table: HostOffset, _ buffer: IOBuffer) async throws(BlockError) {
        var isChanged = false
        for position in 0..<geometry.l2Entries {
            let entry = L2Entry(buffer.contents, at: position, hasSubclusters: geometry.hasSubclusters)
            guard entry.isCopied, !entry.isCompressed else { continue }
            let cleared = L2Entry(word: entry.word & ~L2Entry.copiedBit, subclusters: entry.subclusters)
            cleared.store(buffer.bytes, at: position, hasSubclusters: geometry.hasSubclusters)
            isChanged = true
        }
        if isChanged { try await file.write(at: table.bytes, from: buffer.contents, flags: []) }
    }

    /// Counts every reference of a table once more: all of them, or none when it fails.
    func retainReferences(of entries: [L1Entry], clearsFlags: Bool, _ state: WriteState) async throws(BlockError) {
        var done = 0
        do throws(BlockError) {
            try await forEachReference(of: entries, clearsFlags: clearsFlags) { (first, count) async throws(BlockError) in
                try await state.refcounts.retain(first, count)
                done += 1
            }
        } catch {
            try await undo(done, of: entries, state)
            throw error
        }
    }

    /// Takes back the first `count` steps of `retainReferences`; what fails stays a leak.
    private func undo(_ count: Int, of entries: [L1Entry], _ state: WriteState) async throws(BlockError) {
        var left = count
        try await forEachReference(of: entries) { (first, clusters) async throws(BlockError) in
            guard left > 0 else { return }
            left -= 1
            try await state.refcounts.release(first, clusters)
        }
    }

    /// Counts every reference of a table once less; the table is gone from the disk already.
    func releaseReferences(of entries: [L1Entry], _ state: WriteState) async throws(BlockError) {
        try await forEachReference(of: entries) { (first, count) async throws(BlockError) in
            state.frees.add(first, count, .snapshot, self.accesses.current)
            if state.frees.isFull { try await self.writeBackMetadata(state) }
        }
    }
}
