public import Storage

extension Qcow2Image {
    /// Ends the use of the image: everything is on disk, the image is marked as clean, and the memory of its tables is given back. Nothing may be
    /// in flight; the storages stay open.
    /// - Throws: what the storages throw; the image is closed all the same, and may then have leaks, or want the repair that its dirty bit asks for.
    public func close() async throws(BlockError) {
        let result: Result<Void, BlockError>
        do throws(BlockError) {
            if !isReadOnly && !isCorrupt { try await finishWriting() }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        forgetTables()
        isReadOnly = true
        try result.get()
    }

    /// Reads the header and the L1 table again and forgets all other metadata, since the file was changed behind the image's back: by a repair.
    /// Nothing may be in flight, nothing dirty.
    func reload() async throws(BlockError) {
        header = try await Self.readHeader(file)
        let table = try await L1Table.load(from: file, header: header)
        l1.replace(offset: table.offset, entries: table.entries)
        isCorrupt = header.incompatible.contains(.corrupt)
        snapshotTable = nil
        forgetTables()
    }

    private func forgetTables() {
        writeState = nil
        l2Cache.forgetAll()
        l2Cache.dropUnused()
        l2Cache.relief = nil
        l2Cache.verify = nil
        decompressed.forget()
    }
}
