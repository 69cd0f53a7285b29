import Glibc
import Storage
import Synchronization

/// The memory that bits of persistent bitmaps may take, since whoever makes an image says how many there are and a small file can ask for a lot.
/// A bitmap that is not inconsistent counts with all its bits, since the guest's writes may set each of them. Bitmaps that clients make don't
/// count.
public final class BitmapMemory: Sendable {
    /// Bytes for the bitmaps of one image.
    public let mostPerImage: Int64
    /// Bytes for those of all images.
    public let mostAltogether: Int64
    private let taken = Mutex<Int64>(0)

    /// The usual limits: 1 GiB an image, which is what its format allows two bitmaps, or 8192 of a disk of 64 GiB in pieces of 64 KiB; half of the
    /// machine's memory altogether.
    public convenience init() {
        let machine = Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
        self.init(mostPerImage: 1 << 30, mostAltogether: max(1 << 30, machine / 2))
    }

    /// Makes a memory with other limits.
    public init(mostPerImage: Int64, mostAltogether: Int64) {
        self.mostPerImage = mostPerImage
        self.mostAltogether = mostAltogether
    }

    /// Bytes that are taken now.
    public var inUse: Int64 { taken.withLock { $0 } }

    /// What one bitmap takes, until nobody has it any more.
    final class Share: Sendable {
        private let memory: BitmapMemory
        private let bytes: Int64

        fileprivate init(_ memory: BitmapMemory, _ bytes: Int64) {
            self.memory = memory
            self.bytes = bytes
        }

        deinit { memory.taken.withLock { $0 -= bytes } }
    }

    /// Takes memory for one more bitmap of an image.
    /// - Parameter sum: what the image's bitmaps take; is raised.
    /// - Throws: `.invalidImage` when that is more than an image may have, or than is left.
    func take(_ bytes: Int64, sum: inout Int64) throws(BlockError) -> Share {
        sum += bytes
        guard sum <= mostPerImage else {
            throw BlockError(.invalidImage, "The image's bitmaps would take more than \(mostPerImage >> 20) MiB of memory")
        }
        let fits = taken.withLock { (taken) -> Bool in
            guard taken + bytes <= mostAltogether else { return false }
            taken += bytes
            return true
        }
        guard fits else {
            throw BlockError(.invalidImage, "The bitmaps of all images would take more than \(mostAltogether >> 20) MiB of memory")
        }
        return Share(self, bytes)
    }
}
