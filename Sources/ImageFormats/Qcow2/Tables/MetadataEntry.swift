/// A part of a table that is in memory, as it is on disk (big-endian), with what has changed since.
///
/// It belongs to its cache, which may use it for another part as soon as its user suspends: look it up again after each `await`.
final class MetadataEntry {
    /// The part's bytes. Who changes them calls `MetadataCache.markDirty` before the next suspension.
    let bytes: UnsafeMutableRawBufferPointer
    /// Where the part is in the file; -1 while the entry holds none.
    var offset: Int64 = -1
    /// Whether the bytes differ from the file's.
    var isDirty = false
    /// Counts changes, so that a write that ends knows whether it wrote the last of them.
    var generation: UInt64 = 0
    /// Whether it was used since the clock's hand passed.
    var isRecent = false

    /// What the bytes are part of.
    let slab: MetadataSlab

    fileprivate init(_ bytes: UnsafeMutableRawBufferPointer, of slab: MetadataSlab) {
        self.bytes = bytes
        self.slab = slab
    }

    /// Whether it holds a part that is not to be dropped: changed, or used since the clock's hand passed.
    var isInUse: Bool { offset >= 0 && (isDirty || isRecent) }

    /// The part's bytes, to be read.
    @inline(__always)
    var contents: UnsafeRawBufferPointer { UnsafeRawBufferPointer(bytes) }

    /// The word at `position` bytes.
    @inline(__always)
    func word(at position: Int) -> UInt64 { BigEndian.load(contents, position, as: UInt64.self) }

    /// Changes the word at `position` bytes; the caller marks the entry dirty.
    @inline(__always)
    func setWord(at position: Int, to word: UInt64) { BigEndian.store(word, bytes, position) }
}

/// Memory for some entries, allocated together: one by one, parts of 4 KiB cost the allocator a call to the kernel each.
final class MetadataSlab {
    /// How many bytes are allocated together, unless one entry is larger.
    private static let usualBytes = 32 << 10

    private let bytes: UnsafeMutableRawBufferPointer

    private init(_ count: Int, alignment: Int) {
        bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: max(16, alignment))
    }

    deinit { bytes.deallocate() }

    /// New entries, at least one and at most `limit`.
    static func entries(bytes entryBytes: Int, alignment: Int, limit: Int) -> [MetadataEntry] {
        let count = max(1, min(limit, usualBytes / entryBytes))
        let slab = MetadataSlab(count * entryBytes, alignment: alignment)
        return (0..<count).map {
            MetadataEntry(UnsafeMutableRawBufferPointer(rebasing: slab.bytes[$0 * entryBytes..<($0 + 1) * entryBytes]), of: slab)
        }
    }
}
