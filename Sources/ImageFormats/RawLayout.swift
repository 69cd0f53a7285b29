internal import Glibc
public import Storage

/// The raw format: the image is a window of its file, from `offset`, of a fixed size or up to the end of the file.
///
/// A value: it answers where bytes live and moves none.
public struct RawLayout: Sendable, Equatable {
    /// Where the image begins in the file, in bytes.
    public let offset: Int64
    /// The image's length when it was given; nil when the image ends where its file ends.
    public let fixedSize: Int64?

    /// The image that is its file.
    public static let whole = RawLayout(unchecked: 0, fixedSize: nil)

    /// Lays a window over a file of `fileLength` bytes.
    /// - Throws: `.invalidOption` when the window doesn't fit, or its size is no multiple of 512.
    public init(offset: UInt64, size: UInt64?, fileLength: Int64) throws(BlockError) {
        guard offset <= UInt64(max(0, fileLength)) else {
            throw BlockError(
                .invalidOption,
                "Offset (\(offset)) cannot be greater than size of the containing file (\(fileLength))")
        }
        if let size {
            guard size <= UInt64(fileLength) - offset else {
                throw BlockError(
                    .invalidOption,
                    "The sum of offset (\(offset)) and size (\(size)) has to be smaller or equal to the "
                        + " actual size of the containing file (\(fileLength))")
            }
            guard size.isMultiple(of: 512) else {
                throw BlockError(.invalidOption, "Specified size is not multiple of 512")
            }
        }
        self.init(unchecked: Int64(offset), fixedSize: size.map { Int64($0) })
    }

    private init(unchecked offset: Int64, fixedSize: Int64?) {
        self.offset = offset
        self.fixedSize = fixedSize
    }

    /// The image's length over a file of `fileLength` bytes. A file that shrank under a fixed window shortens the image.
    ///
    /// Whole sectors of 512 bytes, as in QEMU: a window that begins within a sector of the file ends beyond the file's end.
    public func length(fileLength: Int64) -> Int64 {
        let available = max(0, fileLength - offset)
        return (min(fixedSize ?? available, available) + 511) & ~511
    }

    /// Whether the image may have bytes that its file has not.
    public var mayEndBeyondFile: Bool { offset & 511 != 0 }

    /// Where in the file a read of `count` bytes at `position` goes.
    /// - Throws: `.outOfBounds` when it would leave a window of fixed size.
    @inline(__always)
    public func locateRead(_ position: Int64, count: Int64) throws(BlockError) -> Int64 {
        guard fits(position, count) else {
            throw BlockError(.outOfBounds, "Invalid argument")
        }
        return position + offset
    }

    /// Where in the file a write of `count` bytes at `position` goes.
    /// - Throws: ENOSPC when it would leave a window of fixed size: there is no more room in it.
    @inline(__always)
    public func locateWrite(_ position: Int64, count: Int64) throws(BlockError) -> Int64 {
        guard fits(position, count) else {
            throw BlockError(.system(errno: ENOSPC), "No space left on device")
        }
        return position + offset
    }

    /// The length that the file needs for an image of `length` bytes.
    /// - Throws: `.unsupported` for a window of fixed size, `.invalidOption` when the sum overflows.
    public func fileLength(forLength length: Int64) throws(BlockError) -> Int64 {
        guard fixedSize == nil else { throw BlockError(.unsupported, "Cannot resize fixed-size raw disks") }
        let (sum, overflow) = length.addingReportingOverflow(offset)
        guard !overflow else { throw BlockError(.invalidOption, "Disk size too large for the chosen offset") }
        return sum
    }

    @inline(__always)
    private func fits(_ position: Int64, _ count: Int64) -> Bool {
        if let fixedSize, position > fixedSize || count > fixedSize - position { return false }
        return position >= 0 && position <= Int64.max - offset - count
    }
}
