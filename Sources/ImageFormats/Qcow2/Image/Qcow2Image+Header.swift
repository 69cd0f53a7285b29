internal import Storage
internal import Waiting

extension Qcow2Image {
    /// The fields that never move: from the cluster size on. What is before them and changes, the backing file's name, moves with the extensions.
    private static let fixedFields = 20

    /// Changes the header on disk and then in memory, and flushes.
    ///
    /// Crash: fields of the header (sizes, offsets and features) change all at once, since they stand in one sector. Extensions and the backing
    /// file's name may reach over several; whoever changes those must not depend on all or nothing.
    /// - Throws: what the storage throws, ENOSPC when the header no longer fits; in memory nothing has then changed.
    func updateHeader(_ change: (inout Qcow2Header) -> Void) async throws(BlockError) {
        await headerTurn.lock()
        defer { headerTurn.unlock() }
        var changed = header
        change(&changed)
        try await writeHeader(changed)
        // Others may have moved their tables meanwhile: what they changed stays.
        change(&header)
    }

    private func writeHeader(_ changed: Qcow2Header) async throws(BlockError) {
        let bytes = try changed.encode()
        if changed.hasSameVariablePart(as: header) {
            // No more than what differs: the refcount table's place is written by its owner.
            let before = try header.encode()
            let differing = (Self.fixedFields..<changed.headerLength).filter { bytes[$0] != before[$0] }
            if let first = differing.first, let last = differing.last {
                try await write(Array(bytes[first...last]), at: Int64(first))
            }
        } else {
            let padded = bytes + [UInt8](repeating: 0, count: -bytes.count & 511)
            try await write(padded, at: 0)
        }
        try await file.flush()
    }

    /// Writes bytes of the image file, as they are.
    func write(_ bytes: [UInt8], at offset: Int64) async throws(BlockError) {
        let buffer = BufferPool.shared.buffer(bytes.count)
        buffer.bytes.copyBytes(from: bytes)
        try await file.write(at: offset, from: buffer.contents, flags: [])
    }
}

extension Qcow2Header {
    /// Whether everything but the fields with a place of their own is the same.
    fileprivate func hasSameVariablePart(as other: Qcow2Header) -> Bool {
        headerLength == other.headerLength && backingFileBytes == other.backingFileBytes
            && backingFormatBytes == other.backingFormatBytes && dataFileNameBytes == other.dataFileNameBytes
            && bitmaps == other.bitmaps && hasStaleBitmaps == other.hasStaleBitmaps
            && encryptionHeader == other.encryptionHeader && unknownExtensions == other.unknownExtensions
    }
}
