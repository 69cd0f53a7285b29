import Storage
import TestSupport

/// Lets other tasks run before and after each operation, as real storages do.
final class YieldingStorage: BlockStorage {
    private let base: BlockStorage
    private var chance: SeededGenerator

    init(_ base: BlockStorage, seed: UInt64) {
        self.base = base
        chance = SeededGenerator(seed: seed)
        super.init(limits: base.limits)
    }

    override var length: Int64 { base.length }

    private func yield() async {
        for _ in 0..<Int.random(in: 0...3, using: &chance) { await Task.yield() }
    }

    override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        await yield()
        try await base.read(at: offset, into: buffer)
        await yield()
    }

    override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        await yield()
        try await base.write(at: offset, from: buffer, flags: flags)
        await yield()
    }

    override func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        await yield()
        try await base.writeZeroes(at: offset, count: count, flags: flags)
        await yield()
    }

    override func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        await yield()
        try await base.discard(at: offset, count: count)
        await yield()
    }

    override func flush() async throws(BlockError) {
        await yield()
        try await base.flush()
        await yield()
    }
}
