public import IOLoop

/// Bytes that are not there: `null-co` and `null-aio`. Writes are forgotten.
public final class NullStorage: BlockStorage {
    private let requests: LoopRequests
    private let latency: Duration
    private let readsZeroes: Bool
    private var currentLength: Int64

    /// Makes a storage of `length` bytes where every request takes `latency`.
    /// - Parameter readsZeroes: whether it may be told that all is zero. Reads yield zeroes in any case: QEMU leaves what was in
    ///   the buffer, which would carry one client's bytes to another.
    public init(length: Int64, latency: Duration = .zero, readsZeroes: Bool = false, on thread: isolated IOThread) {
        requests = thread.requests
        self.latency = latency
        self.readsZeroes = readsZeroes
        currentLength = length
        super.init(limits: StorageLimits())
    }

    public override var length: Int64 { currentLength }

    public override func allocatedSize() async -> Int64? { 0 }

    public override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        try check(offset, Int64(buffer.count))
        await wait()
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
    }

    public override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        try check(offset, Int64(buffer.count))
        await wait()
    }

    public override func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        try check(offset, count)
        await wait()
    }

    public override func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        try check(offset, count)
        await wait()
    }

    public override func flush() async throws(BlockError) { await wait() }

    public override func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        StorageExtent(readsZeroes ? .zero : .data, length: limit)
    }

    private func check(_ offset: Int64, _ count: Int64) throws(BlockError) {
        guard offset >= 0, count >= 0, offset <= currentLength, count <= currentLength - offset else {
            throw BlockError(.outOfBounds, "The range lies beyond the end of the node")
        }
    }

    /// A cancelled task waits no longer; there is nothing to leave undone.
    private func wait() async {
        guard latency > .zero else { return }
        try? await requests.sleep(for: latency)
    }
}
