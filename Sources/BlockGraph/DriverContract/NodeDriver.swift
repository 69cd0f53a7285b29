public import Storage

/// What a node does with requests: touches storage, interprets a format, or filters.
///
/// Loop-bound, subclassed by the drivers of this module and by the filters of the jobs. `Node` has already checked read-only and aligned
/// the request to `limits` before a method here is called; bounds are the caller's business. Requests overlap in time.
///
/// A driver that only moves a request to another place says so by `passRead` and `passWrite`; such nodes cost no await.
open class NodeDriver {
    /// Where a request goes on unchanged: to `node`, at `offset`.
    public struct Passage {
        /// The node that carries it out.
        public let node: Node
        /// Its place there.
        public let offset: Int64
        /// Makes a passage.
        @inline(__always)
        public init(_ node: Node, at offset: Int64) {
            self.node = node
            self.offset = offset
        }
    }

    /// For subclasses.
    public init() {}

    /// What requests to this driver must look like. A driver that passes requests on leaves alignment to the node below.
    open var limits: StorageLimits { StorageLimits(memoryAlignment: 1) }

    /// The alignment at which requests move without a read-modify-write or a bounce anywhere below: a power of two.
    open var preferredAlignment: Int { limits.requestAlignment }

    /// The length of the node in bytes.
    open var length: Int64 { 0 }

    /// The nodes below, for closing and for walking.
    open var children: [NodeEdge] { [] }

    /// Gives the driver a child that was opened or put there after it was made, or with nil takes it away. Nothing is in flight.
    /// - Throws: `.unsupported` when the driver has no such place.
    open func setChild(_ edge: NodeEdge?, named name: String) throws(BlockError) { throw NodeDriver.unsupported }

    /// The storage that this driver is a thin face of; nil unless it is a protocol driver.
    open var storage: BlockStorage? { nil }

    /// Where a read goes on unchanged; nil when `read` must see it.
    open func passRead(at offset: Int64, count: Int64) throws(BlockError) -> Passage? { nil }

    /// Where a write, a zeroing or a discard goes on unchanged; nil when this driver must see it.
    open func passWrite(at offset: Int64, count: Int64) throws(BlockError) -> Passage? { nil }

