internal import Glibc
internal import IOLoop

extension HostFileStorage {
    // Not imported from fcntl.h.
    static let seekData: Int32 = 3
    static let seekHole: Int32 = 4

    /// SEEK_DATA and SEEK_HOLE, on the pool: on tmpfs they walk the page cache, elsewhere they may read metadata.
    func findExtent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        let file = try file()
        guard offset >= 0, limit > 0 else { throw BlockError(.outOfBounds, "The range lies beyond the end of '\(path)'") }
        // Devices know no holes; what lies beyond the end reads as zeroes.
        if isDevice { return StorageExtent(.data, length: limit) }
        if offset >= knownLength { return StorageExtent(.hole, length: limit) }
        if let known = extents.extent(at: offset) { return StorageExtent(known.content, length: min(known.length, limit)) }
        let generation = extents.generation
        let length = knownLength
        changesOnPool += 1
        defer { changesOnPool -= 1 }
        let found = await requests.blocking { Self.seek(file.descriptor, from: offset, length: length) }
        // Another process that may write fills holes behind our back; data is a safe answer for ever, a hole only now.
        if found.content == .data || locks.unshared.contains(.write) {
            extents.remember(found, at: offset, from: generation)
        }
        return StorageExtent(found.content, length: min(found.length, limit))
    }

    /// What is at `offset` (below `length`), and how far it goes. A host that cannot tell says data.
    private static func seek(_ descriptor: Int32, from offset: Int64, length: Int64) -> StorageExtent {
        let data = HostCall.seek(descriptor, offset, whence: seekData)
        // ENXIO: no data up to the end of the file.
        if data == -Int64(ENXIO) { return StorageExtent(.hole, length: length - offset) }
        guard data >= offset else { return StorageExtent(.data, length: length - offset) }
        if data > offset { return StorageExtent(.hole, length: min(data, length) - offset) }
        let hole = HostCall.seek(descriptor, offset, whence: seekHole)
        // Between the two calls somebody may have punched the hole: then nothing is known, and data is always right.
        guard hole > offset else { return StorageExtent(.data, length: min(length - offset, 4096)) }
        return StorageExtent(.data, length: max(1, min(hole, length) - offset))
    }
}
