import ImageFormats
import Storage
import TestSupport
import Testing

/// The steps of a qcow2 image as `blkdebug` below it hears of them.
@Suite struct `events of a qcow2 image` {
    /// A disk that notes what it hears.
    private final class Listener: BlockStorage {
        private let disk: SimulatedStorage
        private(set) var heard: Set<DebugEvent> = []

        init(_ disk: SimulatedStorage) {
            self.disk = disk
            super.init(limits: disk.limits)
        }

        override var length: Int64 { disk.length }
        override func note(_ event: DebugEvent) { heard.insert(event) }
        override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
            try await disk.read(at: offset, into: buffer)
        }
        override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
            try await disk.write(at: offset, from: buffer, flags: flags)
        }
        override func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
            try await disk.writeZeroes(at: offset, count: count, flags: flags)
        }
        override func discard(at offset: Int64, count: Int64) async throws(BlockError) {
            try await disk.discard(at: offset, count: count)
        }
        override func flush() async throws(BlockError) { try await disk.flush() }
        override func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
            try await disk.extent(at: offset, limit: limit)
        }
        override func truncate(to length: Int64, preallocation: Preallocation) async throws(BlockError) {
            try await disk.truncate(to: length, preallocation: preallocation)
        }

        /// What was heard since the last call.
        func take() -> Set<DebugEvent> {
            defer { heard = [] }
            return heard
        }
    }

    private struct Inline: Offload {
        func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value { work() }
    }

    private func write(_ image: Qcow2Image, _ byte: UInt8, at offset: Int64, count: Int, compressed: Bool = false) async throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 4096)
        defer { buffer.deallocate() }
        buffer.initializeMemory(as: UInt8.self, repeating: byte)
        let bytes = UnsafeRawBufferPointer(buffer)
        if compressed { return try await image.writeCompressed(at: GuestOffset(offset), from: bytes) }
        try await image.write(at: GuestOffset(offset), from: bytes)
    }

    private func read(_ image: Qcow2Image, at offset: Int64, count: Int) async throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 4096)
        defer { buffer.deallocate() }
        try await image.read(at: GuestOffset(offset), into: buffer)
    }

    @Test func `are noted at the file before each step`() async throws {
        let listener = Listener(SimulatedStorage(seed: 1, length: 0))
        // Clusters of 512 bytes: tables are short, and grow soon.
        let options = Qcow2CreateOptions(size: 16 << 20, version: .v3, clusterSize: 512)
        try await Qcow2Creation.create(in: listener, dataFile: nil, options: options)
        _ = listener.take()
        let image = try await Qcow2Image.open(file: listener, options: Qcow2OpenOptions(purpose: .writing), offload: Inline())

        try await write(image, 1, at: 0, count: 512)
        #expect(listener.take().isSuperset(of: [.reftableLoad, .refblockLoad, .clusterAlloc, .writeAio, .l2AllocWrite]))
        try await image.flush()
        #expect(listener.take().isSuperset(of: [.flushToOs, .refblockUpdatePart, .l2Update, .l1Update, .flushToDisk]))
        try await read(image, at: 0, count: 512)
        #expect(listener.take() == [.readAio])

        try await write(image, 2, at: 512, count: 512, compressed: true)
        #expect(listener.take().isSuperset(of: [.clusterAllocBytes, .writeCompressed]))
        try await read(image, at: 512, count: 512)
        #expect(listener.take().contains(.readCompressed))

        try await image.createSnapshot(Qcow2SnapshotRequest(name: "s", dateSeconds: 1))
        _ = listener.take()
        try await write(image, 3, at: 100, count: 100)
        #expect(listener.take().isSuperset(of: [.l2AllocCowRead, .l2AllocWrite, .cowRead, .writeAio]))
        try await image.discard(at: GuestOffset(0), count: 512)
        try await image.flush()
        #expect(listener.take().contains(.clusterFree))

        for offset in stride(from: Int64(0), to: 8 << 20, by: 64 << 10) { try await write(image, 4, at: offset, count: 64 << 10) }
        #expect(
            listener.take().isSuperset(of: [
                .refblockAlloc, .refblockAllocWrite, .reftableGrow, .refblockAllocWriteBlocks, .refblockAllocWriteTable,
                .refblockAllocSwitchTable,
            ]))
        try await image.flush()
        #expect(listener.take().contains(.refblockAllocHookup))
        try await image.truncate(to: 64 << 20, preallocation: .off)
        #expect(listener.take().isSuperset(of: [.l1GrowAllocTable, .l1GrowWriteTable, .l1GrowActivateTable]))
        try await image.close()
    }
}
