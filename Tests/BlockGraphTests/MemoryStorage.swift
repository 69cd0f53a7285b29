import BlockGraph
import Storage

/// Seeded randomness, so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// Bytes in memory behind the storage interface. It takes some turns of the executor for each request, so that requests overlap, checks
/// what it is asked against its limits, and can hold requests up or fail them.
final class MemoryStorage: BlockStorage {
    var bytes: [UInt8]
    var supportsZeroes = true
    var supportsDiscard = true
    /// While set, writes wait.
    var holdsWrites = false
    /// While set, flushes wait.
    var holdsFlushes = false
    /// What the next write fails with.
    var nextWriteError: BlockError?
    /// Whether another process has the image.
    var refusesLocks = false
    /// The longest delay in turns.
    var turns = 0
    private(set) var log: [String] = []
    private(set) var isClosed = false
    private(set) var inFlight = 0
    private(set) var mostInFlight = 0
    private var held: [UnsafeContinuation<Void, Never>] = []
    private var random: SeededGenerator

    init(_ bytes: [UInt8], limits: StorageLimits = StorageLimits(memoryAlignment: 1), seed: UInt64 = 0) {
        self.bytes = bytes
        random = SeededGenerator(seed: seed)
        super.init(limits: limits)
    }

    override var length: Int64 { Int64(bytes.count) }

    func clearLog() { log = [] }

    /// Lets the writes go on that wait.
    func releaseWrites() {
        holdsWrites = false
        holdsFlushes = false
        let waiting = held
        held = []
        for continuation in waiting { continuation.resume() }
    }

    private func delay() async {
        guard turns > 0 else { return }
        for _ in 0..<Int.random(in: 0...turns, using: &random) { await Task.yield() }
    }

    private func check(_ offset: Int64, _ count: Int, _ address: UnsafeRawPointer?) {
        precondition(!isClosed, "a closed storage is used")
        precondition(offset >= 0 && Int(offset) % limits.requestAlignment == 0 && count % limits.requestAlignment == 0, "unaligned")
        if limits.requestAlignment > 1, let address {
            precondition(Int(bitPattern: address) % limits.memoryAlignment == 0, "unaligned memory")
        }
        precondition(count <= limits.maxTransfer, "too long")
    }

    override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        check(offset, buffer.count, buffer.baseAddress)
        enter("read \(offset)+\(buffer.count)")
        defer { inFlight -= 1 }
        await delay()
        let inside = max(0, min(buffer.count, bytes.count - Int(offset)))
        _ = buffer.initializeMemory(as: UInt8.self, repeating: 0)
        if inside > 0 { buffer.copyBytes(from: bytes[Int(offset)..<Int(offset) + inside]) }
        await delay()
    }

    override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        check(offset, buffer.count, buffer.baseAddress)
        enter("write \(offset)+\(buffer.count)")
        defer { inFlight -= 1 }
        if let error = nextWriteError {
            nextWriteError = nil
            throw error
        }
        await delay()
        if holdsWrites { await withUnsafeContinuation { held.append($0) } }
        if Int(offset) + buffer.count > bytes.count {
            bytes.append(contentsOf: [UInt8](repeating: 0, count: Int(offset) + buffer.count - bytes.count))
        }
        bytes.replaceSubrange(Int(offset)..<Int(offset) + buffer.count, with: buffer)
        await delay()
    }

    override func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        guard supportsZeroes else { throw BlockError(.unsupported, "no zeroing") }
        check(offset, Int(count) % max(1, limits.requestAlignment), nil)
        precondition(count <= limits.maxZeroes, "too long")
        enter("zero \(offset)+\(count)\(flags.contains(.mayUnmap) ? " unmap" : "")")
        defer { inFlight -= 1 }
        await delay()
        if Int(offset + count) > bytes.count {
            bytes.append(contentsOf: [UInt8](repeating: 0, count: Int(offset + count) - bytes.count))
        }
        bytes.replaceSubrange(Int(offset)..<Int(offset + count), with: repeatElement(0, count: Int(count)))
    }

    override func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        guard supportsDiscard else { throw BlockError(.unsupported, "no discard") }
        check(offset, Int(count) % max(1, limits.requestAlignment), nil)
        enter("discard \(offset)+\(count)")
        defer { inFlight -= 1 }
        await delay()
    }

    override func flush() async throws(BlockError) {
        enter("flush")
        defer { inFlight -= 1 }
        if holdsFlushes { await withUnsafeContinuation { held.append($0) } }
    }

    override func truncate(to length: Int64, preallocation: Preallocation) async throws(BlockError) {
        enter("truncate \(length)")
        inFlight -= 1
        if Int(length) < bytes.count {
            bytes.removeLast(bytes.count - Int(length))
        } else {
            bytes.append(contentsOf: [UInt8](repeating: 0, count: Int(length) - bytes.count))
        }
    }

    override func copy(from source: BlockStorage, at sourceOffset: Int64, to offset: Int64, count: Int) async throws(BlockError) {
        guard let source = source as? MemoryStorage else { throw BlockError(.unsupported, "another kind") }
        enter("copy \(sourceOffset)->\(offset)+\(count)")
        defer { inFlight -= 1 }
        await delay()
        for index in 0..<count { bytes[Int(offset) + index] = source.bytes[Int(sourceOffset) + index] }
    }

    override func prepareLocks(held: LockSet, shared: LockSet) async throws(BlockError) {
        if refusesLocks { throw BlockError(.inUse, "Failed to get \"write\" lock") }
        log.append("prepare \(held.rawValue) \(shared.rawValue)")
    }

    override func commitLocks() async { log.append("commit") }

    override func abortLocks() async { log.append("abort") }

    override func close() async { isClosed = true }

    private func enter(_ entry: String) {
        log.append(entry)
        inFlight += 1
        mostInFlight = max(mostInFlight, inFlight)
    }
}

extension Node {
    /// Reads into an array.
    func bytes(at offset: Int64, count: Int) async throws(BlockError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, count), alignment: 16)
        defer { buffer.deallocate() }
        try await read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[0..<count]))
        return Array(buffer[0..<count])
    }

    /// Writes an array.
    func write(_ bytes: [UInt8], at offset: Int64) async throws(BlockError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 16)
        defer { buffer.deallocate() }
        buffer.copyBytes(from: bytes)
        try await write(at: offset, from: UnsafeRawBufferPointer(rebasing: buffer[0..<bytes.count]))
    }
}
