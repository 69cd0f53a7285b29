internal import Storage
internal import Waiting

extension Refcounts {
    /// Writes what has changed: blocks, and, after a flush, the table's entries for new blocks. The caller flushes before he relies on it.
    ///
    /// What changes meanwhile may stay dirty; what had changed before the call is written.
    func writeBack() async throws(BlockError) {
        guard isDirty else { return }
        await turn.lock()
        defer { turn.unlock() }
        try await writeBackBlocks()
        guard table.isDirty else { return }
        // An entry must not be on disk before its block.
        try await file.flush()
        try await writeBackTable()
    }

    /// By who has the turn.
    func writeBackBlocks() async throws(BlockError) {
        try await cache.writeBack()
    }

    private func writeBackTable() async throws(BlockError) {
        let sectors = table.takeDirtySectors()
        var written = 0
        do throws(BlockError) {
            for sector in sectors {
                file.note(.refblockAllocHookup)
                try await writeBytes(table.bytes(ofSector: sector), at: HostOffset(table.place(ofSector: sector)))
                written += 1
            }
        } catch {
            table.restore(sectors[written...])
            throw error
        }
    }
}
