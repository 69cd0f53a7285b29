internal import Storage

extension Qcow2Image {
    /// Fills up to this size go into one buffer with the data, and are one write.
    private static let longestMerge = 256 << 10

    /// Writes `data` at `offset` to clusters that the caller has claimed, and links them.
    ///
    /// The crash argument: the clusters are counted in memory before anything else, and referred to only after their data was written. On disk the
    /// write-back keeps the same order (`runCycle`). What fails before the link leaves the old mapping; the new clusters are given back.
    func writeChanging(_ run: ClusterRun, at offset: GuestOffset, from data: UnsafeRawBufferPointer, _ state: WriteState)
        async throws(BlockError)
    {
        try await markDirtyIfLazy()
        let count = ClusterCount(Int64(run.count))
        let host: HostOffset
        if let kept = run.kept { host = kept } else { host = try await allocate(count, state) }
        do throws(BlockError) {
            if run.kept != nil { try await checkOverlap(host, bytes: geometry.bytes(of: count), inDataFile: true, state) }
            let area = CopyArea(run, offset, length: data.count, geometry)
            try await fill(area, run, host, at: offset, data)
            let slice = try await writableSlice(run.first, state)
            link(run, to: host, area, slice, state)
        } catch {
            if run.kept == nil { await abandon(host, count, state) }
            throw error
        }
    }

    /// Lets the entries refer to what was written. No suspension from the look-up of the slice to here.
    private func link(_ run: ClusterRun, to host: HostOffset, _ area: CopyArea, _ slice: MetadataEntry, _ state: WriteState) {
        let first = sliceIndex(run.first)
        for position in 0..<run.count {
            let distance = Int64(position) << Int64(geometry.clusterBits)
            let old = L2Entry(slice.contents, at: first + position, hasSubclusters: geometry.hasSubclusters)
            let new = area.entry(replacing: old, at: run.first + distance, host: host + distance, isKept: run.kept != nil, geometry)
            new.store(slice.bytes, at: first + position, hasSubclusters: geometry.hasSubclusters)
            if run.kept == nil { drop(old, .never, state) }
        }
        l2Cache.markDirty(slice)
        state.needsBarrier = true
    }

    /// Notes that an entry is gone from the table in memory.
    func drop(_ entry: L2Entry, _ reason: DiscardReason, _ state: WriteState) {
        guard let clusters = reader.references(entry) else { return }
        state.frees.add(clusters.first, clusters.count, reason, accesses.current)
    }

    /// Where data may be written: not over metadata, unless it goes to another file.
    @inline(__always)
    func checkOverlap(_ place: HostOffset, bytes: Int64, inDataFile: Bool, _ state: WriteState) async throws(BlockError) {
        if dataFile == nil { try await checkOverlap(place, bytes: bytes, state) }
    }

    // MARK: Bytes

    /// Writes the data, and around it what its subclusters showed before.
    private func fill(
        _ area: CopyArea, _ run: ClusterRun, _ host: HostOffset, at offset: GuestOffset, _ data: UnsafeRawBufferPointer
    ) async throws(BlockError) {
        let end = offset + Int64(data.count)
        var head = Margin(
            guest: area.start, count: Int(offset.bytes - area.start.bytes), host: host + (area.start.bytes - run.first.bytes))
        var tail = Margin(guest: end, count: Int(area.end.bytes - end.bytes), host: host + (end.bytes - run.first.bytes))
        head.isZero = readsAsZeroes(run.firstEntry, from: area.start)
        tail.isZero = readsAsZeroes(run.lastEntry, from: end)
        // Beyond the file's end zeroes are there already; this cluster is nobody else's, so they stay.
        if head.isZero && head.host.bytes >= dataStorage.length { head.count = 0 }
        if tail.isZero && tail.host.bytes >= dataStorage.length { tail.count = 0 }
        let dataHost = host + (offset.bytes - run.first.bytes)
        if head.count == 0 && tail.count == 0 {
            file.note(.writeAio)
            try await dataStorage.write(at: dataHost.bytes, from: data, flags: [])
        } else if head.count + tail.count <= Self.longestMerge {
            try await writeMerged(head, data, tail, at: dataHost)
        } else {
            try await write(head)
            file.note(.writeAio)
            try await dataStorage.write(at: dataHost.bytes, from: data, flags: [])
            try await write(tail)
        }
    }

    /// Bytes beside the data that have to be written.
    private struct Margin {
        let guest: GuestOffset
        var count: Int
        let host: HostOffset
        var isZero = false
    }

    /// Whether the cluster of `entry` shows zeroes from `offset` on, as far as that is known without reading.
    private func readsAsZeroes(_ entry: L2Entry, from offset: GuestOffset) -> Bool {
        guard !entry.isCompressed, entry.allocatedSubclusters == 0 else { return false }
        let hasNoBacking = backing.map { offset.bytes >= $0.length } ?? true
        if geometry.hasSubclusters { return hasNoBacking || entry.zeroSubclusters == UInt32.max }
        if entry.word & L2Entry.zeroBit != 0 { return true }
        return entry.host.bytes == 0 && !(reader.hasDataFile && entry.isCopied) && hasNoBacking
    }

    private func writeMerged(_ head: Margin, _ data: UnsafeRawBufferPointer, _ tail: Margin, at dataHost: HostOffset)
        async throws(BlockError)
    {
        let buffer = BufferPool.shared.buffer(head.count + data.count + tail.count)
        try await read(head, into: UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<head.count]))
        UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[head.count...]).copyMemory(from: data)
        try await read(tail, into: UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[(head.count + data.count)...]))
        file.note(.writeAio)
        try await dataStorage.write(at: dataHost.bytes - Int64(head.count), from: buffer.contents, flags: [])
    }

    private func write(_ margin: Margin) async throws(BlockError) {
        guard margin.count > 0 else { return }
        guard !margin.isZero else {
            file.note(.clusterAllocSpace)
            return try await dataStorage.writeZeroes(at: margin.host.bytes, count: Int64(margin.count), flags: [])
        }
        let buffer = BufferPool.shared.buffer(margin.count)
        try await read(margin, into: buffer.bytes)
        file.note(.cowWrite)
        try await dataStorage.write(at: margin.host.bytes, from: buffer.contents, flags: [])
    }

    /// What the virtual disk shows there; zeroes past its end. The claim keeps the mapping as it is meanwhile.
    private func read(_ margin: Margin, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        guard buffer.count > 0 else { return }
        guard !margin.isZero else {
            buffer.initializeMemory(as: UInt8.self, repeating: 0)
            return
        }
        file.note(.cowRead)
        try await readRuns(at: margin.guest, into: buffer)
    }
}
