/// Aligned memory for requests. It goes back to its pool with the last reference, so whoever started a request keeps it until the
/// request has ended.
public final class IOBuffer {
    /// As many bytes as were asked for, at a multiple of 4 KiB; contents undefined.
    public let bytes: UnsafeMutableRawBufferPointer
    private let pool: BufferPool
    private let sizeClass: Int

    init(bytes: UnsafeMutableRawBufferPointer, sizeClass: Int, pool: BufferPool) {
        self.bytes = bytes
        self.sizeClass = sizeClass
        self.pool = pool
    }

    deinit {
        if let start = bytes.baseAddress { pool.takeBack(start, sizeClass: sizeClass) }
    }

    /// The bytes, read-only.
    public var contents: UnsafeRawBufferPointer { UnsafeRawBufferPointer(bytes) }

    /// The first `count` bytes.
    public func prefix(_ count: Int) -> UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]) }
}
