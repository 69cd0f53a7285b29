internal import Glibc
public import Storage

/// Changing the virtual disk's length. Nothing may be in flight.
extension Qcow2Image {
    /// Makes the virtual disk `newLength` bytes long; new bytes read as zeroes.
    ///
    /// Crash safety: the length changes by one write to the header. Before it a growing disk has its longer L1 table, and no mapping of old
    /// times in the new range; after it a shrinking one gives back what it no longer shows. What lies between is mapped beyond the disk's end,
    /// where nobody looks.
    /// - Parameters:
    ///   - newLength: a multiple of 512.
    ///   - preallocation: what is provided of the new range's tables and space.
    /// - Throws: in QEMU's words: `.invalidOption`; `.unsupported` for version 2 with snapshots; `.inUse` for bitmaps that are not in
    ///   memory or not consistent; EFBIG for a disk that is too long.
    public func truncate(to newLength: Int64, preallocation: Preallocation = .off) async throws(BlockError) {
        try checkWritable()
        guard newLength >= 0 else { throw BlockError(.invalidOption, "Image size cannot be negative") }
        guard newLength & 511 == 0 else { throw BlockError(.invalidOption, "The new size must be a multiple of 512") }
        guard header.snapshotCount == 0 || header.version >= 3 else {
            throw BlockError(.unsupported, "Can't resize a v2 image which has snapshots")
        }
        try await checkBitmapsResizable()
        let state = try await writing()
        if newLength < length {
            guard preallocation == .off else {
                throw BlockError(.invalidOption, "Preallocation can't be used for shrinking an image")
            }
            try await shrink(to: newLength, state)
        } else {
            try await grow(to: newLength, preallocation, state)
        }
    }

    private func setLength(_ newLength: Int64) async throws(BlockError) {
        do throws(BlockError) {
            try await updateHeader { header in header.virtualSize = UInt64(newLength) }
        } catch {
            throw error.within("Failed to update the image size")
        }
    }

    // MARK: Shrinking

    private func shrink(to newLength: Int64, _ state: WriteState) async throws(BlockError) {
        try await flush()
        let oldEnd = geometry.bytes(of: geometry.clusters(for: length))
        try await setLength(newLength)
        do throws(BlockError) {
            let firstTable = Int(geometry.l1Entries(forLength: newLength))
            try await dropTables(from: firstTable, state)
            let start = geometry.bytes(of: geometry.clusters(for: newLength))
            let end = min(oldEnd, Int64(firstTable) << Int64(geometry.l2CoverageBits))
            if start < end { try await unmap(start..<end, reason: .other, state) }
            try await flush()
        } catch {
            throw error.within("Failed to discard cropped clusters")
        }
        if let dataFile { try await dataFile.truncate(to: newLength, preallocation: .off) }
        try await cutFile(state)
    }

    /// Takes L2 tables away, with all that they refer to. A table that a snapshot shares loses a reference like everything in it.
    private func dropTables(from first: Int, _ state: WriteState) async throws(BlockError) {
        guard first < l1.count else { return }
        for index in first..<l1.count where l1[index].hasTable {
            let entry = l1[index]
            try await forEachReference(of: [entry], from: index) { (first, count) async throws(BlockError) in
                state.frees.add(first, count, .other, self.accesses.current)
            }
            l1.set(index, .none)
            state.places.remove(entry.table, bytes: Int64(geometry.clusterSize), .activeL2)
            if state.frees.isFull { try await writeBackMetadata(state) }
        }
        l2Cache.forgetAll()
    }

    /// Cuts what nobody uses off the end of the file. A refusal leaves the file longer than it need be.
    private func cutFile(_ state: WriteState) async throws(BlockError) {
        try await writeRefcounts(state)
        let clusters = max(1, try await state.refcounts.usedEnd(below: geometry.clusters(for: file.length).value))
        let end = geometry.bytes(of: ClusterCount(clusters))
        guard end < file.length else { return }
        do throws(BlockError) {
            try await file.truncate(to: end, preallocation: .off)
        } catch {
            return
        }
    }

    // MARK: Growing

    private func grow(to newLength: Int64, _ preallocation: Preallocation, _ state: WriteState) async throws(BlockError) {
        guard newLength > length else { return }
        let oldLength = length
        let mode: Preallocation = header.isDataFileRaw && preallocation == .off ? .metadata : preallocation
        do throws(BlockError) {
            try await growL1(to: geometry.l1Entries(forLength: newLength), state)
        } catch {
            throw error.within("Failed to grow the L1 table")
        }
        let oldEnd = geometry.bytes(of: geometry.clusters(for: oldLength))
        let newEnd = geometry.bytes(of: geometry.clusters(for: newLength))
        // A shrinking that did not come to its end, or a VM's state, may have left something there.
        if oldEnd < newEnd { try await unmap(oldEnd..<newEnd, reason: .other, state) }
        do throws(BlockError) {
            try await clearTail(from: oldLength, to: min(oldEnd, newLength), state)
            if mode == .off { try await hideBacking(oldEnd, newEnd, state) }
        } catch {
            throw error.within("Failed to zero out new clusters")
        }
        if let dataFile { try await growDataFile(dataFile, from: oldLength, to: newLength, mode) }
        if mode != .off && oldEnd < newEnd { try await preallocate(oldEnd..<newEnd, mode, state) }
        try await flush()
        try await setLength(newLength)
    }

    /// Zeroes the rest of the cluster that the disk ended in: what was cut off there may still be in it, or in the backing file.
    private func clearTail(from start: Int64, to end: Int64, _ state: WriteState) async throws(BlockError) {
        var position = start
        while position < end {
            let (mapping, count) = try await mapping(at: GuestOffset(position), limit: Int(end - position))
            let showsZeroes =
                switch mapping {
                case .zero: true
                case .unallocated: (backing?.length ?? 0) <= position
                case .data, .compressed: false
                }
            if !showsZeroes {
                let zeroes = BufferPool.shared.buffer(count)
                zeroes.bytes.initializeMemory(as: UInt8.self, repeating: 0)
                try await writeRuns(at: GuestOffset(position), from: zeroes.contents, state)
            }
            position += Int64(count)
        }
    }

    /// Lets new clusters read as zeroes where a longer backing file would show.
    private func hideBacking(_ start: Int64, _ end: Int64, _ state: WriteState) async throws(BlockError) {
        guard let backing, backing.length > start else { return }
        guard reader.hasZeroBit else { throw .system(EOPNOTSUPP) }
        let shown = min(end, geometry.bytes(of: geometry.clusters(for: backing.length)))
        let rewriting = Rewriting(
            reader: reader, mayUnmap: true, keepsReferences: false, unallocates: false, skipsUnallocated: false)
        _ = try await rewrite(start..<shown, rewriting, skipsEmptyTables: false, reason: .other, .leave, state)
    }

    private func growDataFile(
        _ dataFile: BlockStorage, from oldLength: Int64, to newLength: Int64, _ mode: Preallocation
    ) async throws(BlockError) {
        let present = min(dataFile.length, newLength)
        if oldLength < present { try await dataFile.writeZeroes(at: oldLength, count: present - oldLength, flags: .mayUnmap) }
        if dataFile.length < newLength {
            try await dataFile.truncate(to: newLength, preallocation: mode == .metadata ? .off : mode)
        }
    }
}