    /// Fills `buffer` from `offset`.
    open func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        guard let passage = try passRead(at: offset, count: Int64(buffer.count)) else { throw NodeDriver.unsupported }
        try await passage.node.read(at: passage.offset, into: buffer)
    }

    /// Writes all of `buffer` at `offset`.
    open func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        guard let passage = try passWrite(at: offset, count: Int64(buffer.count)) else { throw NodeDriver.unsupported }
        try await passage.node.write(at: passage.offset, from: buffer, flags: flags)
    }

    /// Makes the range read as zeroes; `.unsupported` makes the node write a buffer of zeroes instead, unless `flags` forbids it.
    open func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        guard let passage = try passWrite(at: offset, count: count) else { throw NodeDriver.unsupported }
        try await passage.node.writeZeroes(at: passage.offset, count: count, flags: flags)
    }

    /// Forgets the range.
    open func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        guard let passage = try passWrite(at: offset, count: count) else { throw NodeDriver.unsupported }
        try await passage.node.discard(at: passage.offset, count: count)
    }

    /// Makes what was written survive a power failure; by default flushes every child.
    open func flush() async throws(BlockError) {
        for child in children { try await child.node.flush() }
    }

    /// What a reader finds at `offset`, for at most `limit` bytes.
    open func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        guard let passage = try passRead(at: offset, count: limit) else { return StorageExtent(.data, length: limit) }
        return try await passage.node.extent(at: passage.offset, limit: limit)
    }

    /// Copies within the kernel from a storage; `.unsupported` when that cannot be, and nothing was then written.
    open func copy(from source: BlockStorage, at sourceOffset: Int64, to offset: Int64, count: Int) async throws(BlockError) {
        guard let passage = try passWrite(at: offset, count: Int64(count)) else { throw NodeDriver.unsupported }
        try await passage.node.copy(fromStorage: source, at: sourceOffset, to: passage.offset, count: count)
    }

    /// Sets the length; new bytes read as zeroes.
    open func truncate(to length: Int64, preallocation: Preallocation) async throws(BlockError) {
        throw BlockError(.unsupported, "Image format driver does not support resize")
    }

    /// Bytes that the image takes on its host; nil when that is not known.
    open func allocatedSize() async -> Int64? {
        var sum: Int64 = 0
        for child in children {
            guard let size = await child.node.driver.allocatedSize() else { return nil }
            sum += size
        }
        return children.isEmpty ? nil : sum
    }

    /// Prepares to go on with other options, of a definition of this driver. Nothing is in flight from here to the end of the change.
    /// - Parameter futureFile: the node that `file` will lead to, where it is to be another one; it leads there before the commit.
    /// - Throws: what the driver refuses; nothing has changed then.
    open func prepareReopen(
        as definition: any DriverDefinition, _ options: NodeOptions, futureFile: Node?
    ) async throws(BlockError) -> DriverReopening {
        DriverReopening()
    }

    /// The backing file's name as the image gives it; nil where it gives none.
    open var backingFileName: String? { nil }

    /// What a query tells of the image beside its length.
    open func imageDetails() async -> ImageDetails { ImageDetails() }

    /// The child whose image's internal snapshots are this node's too, where the driver keeps none of its own and has nothing beside it.
    open var snapshotFallback: NodeEdge? { nil }

    /// Changes which backing file the image names; what is read where it has nothing is not changed.
    /// - Parameter name: the file's name; nil for none.
    /// - Parameter format: the format's name; nil for none.
    open func setBackingFile(name: String?, format: String?) async throws(BlockError) { throw NodeDriver.unsupported }

    /// Checks that a new bitmap could be kept in the image.
    /// - Parameter others: the names of the node's other persistent bitmaps.
    /// - Throws: `.unsupported` where the format keeps none.
    open func checkCanStore(bitmap name: String, granularity: Int64, others: [String]) throws(BlockError) { throw NodeDriver.unsupported }

    /// The bitmaps that the image has kept, for its node to go on with; called when the node is made.
    /// - Throws: `.invalidImage` also when their bits take more than `memory` allows.
    open func storedBitmaps(within memory: BitmapMemory) async throws(BlockError) -> [DirtyBitmap] { [] }

    /// Marks the bitmaps in the image as being in use, on disk: whoever finds them so after a crash does not believe them. To be called before
    /// a bitmap in memory, its bits or whether it records, begins to differ from the one in the image; writing does it by itself.
    open func claimBitmaps() async throws(BlockError) {}

    /// Keeps bitmaps in the image, when nothing is going to be written to it any more, or not for a time.
    open func store(_ bitmaps: [DirtyBitmap]) async throws(BlockError) {}

    /// Goes on with bitmaps of an image that was only read up to now and can be written again: claims them if they differ from those in the
    /// image, and gives up those that the image no longer has as they were loaded.
    open func resumeBitmaps(_ bitmaps: [DirtyBitmap]) async throws(BlockError) {}

    /// Removes a bitmap from the image; nothing when it is not there.
    open func removeStoredBitmap(_ name: String) async throws(BlockError) {}

    /// Whether the node itself holds the bytes at `offset`, rather than what it takes them from where it has none, and for how many bytes, at
    /// most `limit`, that is so. Only formats with backing files ever say no.
    open func allocation(at offset: Int64, limit: Int64) async throws(BlockError) -> (isAllocated: Bool, length: Int64) { (true, limit) }

    /// How many bytes the node allocates at a time; 1 where that has no meaning.
    open var allocationUnit: Int64 { 1 }

    /// Whether `WriteFlags.compressed` has a meaning here.
    open var canCompress: Bool { false }

    /// Whether `note` has any effect.
    open var hearsEvents: Bool { false }

    /// Hears of a step that a format above is about to take. Only drivers that inject faults care.
    open func note(_ event: DebugEvent) {}

    /// Requests that the driver itself holds back, to keep a rate for example, must not be held until `drainEnded`: a drain waits for them.
    /// Nests.
    open func drainBegan() {}

    /// Ends one `drainBegan`.
    open func drainEnded() {}

    /// What the parents together do has changed to `held`. Called on the loop, after the change, for drivers whose definition asks for it.
    open func permissionsChanged(to held: LockSet) async {}

    /// Whether requests of the driver's own are in flight, for which no request of a parent waits any more. A drain waits for `settle` then.
    open var isBusyBehindRequests: Bool { false }

    /// Returns when `isBusyBehindRequests` does not hold.
    open func settle() async {}

    /// Releases what the driver holds; its children are closed by the graph. Nothing is in flight.
    open func close() async {}

    static let unsupported = BlockError(.unsupported, "Operation not supported")
}

/// A parent's hold on a node. When a node is replaced, the edge leads to the new one; that happens only while nothing passes through it.
public final class NodeEdge {
    /// The node it leads to.
    public internal(set) var node: Node { didSet { ChainStructure.changed() } }
    /// What the child is to its parent: `file`, `backing`, `root`, ...
    public let name: String

    init(to node: Node, name: String) {
        self.node = node
        self.name = name
    }
}
