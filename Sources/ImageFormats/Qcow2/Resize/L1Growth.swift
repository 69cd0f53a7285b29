internal import Glibc
internal import Storage
internal import Waiting

extension Qcow2Image {
    /// Gives the active L1 table at least so many entries.
    ///
    /// Crash safety: the longer copy and its refcounts are on disk before one write within the header's first sector names it. The old table is
    /// given back after that. No table is made meanwhile, so that both say the same.
    /// - Throws: EFBIG when there would be too many.
    func growL1(to count: Int64, _ state: WriteState) async throws(BlockError) {
        guard count > Int64(l1.count) else { return }
        guard count <= Qcow2Limits.maxL1TableSize / 8 else { throw .system(EFBIG) }
        await state.tables.lock()
        defer { state.tables.unlock() }
        guard count > Int64(l1.count) else { return }
        try await writeBackMetadata(state)
        let entries = l1.entries + [L1Entry](repeating: .none, count: Int(count) - l1.count)
        let old = (offset: l1.offset, bytes: Int64(l1.count) * 8)
        file.note(.l1GrowAllocTable)
        file.note(.l1GrowWriteTable)
        let place = try await writeClusters(entries.flatMap { BigEndian.bytes($0.word) }, state)
        try await writeRefcounts(state)
        file.note(.l1GrowActivateTable)
        do throws(BlockError) {
            try await updateHeader { header in
                header.l1Offset = UInt64(place.bytes)
                header.l1Entries = UInt32(entries.count)
            }
        } catch {
            // Perhaps it is on disk, perhaps not: neither table may change.
            state.refcounts.failure = error
            throw error
        }
        l1.replace(offset: place, entries: entries)
        state.places.remove(old.offset, bytes: old.bytes, .activeL1)
        state.places.place(place, bytes: Int64(entries.count) * 8, .activeL1)
        freeClusters(old.offset, bytes: old.bytes, .other, state)
    }

    /// Takes the mapping of a range away that begins and ends where clusters do; what it showed is gone.
    func unmap(_ range: Range<Int64>, reason: DiscardReason, _ state: WriteState) async throws(BlockError) {
        let end = min(range.upperBound, Int64(l1.count) << Int64(geometry.l2CoverageBits))
        guard range.lowerBound < end else { return }
        let rewriting = Rewriting(
            reader: reader, mayUnmap: true, keepsReferences: false, unallocates: true, skipsUnallocated: false)
        _ = try await rewrite(range.lowerBound..<end, rewriting, skipsEmptyTables: true, reason: reason, .leave, state)
    }
}
