import Glibc

/// The bits of a dirty bitmap, in words of 64 that begin as zeroes. A page takes memory from the first write to it on, so that a bitmap that
/// is mostly clean costs what is dirty and not what the disk's length asks for, and is made in no time.
final class BitmapWords {
    /// The words. Nobody keeps this beyond the life of its owner.
    let words: UnsafeMutableBufferPointer<UInt64>

    /// Makes `count` clean words.
    init(count: Int) {
        // The one allocation that leaves pages of zeroes to be provided when they are touched.
        guard let start = calloc(max(1, count), MemoryLayout<UInt64>.size) else { fatalError("out of memory") }
        words = UnsafeMutableBufferPointer(start: start.bindMemory(to: UInt64.self, capacity: max(1, count)), count: count)
    }

    deinit { free(words.baseAddress) }

    /// How many there are.
    var count: Int { words.count }
}
