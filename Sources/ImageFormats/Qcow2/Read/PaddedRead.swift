internal import Storage

extension BlockStorage {
    /// Fills `buffer` with the bytes at `offset` (not negative); what lies beyond the end reads as zeroes. Images end where their last cluster
    /// was written to, not where it ends.
    func readPadded(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        let available = length - offset
        if available >= Int64(buffer.count) { return try await read(at: offset, into: buffer) }
        let count = max(0, Int(available))
        UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).initializeMemory(as: UInt8.self, repeating: 0)
        if count > 0 { try await read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])) }
    }

    /// The bytes at `offset`, at most a few MiB; what lies beyond the end reads as zeroes.
    func bytesPadded(at offset: Int64, count: Int) async throws(BlockError) -> [UInt8] {
        let buffer = BufferPool.shared.buffer(count)
        try await readPadded(at: offset, into: buffer.bytes)
        return Array(buffer.contents)
    }
}
