internal import Glibc
public import Storage

extension Qcow2Image {
    /// Clusters that are compressed side by side.
    private static let width = 4

    /// Writes whole clusters of the virtual disk compressed; those that compression makes no smaller are written as they are.
    ///
    /// Compressed data is packed: several clusters share one of the file, which has as many users.
    /// - Throws: as `write`; EINVAL unless the range is made of whole clusters (at the disk's end a part of one); `.unsupported` with a data file.
    public func writeCompressed(
        at offset: GuestOffset, from buffer: UnsafeRawBufferPointer, flags: WriteFlags = []
    ) async throws(BlockError) {
        try checkWritable()
        if needsBitmapClaim { try await claimBitmaps() }
        try checkRange(offset, Int64(buffer.count))
        guard !reader.hasDataFile else {
            // Compressed clusters cannot be in a data file; the words are those of jobs in QEMU.
            throw BlockError(.unsupported, "Operation not supported")
        }
        let end = offset + Int64(buffer.count)
        guard geometry.isAligned(offset), geometry.isAligned(end) || end.bytes == length else { throw .system(EINVAL) }
        let epoch = accesses.begin()
        defer { accesses.end(epoch) }
        let state = try await writing()
        var done = 0
        do throws(BlockError) {
            while done < buffer.count {
                let batch = min(buffer.count - done, Self.width << geometry.clusterBits)
                let part = UnsafeRawBufferPointer(rebasing: buffer[done..<done + batch])
                done += try await writeBatch(at: offset + Int64(done), part, state)
            }
        } catch {
            throw await reported(error)
        }
        if flags.contains(.forceUnitAccess) { try await flush() }
    }

    /// Writes up to `width` clusters of one slice.
    /// - Returns: how many bytes that were; 0 when another write was in the way, which has ended now.
    private func writeBatch(at offset: GuestOffset, _ data: UnsafeRawBufferPointer, _ state: WriteState) async throws(BlockError) -> Int {
        let sliceEnd = (1 << sliceBits) - sliceIndex(offset)
        let bytes = min(data.count, sliceEnd << geometry.clusterBits)
        let first = offset.bytes >> Int64(geometry.clusterBits)
        let clusters = first..<first + geometry.clusters(for: Int64(bytes)).value
        if let held = state.claims.first(overlapping: clusters) {
            await state.claims.wait(for: held)
            return 0
        }
        var plain: [Int] = []
        do {
            let claim = state.claims.claim(clusters)
            defer { state.claims.release(claim) }
            plain = try await writeClaimed(at: offset, UnsafeRawBufferPointer(rebasing: data[..<bytes]), state)
        }
        for position in plain {
            let start = position << geometry.clusterBits
            let part = UnsafeRawBufferPointer(rebasing: data[start..<min(bytes, start + geometry.clusterSize)])
            try await writeRuns(at: offset + Int64(start), from: part, state)
        }
        return bytes
    }

    /// Compresses, allocates, writes and links clusters that the caller has claimed. The crash argument is that of `writeChanging`.
    /// - Returns: which clusters did not become smaller.
    private func writeClaimed(at offset: GuestOffset, _ data: UnsafeRawBufferPointer, _ state: WriteState) async throws(BlockError) -> [Int]
    {
        let pieces = await compress(data)
        try await markDirtyIfLazy()
        var places: [(position: Int, place: CompressedCluster)] = []
        do throws(BlockError) {
            for (position, piece) in pieces.enumerated() {
                guard let piece else { continue }
                let limit = Int64(1) << Int64(geometry.compressedOffsetBits)
                let start = try await state.refcounts.allocatePacked(piece.count, below: limit)
                let place = CompressedCluster(offset: start, length: piece.count)
                places.append((position, place))
                try await checkOverlap(start, bytes: Int64(piece.count), state)
                try await refuseHeader(geometry.offset(of: geometry.cluster(of: start)), .compressed)
                file.note(.writeCompressed)
                try await file.write(
                    at: start.bytes, from: UnsafeRawBufferPointer(rebasing: piece.buffer.contents[..<piece.count]), flags: [])
            }
            let slice = try await writableSlice(offset, state)
            for (position, place) in places { link(place, in: slice, at: sliceIndex(offset) + position, state) }
        } catch {
            for (_, place) in places {
                let first = geometry.cluster(of: place.offset)
                let last = geometry.cluster(of: place.offset + Int64(place.length - 1))
                await abandon(geometry.offset(of: first), ClusterCount(last.index - first.index + 1), state)
            }
            throw error
        }
        return pieces.indices.filter { pieces[$0] == nil }
    }

    private func link(_ place: CompressedCluster, in slice: MetadataEntry, at index: Int, _ state: WriteState) {
        let old = L2Entry(slice.contents, at: index, hasSubclusters: geometry.hasSubclusters)
        drop(old, .never, state)
        L2Entry.compressed(place, geometry: geometry).store(slice.bytes, at: index, hasSubclusters: geometry.hasSubclusters)
        l2Cache.markDirty(slice)
        state.needsBarrier = true
        // Another cluster's data may have been there.
        decompressed.forget()
    }

    /// Compresses each cluster beside the loop; nil for those that did not become smaller.
    private func compress(_ data: UnsafeRawBufferPointer) async -> [(buffer: IOBuffer, count: Int)?] {
        let size = geometry.clusterSize
        let count = (data.count + size - 1) / size
        let outputs = (0..<count).map { _ in BufferPool.shared.buffer(size - 1) }
        let padded = paddedEnd(of: data)
        let work = (0..<count).map { position in
            let start = position * size
            let input = start + size <= data.count ? UnsafeRawBufferPointer(rebasing: data[start..<start + size]) : padded.contents
            return LentBytes(input: input, output: outputs[position].bytes)
        }
        let sizes = await compress(work)
        withExtendedLifetime(padded) {}
        return (0..<count).map { position in sizes[position].map { (outputs[position], $0) } }
    }

    private func compress(_ work: [LentBytes]) async -> [Int?] {
        let type = header.compression
        let offload = offload
        if work.count == 1 { return [await offload.run { Compression.run(type, work[0]) }] }
        return await withTaskGroup(of: (Int, Int?).self) { group in
            for (position, piece) in work.enumerated() {
                group.addTask { (position, await offload.run { Compression.run(type, piece) }) }
            }
            return await group.reduce(into: [Int?](repeating: nil, count: work.count)) { $0[$1.0] = $1.1 }
        }
    }

    /// The part of a cluster that a disk may end with, and zeroes behind it.
    private func paddedEnd(of data: UnsafeRawBufferPointer) -> IOBuffer {
        let buffer = BufferPool.shared.buffer(geometry.clusterSize)
        let rest = data.count & (geometry.clusterSize - 1)
        buffer.bytes.initializeMemory(as: UInt8.self, repeating: 0)
        buffer.bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: data[(data.count - rest)...]))
        return buffer
    }
}
