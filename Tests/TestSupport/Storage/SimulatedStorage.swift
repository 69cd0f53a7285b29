public import Storage

/// Bytes in memory behind the production interface, with the faults that real disks have, each asked for by the test: errors, a full
/// medium, failed writes that changed a part, operations that hang, a machine that dies, and writes that a crash loses or tears.
///
/// It is bound to no loop; like every storage it stays on the actor that uses it. All chance comes from the seed, so a failure that names
/// the seed can be repeated.
public final class SimulatedStorage: BlockStorage {
    /// What all chance comes from; to be named by a failing test.
    public let seed: UInt64
    /// Every operation in the order in which it ended, with how it ended.
    public internal(set) var log: [LoggedOperation] = []
    /// How many bytes may be allocated before writes fail with ENOSPC; nil for no limit.
    public var capacity: Int64?
    /// Whether a write that fails by an injected fault may have changed some of its sectors, as on real disks.
    public var tearsFailedWrites = false
    /// How many more changes (writes, zeroes, discards, flushes, truncations) end before the machine dies: from then on every operation
    /// fails with EIO, until `crash`. Nil for a machine that lives.
    public var changesUntilDeath: Int?
    /// Whether writing zeroes without a buffer is refused, as on a file system that cannot.
    public var refusesZeroing = false
    /// How many operations are in progress.
    public internal(set) var inFlight = 0

    var generator: SeededGenerator
    var bytes: PagedBytes
    /// What is on stable storage.
    var durable: PagedBytes
    /// Changes that are in `bytes` and not yet in `durable`, in order.
    var unflushed: [PendingChange] = []
    var nextSequence: UInt64 = 0
    var faults: [InjectedFault] = []
    var hangs: [PlannedHang] = []
    var hanging: [HangingOperation] = []
    var lastHanging = 0
    var watchers: [HangWatcher] = []
    /// Counts crashes; operations that began before one fail after it.
    var epoch = 0

    /// Makes `length` bytes, all a hole.
    public init(seed: UInt64, length: Int64, limits: StorageLimits = StorageLimits()) {
        self.seed = seed
        generator = SeededGenerator(seed: seed)
        bytes = PagedBytes(length: length)
        durable = bytes
        super.init(limits: limits)
    }

    /// Makes a storage that holds `contents`, flushed.
    public convenience init(seed: UInt64, contents: [UInt8], limits: StorageLimits = StorageLimits()) {
        self.init(seed: seed, length: Int64(contents.count), limits: limits)
        contents.withUnsafeBytes { bytes.write(at: 0, $0) }
        durable = bytes
    }

    /// All bytes as a reader would find them now.
    public var contents: [UInt8] { bytes.array }
    /// All bytes as they are on stable storage.
    public var durableContents: [UInt8] { durable.array }
    /// Bytes that are allocated.
    public var allocated: Int64 { bytes.allocated }

    public override var length: Int64 { bytes.length }
    public override func allocatedSize() async -> Int64? { bytes.allocated }

    public override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        try await perform(.read, offset, Int64(buffer.count)) { (storage) throws(BlockError) in
            try storage.checkRange(offset, Int64(buffer.count))
            storage.bytes.read(at: offset, into: buffer)
        }
    }

    public override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        let change = Change.data(offset, Array(buffer))
        try await perform(.write, offset, Int64(buffer.count), change) { (storage) throws(BlockError) in
            guard offset >= 0 else { throw BlockError(.outOfBounds, "The range lies before the beginning") }
            try storage.checkSpace(for: offset, Int64(buffer.count))
            storage.apply(change, isDurable: flags.contains(.forceUnitAccess))
        }
    }

    public override func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        let mayUnmap = flags.contains(.mayUnmap)
        let change = Change.zeroes(offset, count, unmap: mayUnmap)
        try await perform(.writeZeroes, offset, count, change) { (storage) throws(BlockError) in
            guard offset >= 0, count >= 0 else { throw BlockError(.outOfBounds, "The range lies before the beginning") }
            if storage.refusesZeroing && flags.contains(.noFallback) { throw BlockError(.unsupported, "no zeroing here") }
            if !mayUnmap { try storage.checkSpace(for: offset, count) }
            storage.apply(change, isDurable: flags.contains(.forceUnitAccess))
        }
    }

    /// Unmaps whole pages and zeroes the rest, as host files do.
    public override func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        try await perform(.discard, offset, count) { (storage) throws(BlockError) in
            try storage.checkRange(offset, count)
            storage.apply(.zeroes(offset, count, unmap: true), isDurable: false)
        }
    }

    /// Makes durable what had ended when it began.
    public override func flush() async throws(BlockError) {
        let sequence = nextSequence
        try await perform(.flush, 0, 0) { (storage) throws(BlockError) in
            while let first = storage.unflushed.first, first.sequence < sequence {
                first.change.apply(to: &storage.durable)
                storage.unflushed.removeFirst()
            }
        }
    }

    public override func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        var found = StorageExtent(.data, length: limit)
        try await perform(.extent, offset, limit) { (storage) throws(BlockError) in
            found = storage.bytes.extent(at: offset, limit: limit)
        }
        return found
    }

    public override func truncate(to length: Int64, preallocation: Preallocation) async throws(BlockError) {
        try await perform(.truncate, length, 0, .length(length)) { (storage) throws(BlockError) in
            storage.apply(.length(length), isDurable: false)
        }
    }

    public override func close() async { precondition(inFlight == 0, "closed with operations in flight") }

    private func checkRange(_ offset: Int64, _ count: Int64) throws(BlockError) {
        guard offset >= 0, count >= 0, offset <= length, count <= length - offset else {
            throw BlockError(.outOfBounds, "The range lies beyond the end")
        }
    }

    private func checkSpace(for offset: Int64, _ count: Int64) throws(BlockError) {
        guard let capacity else { return }
        if bytes.allocated + bytes.newlyAllocated(at: offset, count: count) > capacity { throw .system(28) }
    }

    /// Puts a change into the present bytes, to be flushed later; durable ones survive any crash.
    func apply(_ change: Change, isDurable: Bool) {
        change.apply(to: &bytes)
        unflushed.append(PendingChange(sequence: nextSequence, change: change, isDurable: isDurable))
        nextSequence += 1
    }
}
