public import Storage

/// What a bitmap is and holds, as a value that may leave its loop.
public struct DirtyBitmapContent: Sendable, Equatable {
    /// The name; nil for a job's own.
    public var name: String?
    /// Length of the disk in bytes.
    public var length: Int64
    /// Bytes a bit.
    public var granularity: Int64
    /// Whether writes set bits.
    public var isRecording: Bool
    /// Whether the image keeps it.
    public var isPersistent: Bool
    /// Whether its bits cannot be trusted.
    public var isInconsistent: Bool
    /// The bits, region 0 in the least significant bit of the first word.
    public var words: [UInt64]
}

extension DirtyBitmap {
    /// A copy of what the bitmap is and holds.
    public var content: DirtyBitmapContent {
        DirtyBitmapContent(
            name: name, length: length, granularity: granularity, isRecording: isRecording, isPersistent: isPersistent,
            isInconsistent: isInconsistent, words: withWords { Array($0) })
    }

    /// Makes a bitmap that is and holds what another one, of another loop perhaps, was.
    public convenience init(_ content: DirtyBitmapContent) throws(BlockError) {
        try self.init(length: content.length, granularity: content.granularity, name: content.name)
        isRecording = content.isRecording
        isPersistent = content.isPersistent
        if content.isInconsistent { becomeInconsistent() } else { content.words.withUnsafeBufferPointer { merge(words: $0, at: 0) } }
    }

    /// The words whose SHA-256 QEMU tells of the bitmap. Those of an inconsistent bitmap are clean.
    var digestedWords: [UInt64] {
        isInconsistent ? [UInt64](repeating: 0, count: (max(1, regions) + 63) / 64) : withWords { Array($0) }
    }
}
