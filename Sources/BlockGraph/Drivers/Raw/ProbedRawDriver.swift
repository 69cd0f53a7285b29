import Glibc
import ImageFormats
import Storage

/// A raw image that was only guessed to be one. A write that would make it look like another format is refused, as in QEMU: who next
/// guesses would believe the guest.
final class ProbedRawDriver: RawDriver {
    /// Bytes at the image's beginning by which formats are told.
    private static let probedBytes = 512

    override func passWrite(at offset: Int64, count: Int64) throws(BlockError) -> Passage? {
        offset < Int64(Self.probedBytes) ? nil : try super.passWrite(at: offset, count: count)
    }

    override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        guard let passage = try super.passWrite(at: offset, count: Int64(buffer.count)) else { throw NodeDriver.unsupported }
        if offset < Int64(Self.probedBytes) { try await checkHead(at: Int(offset), buffer) }
        try await passage.node.write(at: passage.offset, from: buffer, flags: flags)
    }

    /// Zeroes and discards make no format.
    override func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        guard let passage = try super.passWrite(at: offset, count: count) else { throw NodeDriver.unsupported }
        try await passage.node.writeZeroes(at: passage.offset, count: count, flags: flags)
    }

    override func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        guard let passage = try super.passWrite(at: offset, count: count) else { throw NodeDriver.unsupported }
        try await passage.node.discard(at: passage.offset, count: count)
    }

    /// What the write would make of the image's beginning must still look raw.
    private func checkHead(at offset: Int, _ buffer: UnsafeRawBufferPointer) async throws(BlockError) {
        let head = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.probedBytes, alignment: 4096)
        defer { head.deallocate() }
        guard let passage = try passRead(at: 0, count: Int64(Self.probedBytes)) else { throw NodeDriver.unsupported }
        try await passage.node.read(at: passage.offset, into: head)
        let part = buffer.prefix(Self.probedBytes - offset)
        UnsafeMutableRawBufferPointer(rebasing: head[offset..<offset + part.count]).copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
        // EPERM, as QEMU.
        guard ProbedFormat(Array(head)) == .raw else { throw .system(EPERM) }
    }
}
