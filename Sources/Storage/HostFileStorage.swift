internal import Glibc
public import IOLoop

/// Bytes of a regular file or a block device of the host.
///
/// How requests travel, and why (measured on tmpfs and ext4; CPU seconds a GiB for 1 MiB requests unless said):
/// - buffered reads up to 128 KiB try the page cache inline (`preadv2(RWF_NOWAIT)`, 0.3 us for 4 KiB), and take the ring when it has
///   nothing; larger ones go to the pool, where they neither hold up the loop's other users nor one another;
/// - buffered writes go to the pool: ext4 and tmpfs punt ring writes to kernel workers at two to four times the cost. A regular file's stand
///   in a row, since the kernel takes one at a time: 16 small ones in flight cost a third less than on as many threads;
/// - in a file system in memory nothing waits for a device: reads and writes up to 128 KiB are made inline (tmpfs knows no RWF_NOWAIT, and
///   the ring hands its requests to kernel workers, 11 us each);
/// - O_DIRECT and flushes take the ring;
/// - `copy` reads and writes in one call on the pool, where writers take turns.
///
/// Durability: a completed write is in the page cache (or with O_DIRECT in the device's cache), no more. `flush` is fdatasync. Once it has
/// failed on a buffered file it fails for ever: the kernel has dropped the dirty pages it could not write and would call the next
/// fdatasync a success, so that a later success would lie about earlier writes. Only a reopened node starts afresh.
public final class HostFileStorage: BlockStorage {
    /// The path it was opened by.
    public let path: String
    /// How it was opened.
    public internal(set) var options: HostFileOptions
    /// How it is to be opened by the next change of locks.
    var wantedOptions: HostFileOptions?
    /// The file's identity on this host, the same under every name.
    public let identity: HostFileIdentity
    /// Whether it is a block or character device.
    public let isDevice: Bool

    let requests: LoopRequests
    /// Replaced by `commitLocks` when the access changes; requests in flight keep the old one open.
    var current: OpenFile?
    var knownLength: Int64
    /// A flush that failed, for ever after.
    var stickyFlushError: Int32?
    var locks = ImageLocks()
    var pendingLocks: PendingLocks?
    var extents = ExtentCache()
    private let flushes = FlushRounds()
    var abilities = Abilities()
    var writeback = WritebackWindow()
    /// Held by the one copy that is writing.
    let writersTurn = PlatformLock()
    /// Copies within a file system in memory: their reads cost too little to be worth a second processor.
    let copiesInMemory = CallRow(width: 1, gatheringTime: 10_000_000)
    /// Other copies: one reads while the other writes.
    let copies = CallRow(width: 2)
    /// Buffered writes to a regular file: it takes one at a time, a second one would spin in the kernel for the inode's lock.
    let writes = CallRow(width: 1, gatheringTime: 100_000, isBulk: false)
    /// Calls on the pool that may hold the inode's lock: a write on the loop would wait for them.
    var changesOnPool = 0
    /// Bytes moved inline since the loop was last given back for them.
    var inlineBytes = 0

    /// What the file has not refused yet. A refusal is remembered, so that the same futile call is not made for every cluster.
    struct Abilities {
        var punchHole = true
        var zeroRange = true
        var allocate = true
        var deviceZero = true
        var deviceDiscard = true
        var cachedReads = true
        var shareCopies: Bool?
        var spliceCopies: Bool?
    }

    private init(path: String, options: HostFileOptions, opened: Opened, requests: LoopRequests) {
        self.path = path
        self.options = options
        self.requests = requests
        identity = HostFileIdentity(device: opened.status.device, inode: opened.status.inode)
        isDevice = opened.status.kind != .regular
        current = opened.file
        knownLength = opened.length
        super.init(
            limits: StorageLimits(
                requestAlignment: opened.alignment.request, memoryAlignment: max(opened.alignment.memory, 1)))
    }

    /// Opens `path` for the loop that the caller runs on. No lock is taken: `prepareLocks` and `commitLocks` follow, or with force-share not.
    /// - Throws: with QEMU's messages, `Could not open '/path': No such file or directory`.
    public static func open(
        _ path: String, options: HostFileOptions, on thread: isolated IOThread
    ) async throws(BlockError) -> HostFileStorage {
        if options.locking == .on && !HostCall.hasByteLocks {
            throw BlockError(.unsupported, "This kernel has no open file description locks, which locking=on needs")
        }
        HostCall.ignoreFileSizeSignal()
        let result: Result<Opened, BlockError> = await thread.requests.blocking {
            do throws(BlockError) { return .success(try Opened.open(path, options: options)) } catch { return .failure(error) }
        }
        return HostFileStorage(path: path, options: options, opened: try result.get(), requests: thread.requests)
    }

    /// In bytes, exactly; as far as this process knows, should another resize the file.
    public override var length: Int64 { knownLength }

    /// Whether it was opened never to be written.
    public override var isReadOnly: Bool { options.access == .readOnly }

