import Glibc
import Storage

/// How a node's bytes were at a moment: what has been overwritten since is on a target, the rest still where it was.
///
/// Loop-bound. Invariant: a cluster that may be read and has not been saved still reads on the source as it did, since every write saves it
/// first, alone in its range. A failed saving leaves the cluster to be saved by the next writer.
final class PointInTime: BeforeWriteCopier {
    /// At most so many bytes are read and written at a time; a cluster may be larger.
    private static let longestCopy: Int64 = 1 << 20

    private let source: NodeEdge
    private let target: NodeEdge
    /// Clusters to be saved before they are overwritten.
    private let unsaved: DirtyBitmap
    /// Clusters that belong to the point in time.
    private let readable: DirtyBitmap
    /// Clusters that are on the target.
    private let saved: DirtyBitmap
    /// Readers of the source share it; who saves is alone.
    private let ranges = RangeLock()
    /// Readers of the target that are not ours.
    private let readers = OverlayReaders()

    /// Begins now.
    /// - Parameters:
    ///   - cluster: bytes saved at a time, a power of two.
    ///   - interest: the regions that are of interest; nil for all.
    init(source: NodeEdge, target: NodeEdge, cluster: Int64, interest: DirtyBitmap?) throws(BlockError) {
        self.source = source
        self.target = target
        let length = source.node.length
        unsaved = try DirtyBitmap(length: length, granularity: cluster)
        readable = try DirtyBitmap(length: length, granularity: cluster)
        saved = try DirtyBitmap(length: length, granularity: cluster)
        for map in [unsaved, readable] {
            if let interest { map.merge(interest) } else { map.setAll() }
        }
        readers.begin(target: target.node, source: source.node)
    }

    /// Nothing is saved any more.
    func close() { readers.end() }

    /// Its length in bytes.
    var length: Int64 { unsaved.length }
    /// Bytes saved at a time.
    var cluster: Int64 { unsaved.granularity }

    func copyBeforeWrite(at offset: Int64, count: Int64) async throws(BlockError) {
        guard let clusters = clusters(offset, count) else { return }
        let size = clusters.upperBound - clusters.lowerBound
        guard ranges.count > 0 || unsaved.nextDirty(from: clusters.lowerBound, to: clusters.upperBound) != nil else {
            return await readers.leave(offset, count)
        }
        let token = await ranges.acquire(at: clusters.lowerBound, count: size, mode: .exclusive)
        defer { ranges.release(token) }
        while let run = unsaved.nextDirty(
            from: clusters.lowerBound, to: clusters.upperBound, limit: max(PointInTime.longestCopy, cluster))
        {
            try await save(run)
        }
        await readers.leave(offset, count)
    }

    /// Saves whole clusters: the maps know nothing smaller, so they are saved when their last piece is.
    private func save(_ run: Range<Int64>) async throws(BlockError) {
        var offset = run.lowerBound
        while offset < run.upperBound {
            let count = min(run.upperBound - offset, PointInTime.longestCopy)
            try await savePiece(at: offset, count: count)
            offset += count
        }
        saved.set(run.lowerBound, count: run.upperBound - run.lowerBound)
        unsaved.clear(run.lowerBound, count: run.upperBound - run.lowerBound)
    }

    private func savePiece(at offset: Int64, count: Int64) async throws(BlockError) {
        let buffer = BufferPool.shared.buffer(Int(count))
        try await source.node.read(at: offset, into: buffer.bytes)
        if isAllZero(buffer.contents) {
            try await target.node.writeZeroes(at: offset, count: count, flags: .mayUnmap)
        } else {
            try await target.node.write(at: offset, from: buffer.contents, flags: [])
        }
    }

    /// Fills `buffer` with the bytes as they were.
    /// - Throws: EACCES where they are not of interest, or no longer.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        let end = offset + Int64(buffer.count)
        guard offset >= 0, end <= length, readable.nextClean(from: offset, to: end) == nil else { throw PointInTime.inaccessible }
        var position = offset
        while position < end {
            let run = await holdRun(at: position, to: end)
            defer { if let token = run.token { ranges.release(token) } }
            let part = UnsafeMutableRawBufferPointer(
                rebasing: buffer[Int(position - offset)..<Int(position - offset + run.length)])
            try await run.node.read(at: position, into: part)
            position += run.length
        }
    }

    /// What a reader finds at `offset`.
    func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        guard offset < length else { return StorageExtent(.hole, length: limit) }
        let end = min(length, offset + limit)
        guard readable.contains(offset) else { throw PointInTime.inaccessible }
        let stop = readable.nextClean(from: offset, to: end)?.lowerBound ?? end
        let run = await holdRun(at: offset, to: stop)
        defer { if let token = run.token { ranges.release(token) } }
        return try await run.node.extent(at: offset, limit: run.length)
    }

    /// Gives whole clusters up: nobody reads them any more, and nothing is saved there.
    func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        let start = (offset + cluster - 1) / cluster * cluster
        let end = offset + count == length ? length : (offset + count) / cluster * cluster
        guard start < end else { return }
        readable.clear(start, count: end - start)
        unsaved.clear(start, count: end - start)
        try await target.node.discard(at: start, count: end - start)
    }

    /// Where a run of bytes is; in the source it is held there, so that nothing overwrites it meanwhile.
    private func holdRun(at offset: Int64, to end: Int64) async -> (node: Node, length: Int64, token: RangeLock.Token?) {
        if !saved.contains(offset) {
            let token = await ranges.acquire(at: offset, count: end - offset, mode: .shared)
            // It may have been saved, and overwritten, while this waited.
            if !saved.contains(offset) {
                let stop = saved.nextDirty(from: offset, to: end)?.lowerBound ?? end
                return (source.node, stop - offset, token)
            }
            ranges.release(token)
        }
        let stop = saved.nextClean(from: offset, to: end)?.lowerBound ?? end
        return (target.node, stop - offset, nil)
    }

    private func clusters(_ offset: Int64, _ count: Int64) -> Range<Int64>? {
        let start = offset / cluster * cluster
        let end = min(length, (offset + count + cluster - 1) / cluster * cluster)
        return start < end ? start..<end : nil
    }

    static let inaccessible = BlockError.system(EACCES)
}
