public import Storage

extension Qcow2Image {
    /// Gives the space of whole clusters within `count` bytes at `offset` back. From version 3 on they read as zeroes then; in version 2 only where
    /// no backing file would show, and nothing happens elsewhere.
    /// - Throws: as `write`.
    public func discard(at offset: GuestOffset, count: Int64) async throws(BlockError) {
        try await discard(at: offset, count: count, reason: .request, revealsBacking: false)
    }

    /// Discards whole clusters.
    /// - Parameters:
    ///   - reason: why, which decides whether the host is told.
    ///   - revealsBacking: whether what is in the backing file may show instead, and a zero mark is taken away too.
    func discard(at offset: GuestOffset, count: Int64, reason: DiscardReason, revealsBacking: Bool) async throws(BlockError) {
        try checkWritable()
        if needsBitmapClaim { try await claimBitmaps() }
        try checkRange(offset, count)
        let size = Int64(geometry.clusterSize)
        let end = offset.bytes + count
        let first = (offset.bytes + size - 1) / size * size
        let last = end == length ? end : end / size * size
        guard first < last else { return }
        if !reader.hasZeroBit && backing != nil && !revealsBacking { return }
        let epoch = accesses.begin()
        defer { accesses.end(epoch) }
        let state = try await writing()
        let unallocates = revealsBacking || !reader.hasZeroBit
        let rewriting = Rewriting(
            reader: reader, mayUnmap: true, keepsReferences: options.discardNoUnref && !revealsBacking, unallocates: unallocates,
            skipsUnallocated: backing == nil && !unallocates)
        _ = try await rewrite(
            first..<last, rewriting, skipsEmptyTables: backing == nil || unallocates, reason: reason,
            spaceHandling(reason), state)
    }

    private func spaceHandling(_ reason: DiscardReason) -> SpaceHandling {
        if header.isDataFileRaw && reader.hasDataFile { return .zero }
        return passesDiscard(reason) && (reader.hasDataFile || options.discardNoUnref) ? .discard : .leave
    }
}