    /// Whether the descriptor is open for writing now.
    public var isWritable: Bool { current?.isWritable ?? false }

    /// The open file; an error once it is closed.
    func file() throws(BlockError) -> OpenFile {
        guard let current else { throw BlockError(.system(errno: EBADF), "'\(path)' is closed") }
        return current
    }

    public override func allocatedSize() async -> Int64? {
        guard let current, case .success(let status) = HostCall.status(current.descriptor) else { return nil }
        return status.allocated
    }

    public override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        try await readBytes(at: offset, into: buffer)
    }

    public override func readNow(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        readBytesNow(at: offset, into: buffer)
    }

    public override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        try await writeBytes(at: offset, from: buffer, flags: flags)
    }

    public override func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        try await zeroBytes(at: offset, count: count, flags: flags)
    }

    public override func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        try await discardBytes(at: offset, count: count)
    }

    public override func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        try await findExtent(at: offset, limit: limit)
    }

    public override func truncate(to length: Int64, preallocation: Preallocation) async throws(BlockError) {
        try await resize(to: length, preallocation: preallocation)
    }

    public override func copy(
        from source: BlockStorage, at sourceOffset: Int64, to offset: Int64, count: Int
    ) async throws(BlockError) {
        guard let source = source as? HostFileStorage else {
            throw BlockError(.unsupported, "copying between these storages is not supported")
        }
        try await copyBytes(from: source, at: sourceOffset, to: offset, count: count)
    }

    public override func flush() async throws(BlockError) {
        if let stickyFlushError { throw .system(stickyFlushError) }
        _ = try file()
        let result = await flushes.join { await syncNow() }
        if result < 0 { throw .system(Int32(-result)) }
    }

    /// One flush, which no other of this file overlaps.
    private func syncNow() async -> Int {
        // The flush before may have failed while this one waited.
        if let stickyFlushError { return -Int(stickyFlushError) }
        guard let file = current else { return -Int(EBADF) }
        defer { withExtendedLifetime(file) {} }
        let result = await retrying { await self.sync(file) }
        if result < 0, !file.isDirect { stickyFlushError = Int32(-result) }
        return result
    }

    private func sync(_ file: OpenFile) async -> Int {
        await onRing({ await requests.sync(file.descriptor, dataOnly: true) }, orElse: { HostCall.sync(file.descriptor, dataOnly: true) })
    }

    /// Makes a request by the ring, and on the pool where there is none, or the kernel asks for a later try.
    func onRing(_ request: () async -> Int, orElse call: @escaping @Sendable () -> Int) async -> Int {
        if usesRing {
            let result = await request()
            if result != -Int(EAGAIN) { return result }
        }
        return await requests.blocking(call)
    }

    public override func prepareReopen(_ options: HostFileOptions) {
        var wanted = options
        wanted.roots = self.options.roots
        wantedOptions = wanted
    }

    public override func abandonReopen() { wantedOptions = nil }

    public override func prepareLocks(held: LockSet, shared: LockSet) async throws(BlockError) {
        try await takeNewLocks(held: held, shared: shared)
    }

    public override func commitLocks() async { await dropOldLocks() }

    public override func abortLocks() async { await dropNewLocks() }

    /// Both steps at once, for users without a graph.
    public func setPermissions(held: LockSet, shared: LockSet) async throws(BlockError) {
        try await prepareLocks(held: held, shared: shared)
        await commitLocks()
    }

    /// Gives up the locks and closes the descriptor. On the pool: the last close of a deleted file frees its blocks, which takes its time.
    ///
    /// The locks explicitly, since a program that is being started at this moment holds a copy of the descriptor until its exec.
    public override func close() async {
        guard let file = current.take() else { return }
        let held = locks.union(pendingLocks?.wanted ?? ImageLocks())
        pendingLocks = nil
        locks = ImageLocks()
        let handover = Handover(file)
        await requests.blocking { handover.close(releasing: held) }
    }

    /// Whether this file's requests take the ring where that is the better way.
    var usesRing: Bool { requests.usesRing && options.asyncIO != .threads }

    /// Repeats a call that a signal interrupted.
    func retrying(_ call: () async -> Int) async -> Int {
        while true {
            let result = await call()
            if result != -Int(EINTR) { return result }
        }
    }
}

/// A file's identity on its host.
public struct HostFileIdentity: Hashable, Sendable {
    /// The file system's device number.
    public let device: UInt64
    /// The inode's number on it.
    public let inode: UInt64

    /// Makes an identity from what `stat` tells.
    public init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }
}

/// Carries the last reference to a file to the thread that drops it. Unchecked: used by one side after the other.
private final class Handover: @unchecked Sendable {
    private var file: OpenFile?
    init(_ file: consuming OpenFile) { self.file = file }

    func close(releasing locks: ImageLocks) {
        if let file { ImageLocks.release(downTo: ImageLocks(), from: locks, on: file.descriptor) }
        file = nil
    }
}
