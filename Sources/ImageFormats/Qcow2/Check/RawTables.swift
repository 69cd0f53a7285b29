internal import Storage

/// Metadata as it lies in the file, for a reader that trusts none of it: what lies past the file's end reads as zeroes.
struct RawTables {
    let file: BlockStorage

    /// Bytes of a table that are looked at at a time.
    static let pieceBytes = 64 << 10

    /// Fills `buffer` from `offset` on.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        try await file.readPadded(at: offset, into: buffer)
    }

    /// `count` bytes at `offset`; meant for a few.
    func bytes(at offset: Int64, count: Int) async throws(BlockError) -> [UInt8] {
        guard count > 0 else { return [] }
        return try await file.bytesPadded(at: offset, count: count)
    }

    /// Writes bytes, in pieces if they are many.
    func write(_ bytes: [UInt8], at offset: Int64) async throws(BlockError) {
        guard !bytes.isEmpty else { return }
        let buffer = BufferPool.shared.buffer(min(bytes.count, Self.mostWritten))
        for start in stride(from: 0, to: bytes.count, by: Self.mostWritten) {
            let end = min(bytes.count, start + Self.mostWritten)
            let piece = buffer.prefix(end - start)
            piece.copyBytes(from: bytes[start..<end])
            try await file.write(at: offset + Int64(start), from: UnsafeRawBufferPointer(piece), flags: [])
        }
    }

    private static let mostWritten = 1 << 20

    /// Gives `body` a table's 64-bit words in pieces, in order, with the index of each piece's first.
    func forEachPiece(
        at offset: Int64, words count: Int64, _ body: (UnsafeMutableRawBufferPointer, Int64) async throws(BlockError) -> Void
    ) async throws(BlockError) {
        let buffer = BufferPool.shared.buffer(Int(min(count * 8, Int64(Self.pieceBytes))))
        var first: Int64 = 0
        while first < count {
            let words = min(count - first, Int64(Self.pieceBytes / 8))
            let piece = buffer.prefix(Int(words) * 8)
            try await read(at: offset + first * 8, into: piece)
            try await body(piece, first)
            first += words
        }
    }
}
