public import Storage

extension Qcow2Image {
    /// What a reader finds at `offset`, through the backing file.
    /// - Parameter limit: bytes that are asked for, at least one; the answer is cut at the disk's end.
    /// - Throws: `.outOfBounds` past the end; EIO on a malformed table entry.
    public func extent(at offset: GuestOffset, limit: Int64) async throws(BlockError) -> StorageExtent {
        guard offset.bytes >= 0, offset.bytes < length, limit > 0 else {
            throw BlockError(.outOfBounds, "The range lies beyond the end of the image")
        }
        let limit = min(limit, length - offset.bytes)
        let (first, count) = try await mapping(at: offset, limit: Int(limit))
        let content = try await extent(of: first, at: offset, limit: Int64(count))
        guard content.length == count, !isBelow(first) else { return content }
        // Cached metadata costs nothing more to ask; what is not cached is left to the next call.
        var total = content.length
        while total < limit, let (next, count) = mapFast(at: offset + total, limit: Int(limit - total)), !isBelow(next) {
            let more = try await extent(of: next, at: offset + total, limit: Int64(count))
            guard more.content == content.content else { break }
            total += more.length
            guard more.length == count else { break }
        }
        return StorageExtent(content.content, length: total)
    }

    /// Whether the backing file tells.
    private func isBelow(_ mapping: Qcow2Mapping) -> Bool { mapping == .unallocated && backing != nil }

    /// What a run shows, or its beginning.
    private func extent(of mapping: Qcow2Mapping, at offset: GuestOffset, limit: Int64) async throws(BlockError) -> StorageExtent {
        switch mapping {
        case .compressed: return StorageExtent(.data, length: limit)
        case .zero(let allocated): return StorageExtent(allocated == nil ? .hole : .zero, length: limit)
        case .data(let host):
            // Clusters that were allocated in advance may never have been written to.
            let found = try await extent(of: dataStorage, at: host.bytes, limit: limit)
            return StorageExtent(found.content == .data ? .data : .zero, length: found.length)
        case .unallocated:
            guard let backing else { return StorageExtent(.hole, length: limit) }
            return try await extent(of: backing, at: offset.bytes, limit: limit)
        }
    }

    /// What a storage has there, of which what lies beyond its end is a hole.
    private func extent(of storage: BlockStorage, at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        guard offset < storage.length else { return StorageExtent(.hole, length: limit) }
        return try await storage.extent(at: offset, limit: min(limit, storage.length - offset))
    }
}
