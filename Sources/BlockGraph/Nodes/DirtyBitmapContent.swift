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
            isInconsistent: isInconsistent, words: words)
    }

    /// Makes a bitmap that is and holds what another one, of another loop perhaps, was.
    public convenience init(_ content: DirtyBitmapContent) {
        self.init(length: content.length, granularity: content.granularity, name: content.name)
        isRecording = content.isRecording
        isPersistent = content.isPersistent
        isInconsistent = content.isInconsistent
        for (index, word) in content.words.enumerated() where word != 0 { setWord(index, word) }
    }

    private func setWord(_ index: Int, _ word: UInt64) {
        var rest = word
        while rest != 0 {
            let first = rest.trailingZeroBitCount
            let run = (~(rest >> UInt64(first))).trailingZeroBitCount
            set(Int64(index * 64 + first) * granularity, count: Int64(run) * granularity)
            rest = first + run >= 64 ? 0 : rest & (UInt64.max << UInt64(first + run))
        }
    }

    /// SHA-256 of the bits, as the reference has it: in hexadecimal digits.
    public var digest: String {
        var digest = SHA256()
        for word in words { digest.add(littleEndian: word) }
        return digest.finished()
    }
}
