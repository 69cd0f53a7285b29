internal import Glibc
public import Storage

/// Taking, going back to and deleting internal snapshots. Nothing may be in flight while these run.
extension Qcow2Image {
    /// Takes a snapshot of the disk as it is now, under an id that is not used yet.
    ///
    /// Crash safety, each step on disk before the next: the copied flags of the active layer are cleared; everything that the layer refers to is
    /// counted once more, and a copy of its L1 table and the new snapshot table are written to new clusters; one write within the header's first
    /// sector lets the snapshot be there. Up to that write all this is leaked at most.
    /// - Returns: the snapshot with its id.
    /// - Throws: ENOTSUP with an external data file; EFBIG for too many snapshots; EINVAL when a refcount would not fit.
    @discardableResult
    public func createSnapshot(_ request: Qcow2SnapshotRequest) async throws(BlockError) -> Qcow2Snapshot {
        try checkWritable()
        guard !reader.hasDataFile else { throw .system(EOPNOTSUPP) }
        let table = try await loadedSnapshots()
        guard table.entries.count < Qcow2Limits.maxSnapshots else { throw .system(EFBIG) }
        guard request.name.utf8.count <= Int(UInt16.max), !request.name.utf8.contains(0) else { throw .system(EINVAL) }
        let state = try await writing()
        try await flush()
        let snapshot = try await underDirtyBit(state) { () async throws(BlockError) in
            try await self.takeSnapshot(request, table, state)
        }
        try await discardVMState(snapshot.vmStateSize, state)
        return snapshot
    }

    private func takeSnapshot(
        _ request: Qcow2SnapshotRequest, _ table: SnapshotTable, _ state: WriteState
    ) async throws(BlockError) -> Qcow2Snapshot {
        try await rewriteCopiedFlags(.cleared, state)
        let l1Place = try await writeClusters(l1.encoded, state)
        let snapshot = Qcow2Snapshot(
            l1Offset: UInt64(l1Place.bytes), l1Entries: UInt32(l1.count), idBytes: Array(table.nextID.utf8),
            nameBytes: Array(request.name.utf8), dateSeconds: request.dateSeconds, dateNanoseconds: request.dateNanoseconds,
            vmClock: request.vmClock, vmStateSize: request.vmStateSize, diskSize: UInt64(length),
            instructionCount: request.instructionCount)
        do throws(BlockError) {
            try await retainReferences(of: l1.entries, clearsFlags: false, state)
        } catch {
            await abandonClusters(l1Place, bytes: Int64(l1.count) * 8, state)
            throw error
        }
        do throws(BlockError) {
            try await replaceSnapshotTable(with: table.entries + [snapshot], state)
        } catch {
            // Unless nobody knows what the header says now, nothing refers to these.
            if state.refcounts.failure == nil {
                try await forEachReference(of: l1.entries) { (first, count) async throws(BlockError) in
                    try await state.refcounts.release(first, count)
                }
                await abandonClusters(l1Place, bytes: Int64(l1.count) * 8, state)
            }
            throw error
        }
        state.places.place(l1Place, bytes: Int64(l1.count) * 8, .inactiveL1)
        return snapshot
    }

    /// Deletes the snapshot with this id and this name, as far as they are given.
    ///
    /// Crash safety: the snapshot table without it is on disk before the header names that one; only then what it referred to is counted once
    /// less, and flags are set last.
    /// - Returns: what was deleted.
    /// - Throws: ENOENT when there is none; `.invalidImage` when its tables make no sense.
    @discardableResult
    public func deleteSnapshot(id: String?, name: String?) async throws(BlockError) -> Qcow2Snapshot {
        try checkWritable()
        guard !reader.hasDataFile else { throw .system(EOPNOTSUPP) }
        let table = try await loadedSnapshots()
        guard let index = table.index(id: id, name: name) else { throw BlockError(.system(errno: ENOENT), "Can't find the snapshot") }
        let snapshot = table.entries[index]
        let l1Table = try snapshot.validL1Table(geometry)
        let state = try await writing()
        try await flush()
        let entries = try await readL1(l1Table)
        try await underDirtyBit(state) { () async throws(BlockError) in
            var remaining = table.entries
            remaining.remove(at: index)
            do throws(BlockError) {
                try await self.replaceSnapshotTable(with: remaining, state)
            } catch {
                throw error.within("Failed to remove snapshot from snapshot list")
            }
            try await self.releaseSnapshot(entries, l1Table, state)
            try await self.rewriteCopiedFlags(.byRefcount, state)
        }
        return snapshot
    }

