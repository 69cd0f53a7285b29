internal import Storage
internal import Waiting

extension Qcow2Image {
    /// The slice that maps `offset`, of an L2 table that belongs to the active L1 table alone. It is valid until the caller suspends.
    ///
    /// A table that is missing, or shared with a snapshot, is made first.
    func writableSlice(_ offset: GuestOffset, _ state: WriteState) async throws(BlockError) -> MetadataEntry {
        let index = geometry.l1Index(offset)
        guard index < l1.count else { throw BlockError(.outOfBounds, "The range lies beyond the end of the image") }
        while true {
            let entry = l1[index]
            if entry.hasTable && entry.isCopied {
                if let slice = l2Cache.cached(sliceOffset(of: entry.table, offset)) { return slice }
                // The table may be another one when it has been read.
                _ = try await loadSlice(of: entry.table, l1Index: index, offset)
            } else {
                try await makeTable(index, for: offset, state)
            }
        }
    }

    /// Gives an L1 entry a table of its own: an empty one, whose slice for `offset` is then cached, or a copy of the one that it shares.
    ///
    /// The crash argument: the table's contents are written here, before L1 in memory refers to it; L1 reaches the disk in a write-back, after a
    /// flush that covers them and the table's refcount. Until then the old entry holds, whose table keeps its reference until L1 is on disk.
    private func makeTable(_ index: Int, for offset: GuestOffset, _ state: WriteState) async throws(BlockError) {
        await state.tables.lock()
        defer { state.tables.unlock() }
        let old = l1[index]
        guard !(old.hasTable && old.isCopied) else { return }
        guard geometry.isAligned(old.table) else {
            throw await signalCorruption(
                "L2 table offset \(hexadecimal(old.table.bytes)) unaligned (L1 index: \(hexadecimal(index)))")
        }
        try await markDirtyIfLazy()
        let place = try await allocate(ClusterCount(1), state, for: .l2Table)
        do throws(BlockError) {
            if old.hasTable {
                try await copyTable(old.table, to: place)
            } else {
                file.note(.l2AllocWrite)
                try await file.writeZeroes(at: place.bytes, count: Int64(geometry.clusterSize), flags: [])
            }
            l2Cache.forget(place.bytes, count: Int64(geometry.clusterSize))
            // Nobody knows of the table yet, so nobody reads it meanwhile.
            if !old.hasTable { _ = try await l2Cache.insertZeroed(sliceOffset(of: place, offset)) }
        } catch {
            await abandon(place, ClusterCount(1), state)
            throw error
        }
        state.needsBarrier = true
        l1.set(index, L1Entry(table: place, isCopied: true))
        state.places.place(place, bytes: Int64(geometry.clusterSize), .activeL2)
        guard old.hasTable else { return }
        state.places.remove(old.table, bytes: Int64(geometry.clusterSize), .activeL2)
        state.places.place(old.table, bytes: Int64(geometry.clusterSize), .inactiveL2)
        state.frees.add(geometry.cluster(of: old.table), ClusterCount(1), .other, accesses.current)
    }

    /// Copies a shared table. Nobody changes it meanwhile: every change waits for the table of its own.
    private func copyTable(_ source: HostOffset, to target: HostOffset) async throws(BlockError) {
        let buffer = BufferPool.shared.buffer(geometry.clusterSize)
        file.note(.l2AllocCowRead)
        try await file.readPadded(at: source.bytes, into: buffer.bytes)
        for position in stride(from: 0, to: geometry.clusterSize, by: l2Cache.entryBytes) {
            guard let slice = l2Cache.cached(source.bytes + Int64(position)) else { continue }
            UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[position...]).copyMemory(from: slice.contents)
        }
        file.note(.l2AllocWrite)
        try await file.write(at: target.bytes, from: buffer.contents, flags: [])
    }

    /// Allocates clusters in the image file that no metadata has, and never the header's, whichever overlap checks are on.
    func allocate(
        _ count: ClusterCount, _ state: WriteState, for use: ClusterUse = .data, below limit: Int64 = Qcow2Limits.maxHostOffset
    ) async throws(BlockError) -> HostOffset {
        let first = try await state.refcounts.allocate(count, below: limit)
        let place = geometry.offset(of: first)
        // The table of a deleted snapshot: nobody noted that it went.
        state.places.remove(place, bytes: geometry.bytes(of: count), .inactiveL2)
        do throws(BlockError) {
            if use == .l2Table { try await refuseHeader(place, use) }
            try await checkOverlap(place, bytes: geometry.bytes(of: count), state)
            try await refuseHeader(place, use)
        } catch {
            await abandon(place, count, state)
            throw error
        }
        return place
    }

    /// Refcounts that call the header's cluster free are wrong.
    func refuseHeader(_ place: HostOffset, _ use: ClusterUse) async throws(BlockError) {
        guard place.bytes == 0 else { return }
        throw await signalCorruption("Preventing invalid allocation of \(use.rawValue) at offset 0")
    }

    /// Gives back clusters that nothing came to refer to. A failure leaves a leak.
    func abandon(_ place: HostOffset, _ count: ClusterCount, _ state: WriteState) async {
        do throws(BlockError) {
            try await state.refcounts.release(geometry.cluster(of: place), count)
        } catch {
            _ = await signalCorruption(error.message)
        }
    }

    /// Refuses to write where metadata is, and marks the image as corrupt.
    @inline(__always)
    func checkOverlap(_ place: HostOffset, bytes: Int64, _ state: WriteState) async throws(BlockError) {
        guard let hit = state.places.overlap(place, bytes: bytes) else { return }
        throw await signalCorruption(
            "Preventing invalid write on metadata (overlaps with \(hit.title))", range: place.bytes..<place.bytes + bytes)
    }

    /// Sets the dirty bit before the first table that is written ahead of its refcounts.
    ///
    /// The crash argument of lazy refcounts: from this flush on until a clean close the image asks for a repair when it is opened, so refcounts on
    /// disk may be anything.
    func markDirtyIfLazy() async throws(BlockError) {
        guard hasLazyRefcounts, !header.incompatible.contains(.dirty) else { return }
        try await updateHeader { header in header.incompatible.insert(.dirty) }
    }

    /// Whether refcounts may be written late.
    var hasLazyRefcounts: Bool {
        header.version >= 3 && (options.lazyRefcounts ?? header.compatible.contains(.lazyRefcounts))
    }
}

/// What clusters are allocated for, in QEMU's words.
enum ClusterUse: String {
    /// An L2 table.
    case l2Table = "L2 table"
    /// Compressed data.
    case compressed = "compressed cluster"
    /// A guest's data, or a table of another kind.
    case data = "data cluster"
}
