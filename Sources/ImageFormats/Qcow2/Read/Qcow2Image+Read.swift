public import Storage

extension Qcow2Image {
    /// Fills `buffer` with the virtual disk's bytes at `offset`.
    /// - Throws: `.outOfBounds` past the end; what the storages throw; EIO when a compressed cluster cannot be decompressed, and on a
    ///   malformed table entry.
    public func read(at offset: GuestOffset, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        guard offset.bytes >= 0, offset.bytes <= length, Int64(buffer.count) <= length - offset.bytes else {
            throw BlockError(.outOfBounds, "The range lies beyond the end of the image")
        }
        try checkReadable()
        // Clusters that are discarded meanwhile are not reused before this has ended.
        let epoch = accesses.begin()
        defer { accesses.end(epoch) }
        // Most reads are one run of data whose metadata is cached: one await for those.
        if buffer.count > 0, let (mapping, count) = mapFast(at: offset, limit: buffer.count), count == buffer.count,
            case .data(let host) = mapping
        {
            let storage = dataStorage
            file.note(.readAio)
            if storage.length - host.bytes >= Int64(count) { return try await storage.read(at: host.bytes, into: buffer) }
            return try await storage.readPadded(at: host.bytes, into: buffer)
        }
        try await readRuns(at: offset, into: buffer)
    }

    /// Reads run by run, without a look at the disk's length: what lies past it is the state of a virtual machine.
    func readRuns(at offset: GuestOffset, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        var done = 0
        while done < buffer.count {
            let position = offset + Int64(done)
            let (mapping, count) = try await mapping(at: position, limit: buffer.count - done)
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
            switch mapping {
            case .data(let host):
                file.note(.readAio)
                try await dataStorage.readPadded(at: host.bytes, into: part)
            case .zero: part.initializeMemory(as: UInt8.self, repeating: 0)
            case .unallocated: try await readBacking(at: position, into: part)
            case .compressed:
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                done += try await readCompressed(at: position, into: rest)
                continue
            }
            done += count
        }
    }

    /// What the backing file has there; zeroes past its end, and without one.
    func readBacking(at offset: GuestOffset, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        guard let backing else {
            buffer.initializeMemory(as: UInt8.self, repeating: 0)
            return
        }
        file.note(.readBackingAio)
        try await backing.readPadded(at: offset.bytes, into: buffer)
    }
}
