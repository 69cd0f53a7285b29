public import Storage

extension Qcow2Image {
    private static let zeroBlock = 256 << 10

    /// Makes `count` bytes of the virtual disk at `offset` read as zeroes.
    ///
    /// Whole subclusters (clusters, in an image without them) only change their entries; zeroes are written for what is left, unless
    /// the rest of its subcluster reads as zeroes too.
    /// - Throws: as `write`; `.unsupported` with `.noFallback` when zeroes would have to be written.
    public func writeZeroes(at offset: GuestOffset, count: Int64, flags: ZeroFlags = []) async throws(BlockError) {
        try checkWritable()
        if needsBitmapClaim { try await claimBitmaps() }
        try checkRange(offset, count)
        guard count > 0 else { return }
        let epoch = accesses.begin()
        defer { accesses.end(epoch) }
        let state = try await writing()
        let unit = Int64(geometry.subclusterSize)
        let start = offset.bytes
        let end = start + count
        let firstWhole = (start + unit - 1) / unit * unit
        // The last subcluster of a disk whose length is no multiple is whole at the disk's end.
        let lastWhole = end == length ? end : end / unit * unit
        if firstWhole >= lastWhole {
            try await zeroWithinUnits(start..<end, flags, state)
        } else {
            try await zeroWithinUnits(start..<firstWhole, flags, state)
            try await zeroWhole(firstWhole..<lastWhole, flags, state)
            try await zeroWithinUnits(lastWhole..<end, flags, state)
        }
        if flags.contains(.forceUnitAccess) { try await flush() }
    }

    /// Zeroes parts of one or two subclusters.
    private func zeroWithinUnits(_ range: Range<Int64>, _ flags: ZeroFlags, _ state: WriteState) async throws(BlockError) {
        guard !range.isEmpty else { return }
        let unit = Int64(geometry.subclusterSize)
        let split = min(range.upperBound, (range.lowerBound / unit + 1) * unit)
        for part in [range.lowerBound..<split, split..<range.upperBound] where !part.isEmpty {
            if try await zeroUnit(around: part, flags, state) { continue }
            if try await !readsAsZeroes(part) { try await writeZeroBytes(part, flags, state) }
        }
    }

    /// Zeroes the whole subcluster that a part is in, if the rest of it reads as zeroes.
    ///
    /// The claim keeps others from writing to the rest in between: what reads as zeroes is not written in place.
    /// - Returns: whether the rest does.
    private func zeroUnit(around part: Range<Int64>, _ flags: ZeroFlags, _ state: WriteState) async throws(BlockError) -> Bool {
        guard reader.hasZeroBit else { return false }
        let unit = Int64(geometry.subclusterSize)
        let start = part.lowerBound / unit * unit
        let whole = start..<min(length, start + unit)
        let cluster = start >> Int64(geometry.clusterBits)
        while let held = state.claims.first(overlapping: cluster..<cluster + 1) { await state.claims.wait(for: held) }
        let claim = state.claims.claim(cluster..<cluster + 1)
        defer { state.claims.release(claim) }
        guard try await readsAsZeroes(whole.lowerBound..<part.lowerBound), try await readsAsZeroes(part.upperBound..<whole.upperBound)
        else { return false }
        let reached = try await rewrite(
            whole, rewriting(flags), skipsEmptyTables: false, reason: .request, zeroSpace(flags), within: claim, state)
        return reached == whole.upperBound
    }

    private func rewriting(_ flags: ZeroFlags) -> Rewriting {
        Rewriting(
            reader: reader, mayUnmap: flags.contains(.mayUnmap), keepsReferences: options.discardNoUnref, unallocates: false)
    }

    /// Whether the virtual disk shows zeroes there as far as the tables tell.
    private func readsAsZeroes(_ range: Range<Int64>) async throws(BlockError) -> Bool {
        var position = range.lowerBound
        while position < range.upperBound {
            let (mapping, count) = try await mapping(at: GuestOffset(position), limit: Int(range.upperBound - position))
            switch mapping {
            case .zero: break
            case .unallocated where backing.map({ position >= $0.length }) ?? true: break
            default: return false
            }
            position += Int64(count)
        }
        return true
    }

    /// Zeroes whole subclusters.
    private func zeroWhole(_ range: Range<Int64>, _ flags: ZeroFlags, _ state: WriteState) async throws(BlockError) {
        guard reader.hasZeroBit else { return try await zeroWithoutBit(range, flags, state) }
        var position = range.lowerBound
        while true {
            position = try await rewrite(
                position..<range.upperBound, rewriting(flags), skipsEmptyTables: false, reason: .request, zeroSpace(flags), state)
            guard position < range.upperBound else { return }
            // A compressed cluster has no subclusters: what is zeroed of it is written.
            let cluster = geometry.clusterStart(GuestOffset(position)).bytes
            let stop = min(range.upperBound, cluster + Int64(geometry.clusterSize))
            try await writeZeroBytes(position..<stop, flags, state)
            position = stop
        }
    }

    private func zeroSpace(_ flags: ZeroFlags) -> SpaceHandling {
        if header.isDataFileRaw && reader.hasDataFile { return .zero }
        let discards = flags.contains(.mayUnmap) && passesDiscard(.request)
        return discards && (reader.hasDataFile || options.discardNoUnref) ? .discard : .leave
    }

    /// Version 2 knows no zero clusters. Where no backing file shows, what is not allocated reads as zeroes.
    private func zeroWithoutBit(_ range: Range<Int64>, _ flags: ZeroFlags, _ state: WriteState) async throws(BlockError) {
        let shown = backing.map { min(max($0.length, range.lowerBound), range.upperBound) } ?? range.lowerBound
        let size = Int64(geometry.clusterSize)
        let bare = min((shown + size - 1) / size * size, range.upperBound)
        if range.lowerBound < bare { try await writeZeroBytes(range.lowerBound..<bare, flags, state) }
        guard bare < range.upperBound else { return }
        let rewriting = Rewriting(reader: reader, mayUnmap: true, keepsReferences: false, unallocates: true)
        _ = try await rewrite(bare..<range.upperBound, rewriting, skipsEmptyTables: true, reason: .request, .leave, state)
    }

    private func writeZeroBytes(_ range: Range<Int64>, _ flags: ZeroFlags, _ state: WriteState) async throws(BlockError) {
        guard !flags.contains(.noFallback) else { throw BlockError(.unsupported, "Zeroes would have to be written") }
        let buffer = BufferPool.shared.buffer(Int(min(Int64(Self.zeroBlock), range.upperBound - range.lowerBound)))
        buffer.bytes.initializeMemory(as: UInt8.self, repeating: 0)
        var position = range.lowerBound
        while position < range.upperBound {
            let count = Int(min(Int64(buffer.bytes.count), range.upperBound - position))
            try await writeRuns(at: GuestOffset(position), from: UnsafeRawBufferPointer(buffer.prefix(count)), state)
            position += Int64(count)
        }
    }
}
