internal import Glibc
internal import Storage

extension Qcow2Image {
    /// Bytes of clusters that are decompressed together.
    private static let batchBytes = 1 << 20
    /// How many threads share a batch.
    private static let width = 4

    /// A compressed cluster, and where its bytes go.
    private struct Piece {
        let place: CompressedCluster
        let output: UnsafeMutableRawBufferPointer
    }

    /// Reads compressed clusters from `offset`, which is in one, up to the first that is not, or to the end of a batch.
    /// - Returns: how many bytes of `buffer` were filled.
    func readCompressed(at offset: GuestOffset, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) -> Int {
        var pieces: [Piece] = []
        var done = 0
        while done < min(buffer.count, Self.batchBytes),
            let (mapping, count) = mapFast(at: offset + Int64(done), limit: buffer.count - done),
            case .compressed(let place) = mapping
        {
            guard count == geometry.clusterSize else {
                // A part of a cluster: the first or the last of the request.
                if !pieces.isEmpty { break }
                let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
                try await readPart(of: place, from: geometry.offsetInCluster(offset), into: part)
                return count
            }
            pieces.append(Piece(place: place, output: UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])))
            done += count
        }
        if pieces.isEmpty {
            // The slice has left the cache since the caller looked.
            let (mapping, count) = try await mapping(at: offset, limit: min(buffer.count, geometry.clusterSize))
            guard case .compressed(let place) = mapping else { return 0 }
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
            try await readPart(of: place, from: geometry.offsetInCluster(offset), into: part)
            return count
        }
        try await decompress(pieces)
        return done
    }

    /// Reads a part of one cluster, which is then kept for the next part.
    private func readPart(of place: CompressedCluster, from start: Int, into part: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        let whole: IOBuffer
        if let kept = await decompressed.contents(of: place) {
            whole = kept
        } else {
            whole = BufferPool.shared.buffer(geometry.clusterSize)
            let epoch = decompressed.begin(place)
            do throws(BlockError) {
                try await decompress([Piece(place: place, output: whole.bytes)])
            } catch {
                decompressed.end(epoch, nil)
                throw error
            }
            decompressed.end(epoch, whole)
        }
        part.copyMemory(from: UnsafeRawBufferPointer(rebasing: whole.contents[start..<start + part.count]))
    }

    /// Reads the compressed bytes, and decompresses them in parallel.
    private func decompress(_ pieces: [Piece]) async throws(BlockError) {
        var buffers: [IOBuffer] = []
        var work: [LentBytes] = []
        for group in neighbours(pieces) {
            let start = group[group.startIndex].place.offset.bytes
            let end = group.map { $0.place.offset.bytes + Int64($0.place.length) }.max() ?? start
            let buffer = BufferPool.shared.buffer(Int(end - start))
            file.note(.readCompressed)
            try await file.readPadded(at: start, into: buffer.bytes)
            buffers.append(buffer)
            for piece in group {
                let from = Int(piece.place.offset.bytes - start)
                let input = UnsafeRawBufferPointer(rebasing: buffer.contents[from..<from + piece.place.length])
                work.append(LentBytes(input: input, output: piece.output))
            }
        }
        let isSound = await decompress(work)
        withExtendedLifetime(buffers) {}
        guard isSound else { throw .system(EIO) }
    }

    private func decompress(_ work: [LentBytes]) async -> Bool {
        let type = header.compression
        let offload = offload
        let share = (work.count + Self.width - 1) / Self.width
        guard share < work.count else { return await offload.run { Decompression.run(type, work) } }
        return await withTaskGroup(of: Bool.self) { group in
            for start in stride(from: 0, to: work.count, by: share) {
                let part = Array(work[start..<min(start + share, work.count)])
                group.addTask { await offload.run { Decompression.run(type, part) } }
            }
            return await group.reduce(true) { $0 && $1 }
        }
    }

    /// Pieces whose data lies one behind the other, as it was written, are read at once.
    private func neighbours(_ pieces: [Piece]) -> [ArraySlice<Piece>] {
        var groups: [ArraySlice<Piece>] = []
        var start = 0
        for index in pieces.indices.dropFirst() {
            let before = pieces[index - 1].place
            let end = before.offset.bytes + Int64(before.length)
            let next = pieces[index].place.offset.bytes
            // The data of one may begin in the last sector of the other.
            if next < before.offset.bytes || next > end {
                groups.append(pieces[start..<index])
                start = index
            }
        }
        groups.append(pieces[start...])
        return groups
    }
}
