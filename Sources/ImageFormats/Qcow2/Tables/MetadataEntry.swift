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

    init(bytes count: Int, alignment: Int) {
        bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: max(16, alignment))
    }

    deinit { bytes.deallocate() }

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