    private func releaseSnapshot(
        _ entries: [L1Entry], _ l1Table: (offset: HostOffset, bytes: Int64), _ state: WriteState
    ) async throws(BlockError) {
        state.places.remove(l1Table.offset, bytes: l1Table.bytes, .inactiveL1)
        do throws(BlockError) {
            try await releaseReferences(of: entries, state)
            freeClusters(l1Table.offset, bytes: l1Table.bytes, .snapshot, state)
            try await writeBackMetadata(state)
            try await writeRefcounts(state)
        } catch {
            throw error.within("Failed to free the cluster and L1 table")
        }
    }

    /// Makes the disk what it was when a snapshot was taken, its length too. The snapshot stays.
    ///
    /// Crash safety: what the snapshot refers to is counted once more, and a copy of its L1 table is on disk, before one write within the
    /// header's first sector makes that copy the active table, with the snapshot's disk size. Then what the old one referred to is counted
    /// once less.
    /// - Parameter text: its id, or else its name.
    /// - Throws: ENOENT when there is none; `.inUse` with persistent bitmaps, which would not know what has changed.
    public func applySnapshot(_ text: String) async throws(BlockError) {
        try checkWritable()
        guard !reader.hasDataFile else { throw .system(EOPNOTSUPP) }
        guard header.bitmaps == nil else { throw BlockError(.inUse, "Device has active dirty bitmaps") }
        let table = try await loadedSnapshots()
        guard let index = table.index(idOrName: text) else { throw .system(ENOENT) }
        let snapshot = table.entries[index]
        let source = try snapshot.validL1Table(geometry)
        let size = try applicableSize(of: snapshot)
        let state = try await writing()
        try await flush()

        var entries = try await readL1(source).map { L1Entry(table: $0.table, isCopied: false) }
        let missing = Int(geometry.l1Entries(forLength: size)) - entries.count
        if missing > 0 { entries += [L1Entry](repeating: .none, count: missing) }
        try await retainReferences(of: entries, clearsFlags: true, state)
        try await makeActive(entries, virtualSize: size, state)
    }

    /// The length that the disk gets.
    private func applicableSize(of snapshot: Qcow2Snapshot) throws(BlockError) -> Int64 {
        guard let stored = snapshot.diskSize else { return length }
        guard let size = Int64(exactly: stored), geometry.l1Entries(forLength: size) <= Qcow2Limits.maxL1TableSize / 8 else {
            throw BlockError(.invalidImage, "The snapshot's disk size is too large")
        }
        guard size & ~511 == length || header.version >= 3 else {
            throw BlockError(.unsupported, "Can't resize a v2 image which has snapshots")
        }
        return size & ~511
    }

    /// Lets another L1 table, whose entries are counted already, take the place of the active one.
    private func makeActive(_ entries: [L1Entry], virtualSize: Int64, _ state: WriteState) async throws(BlockError) {
        let old = (offset: l1.offset, bytes: Int64(l1.count) * 8, entries: l1.entries)
        let place = try await writeClusters(entries.flatMap { BigEndian.bytes($0.word) }, state)
        try await writeRefcounts(state)
        do throws(BlockError) {
            try await updateHeader { header in
                header.l1Offset = UInt64(place.bytes)
                header.l1Entries = UInt32(entries.count)
                header.virtualSize = UInt64(virtualSize)
            }
        } catch {
            // Perhaps it is on disk, perhaps not.
            state.refcounts.failure = error
            throw error
        }
        state.places.replaceActive(old.entries, at: old.offset, by: entries, at: place, geometry)
        l1.replace(offset: place, entries: entries)
        l2Cache.forgetAll()
        decompressed.forget()
        try await releaseReferences(of: old.entries, state)
        freeClusters(old.offset, bytes: old.bytes, .snapshot, state)
        try await writeBackMetadata(state)
    }
}

extension MetadataPlaces {
    /// Notes that other tables are the active ones.
    mutating func replaceActive(
        _ old: [L1Entry], at oldPlace: HostOffset, by new: [L1Entry], at newPlace: HostOffset, _ geometry: Qcow2Geometry
    ) {
        let cluster = Int64(geometry.clusterSize)
        remove(oldPlace, bytes: Int64(old.count) * 8, .activeL1)
        for entry in old where entry.hasTable { remove(entry.table, bytes: cluster, .activeL2) }
        place(newPlace, bytes: Int64(new.count) * 8, .activeL1)
        for entry in new where entry.hasTable { place(entry.table, bytes: cluster, .activeL2) }
    }
}
