internal import Storage

/// Tables of their own clusters: written before anything refers to them, given back after nothing does.
extension Qcow2Image {
    /// Allocates clusters for a table and writes it. It is on disk with the next flush, its refcounts with `writeRefcounts`.
    /// - Returns: where it is; zero for an empty one.
    func writeClusters(_ bytes: [UInt8], _ state: WriteState) async throws(BlockError) -> HostOffset {
        guard !bytes.isEmpty else { return .zero }
        let count = geometry.clusters(for: Int64(bytes.count))
        let place = try await allocate(count, state)
        do throws(BlockError) {
            try await RawTables(file: file).write(bytes, at: place.bytes)
        } catch {
            await abandon(place, count, state)
            throw error
        }
        return place
    }

    /// Gives back clusters that nothing has come to refer to.
    func abandonClusters(_ place: HostOffset, bytes: Int64, _ state: WriteState) async {
        if bytes > 0 { await abandon(place, geometry.clusters(for: bytes), state) }
    }

    /// Sets clusters free that nothing on disk refers to any more, with the next write-back.
    func freeClusters(_ place: HostOffset, bytes: Int64, _ reason: DiscardReason, _ state: WriteState) {
        guard bytes > 0 else { return }
        state.frees.add(geometry.cluster(of: place), geometry.clusters(for: bytes), reason, accesses.current)
    }

    /// Reads an L1 table.
    func readL1(_ table: (offset: HostOffset, bytes: Int64)) async throws(BlockError) -> [L1Entry] {
        guard table.bytes > 0 else { return [] }
        let buffer = BufferPool.shared.buffer(Int(table.bytes))
        try await file.readPadded(at: table.offset.bytes, into: buffer.bytes)
        return (0..<Int(table.bytes / 8)).map { L1Entry(word: BigEndian.load(buffer.contents, $0 * 8, as: UInt64.self)) }
    }

    /// Writes another snapshot table and lets the header name it. All refcounts that were changed before are on disk then.
    func replaceSnapshotTable(with entries: [Qcow2Snapshot], _ state: WriteState) async throws(BlockError) {
        let old = try await loadedSnapshots()
        let bytes = try SnapshotTable.encode(entries)
        let place = try await writeClusters(bytes, state)
        do throws(BlockError) {
            try await writeRefcounts(state)
        } catch {
            await abandonClusters(place, bytes: Int64(bytes.count), state)
            throw error
        }
        do throws(BlockError) {
            try await updateHeader { header in
                header.snapshotCount = UInt32(entries.count)
                header.snapshotsOffset = UInt64(place.bytes)
            }
        } catch {
            // Perhaps it is on disk, perhaps not: nothing that either table refers to may be used again.
            state.refcounts.failure = error
            throw error
        }
        snapshotTable = SnapshotTable(entries: entries, offset: place, bytes: Int64(bytes.count))
        state.places.remove(old.offset, bytes: old.bytes, .snapshotTable)
        state.places.place(place, bytes: Int64(bytes.count), .snapshotTable)
        freeClusters(old.offset, bytes: old.bytes, .snapshot, state)
    }
}
