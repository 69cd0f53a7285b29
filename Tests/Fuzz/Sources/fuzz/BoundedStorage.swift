import Storage

/// A file in memory that traps when it is read outside of its bytes, and is full at 1 MiB.
final class BoundedStorage: BlockStorage {
    /// What the file may grow to.
    static let capacity = 1 << 20
    private(set) var bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        super.init(limits: StorageLimits(memoryAlignment: 1))
    }

    override var length: Int64 { Int64(bytes.count) }

    override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        precondition(offset >= 0 && offset <= length && Int64(buffer.count) <= length - offset, "read outside of the file")
        bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[Int(offset)..<Int(offset) + buffer.count])) }
    }

    override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        try reserve(offset, Int64(buffer.count))
        bytes.replaceSubrange(Int(offset)..<Int(offset) + buffer.count, with: buffer)
    }

    override func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        try reserve(offset, count)
        bytes.replaceSubrange(Int(offset)..<Int(offset + count), with: repeatElement(0, count: Int(count)))
    }

    override func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        precondition(offset >= 0 && count >= 0 && offset <= length && count <= length - offset, "discard outside of the file")
        bytes.replaceSubrange(Int(offset)..<Int(offset + count), with: repeatElement(0, count: Int(count)))
    }

    override func truncate(to length: Int64, preallocation: Preallocation) async throws(BlockError) {
        guard length <= Self.capacity else { throw .system(28) }
        if Int(length) < bytes.count {
            bytes.removeLast(bytes.count - Int(length))
        } else {
            bytes += repeatElement(0, count: Int(length) - bytes.count)
        }
    }

    private func reserve(_ offset: Int64, _ count: Int64) throws(BlockError) {
        precondition(offset >= 0 && count >= 0, "write before the beginning")
        guard offset <= Self.capacity, count <= Int64(Self.capacity) - offset else { throw .system(28) }
        let end = Int(offset + count)
        if end > bytes.count { bytes += repeatElement(0, count: end - bytes.count) }
    }
}
