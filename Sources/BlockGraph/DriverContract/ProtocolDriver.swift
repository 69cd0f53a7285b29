public import Storage

/// A protocol node: the thin face of a storage.
///
/// A node's length is whole sectors of 512 bytes, as in QEMU; the bytes between a file's end and its node's end read as zeroes.
public final class ProtocolDriver: NodeDriver {
    /// The longest storage in bytes: rounded up to whole sectors, its length still is a number.
    static let longest = Int64.max & ~511

    private let bytes: BlockStorage
    /// What became of discards.
    private(set) var discards = DiscardCounts()

    /// Makes a driver over a storage, which it owns and closes.
    public init(_ storage: BlockStorage) {
        bytes = storage
    }

    public override var storage: BlockStorage? { bytes }
    public override var limits: StorageLimits { bytes.limits }
    public override var length: Int64 { (bytes.length + 511) & ~511 }

    public override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        let mask = Int64(bytes.limits.requestAlignment - 1)
        let readable = ((bytes.length + mask) & ~mask) - offset
        if Int64(buffer.count) <= readable { return try await bytes.read(at: offset, into: buffer) }
        let inside = Int(max(0, readable))
        _ = UnsafeMutableRawBufferPointer(rebasing: buffer[inside...]).initializeMemory(as: UInt8.self, repeating: 0)
        if inside > 0 {
            try await bytes.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[0..<inside]))
        }
    }

    public override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        try await bytes.write(at: offset, from: buffer, flags: flags)
    }

    public override func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        try await bytes.writeZeroes(at: offset, count: count, flags: flags)
    }

    public override func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        do throws(BlockError) {
            try await bytes.discard(at: offset, count: count)
        } catch {
            discards.failed += 1
            throw error
        }
        discards.succeeded += 1
        discards.bytes += UInt64(count)
    }

    public override func prepareReopen(
        as definition: any DriverDefinition, _ options: NodeOptions, futureFile: Node?
    ) async throws(BlockError) -> DriverReopening {
        guard let definition = definition as? FileDefinition else { return DriverReopening() }
        // Carried out with the locks, which follow.
        bytes.prepareReopen(definition.hostOptions(options))
        return Reopening(bytes)
    }

    private final class Reopening: DriverReopening {
        private let bytes: BlockStorage

        init(_ bytes: BlockStorage) { self.bytes = bytes }

        override func abort() async { bytes.abandonReopen() }
    }

    public override func imageDetails() async -> ImageDetails {
        var details = ImageDetails()
        if !(bytes is NullStorage) { details.isDirty = false }
        return details
    }

    public override func flush() async throws(BlockError) {
        try await bytes.flush()
    }

    public override func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        let inside = bytes.length - offset
        guard inside > 0 else { return StorageExtent(.hole, length: limit) }
        return try await bytes.extent(at: offset, limit: min(limit, inside))
    }

    public override func copy(from source: BlockStorage, at sourceOffset: Int64, to offset: Int64, count: Int) async throws(BlockError) {
        try await bytes.copy(from: source, at: sourceOffset, to: offset, count: count)
    }

    public override func truncate(to length: Int64, preallocation: Preallocation) async throws(BlockError) {
        try await bytes.truncate(to: length, preallocation: preallocation)
    }

    public override func allocatedSize() async -> Int64? { await bytes.allocatedSize() }

    public override func close() async {
        await bytes.close()
    }
}

/// Discards of a protocol node since it was opened.
public struct DiscardCounts: Sendable, Equatable {
    /// Requests that succeeded.
    public var succeeded: UInt64 = 0
    /// Requests that failed.
    public var failed: UInt64 = 0
    /// Bytes of those that succeeded.
    public var bytes: UInt64 = 0
}
