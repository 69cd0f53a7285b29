import IOLoop
public import ImageFormats
public import Storage

/// The qcow2 format over its file, perhaps a data file, perhaps a backing chain.
///
/// Reads of what the image itself has cost one await, whatever the depth of the chain below: where the image has nothing, `BackingChain` knows
/// which node below does.
public final class Qcow2Driver: NodeDriver {
    /// The image.
    public let image: Qcow2Image
    private let file: NodeEdge
    private var dataFile: NodeEdge?
    private var backing: NodeEdge?
    /// What is below, remembered; nil without a backing child.
    private(set) var chain: BackingChain?

    /// Where relative names in the header begin; nil where nothing tells.
    let directory: String?
    /// Drops metadata that nobody uses, now and then.
    private var cleaner: MetadataCleaner?

    /// Makes a driver of an open image.
    init(_ image: Qcow2Image, file: NodeEdge, directory: String?) {
        self.image = image
        self.file = file
        self.directory = directory
    }

    /// Requests of any size and place; buffers as the data's storage likes them.
    public override var limits: StorageLimits {
        StorageLimits(memoryAlignment: data.node.driver.limits.memoryAlignment, maxTransfer: Int.max, maxZeroes: .max)
    }

    /// Whole clusters move without copying what is beside them.
    public override var preferredAlignment: Int { max(image.geometry.clusterSize, data.node.driver.preferredAlignment) }

    /// The virtual disk's length.
    public override var length: Int64 { image.length }

    /// The file, then the data file, then the backing child.
    public override var children: [NodeEdge] { [file, dataFile, backing].compactMap { $0 } }

    /// Where the guest's clusters are.
    var data: NodeEdge { dataFile ?? file }

    public override func setChild(_ edge: NodeEdge?, named name: String) throws(BlockError) {
        switch name {
        case "backing":
            backing = edge
            chain = edge.map { BackingChain($0, memoryLimit: image.chainMemory) }
            image.backing = chain
        case "data-file":
            dataFile = edge
            image.dataFile = edge.map { NodeStorage($0) }
            if edge != nil { try image.checkDataFile() }
        default:
            throw NodeDriver.unsupported
        }
        ChainStructure.changed()
    }

    public override func prepareReopen(
        as definition: any DriverDefinition, _ options: NodeOptions, futureFile: Node?
    ) async throws(BlockError) -> DriverReopening {
        guard let definition = definition as? Qcow2Definition else { return DriverReopening() }
        return try await Qcow2Reopening(self, to: try definition.imageOptions(options), readOnly: options.readOnly)
    }

    // MARK: Reading

    /// Whether the node below injects faults by what the image does: then every step has to be noted there.
    var isHeard: Bool { file.node.driver.hearsEvents }

    /// A read-only image's clusters don't move: its data is read where it is, without this driver.
    public override func passRead(at offset: Int64, count: Int64) throws(BlockError) -> Passage? {
        guard image.isReadOnly, !isHeard, let (mapping, length) = image.mapFast(at: GuestOffset(offset), limit: Int(count)), length == count
        else { return nil }
        switch mapping {
        case .data(let host): return Passage(data.node, at: host.bytes)
        case .unallocated: return chain?.passRead(at: offset, count: count)
        case .zero, .compressed: return nil
        }
    }

    public override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        if let chain, !isHeard, !image.isCorrupt || image.isReadOnly,
            let (mapping, length) = image.mapFast(at: GuestOffset(offset), limit: buffer.count), length == buffer.count,
            mapping == .unallocated
        {
            // What the chain has stays there, whatever is written here meanwhile.
            return try await chain.read(at: offset, into: buffer)
        }
        try await image.read(at: GuestOffset(offset), into: buffer)
    }

    public override func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        try await image.extent(at: GuestOffset(offset), limit: limit)
    }

    /// Whole clusters.
    public override var allocationUnit: Int64 { Int64(image.geometry.clusterSize) }

    public override func allocation(at offset: Int64, limit: Int64) async throws(BlockError) -> (isAllocated: Bool, length: Int64) {
        let (mapping, length) = try await image.mapping(at: GuestOffset(offset), limit: Int(limit))
        return (mapping != .unallocated, Int64(length))
    }

    public override var canCompress: Bool { true }

    public override var backingFileName: String? { image.header.backingFile }

    public override func imageDetails() async -> ImageDetails { ImageDetails(image, directory: directory) }

    public override func setBackingFile(name: String?, format: String?) async throws(BlockError) {
        try await image.setBackingFile(name: name, format: format)
    }

    // MARK: Bitmaps

    public override func storedBitmaps(within memory: BitmapMemory) async throws(BlockError) -> [DirtyBitmap] {
        try await image.dirtyBitmaps(within: memory)
    }

    /// What can be changed while the image is only read is not in the image.
    public override func claimBitmaps() async throws(BlockError) {
        if !image.isReadOnly { try await image.claimBitmaps() }
    }

    public override func store(_ bitmaps: [DirtyBitmap]) async throws(BlockError) { try await image.store(bitmaps) }

    public override func resumeBitmaps(_ bitmaps: [DirtyBitmap]) async throws(BlockError) { try await image.resume(bitmaps) }

    public override func checkCanStore(bitmap name: String, granularity: Int64, others: [String]) throws(BlockError) {
        try image.checkCanStore(name: name, granularity: granularity, others: others)
    }

    public override func removeStoredBitmap(_ name: String) async throws(BlockError) { try await image.removeBitmap(name) }

    // MARK: Writing

    /// Bitmaps in memory follow the disk; those in the image are out of use until they are stored again.
    public override func truncate(to length: Int64, preallocation: Preallocation) async throws(BlockError) {
        try await image.claimBitmaps()
        try await image.truncate(to: length, preallocation: preallocation)
        ChainStructure.changed()
    }

    public override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        if flags.contains(.compressed) { return try await image.writeCompressed(at: GuestOffset(offset), from: buffer, flags: flags) }
        try await image.write(at: GuestOffset(offset), from: buffer, flags: flags)
    }

    public override func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        try await image.writeZeroes(at: GuestOffset(offset), count: count, flags: flags)
    }

    public override func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        try await image.discard(at: GuestOffset(offset), count: count)
    }

    /// Metadata after the data that it refers to. The backing chain holds nothing of this image.
    public override func flush() async throws(BlockError) { try await image.flush() }

    public override func allocatedSize() async -> Int64? {
        guard let size = await file.node.driver.allocatedSize() else { return nil }
        guard let dataFile else { return size }
        return await dataFile.node.driver.allocatedSize().map { $0 + size }
    }

    // MARK: Memory

    /// Begins to drop metadata that nobody has used for the image's clean interval.
    func startCleaning(on thread: isolated IOThread, sleep: @escaping GraphSurroundings.Sleep) {
        cleaner = MetadataCleaner(self, on: thread, sleep: sleep)
        cleaner?.clean(every: image.options.cacheCleanInterval)
    }

    /// The image has other options: what follows from them outside of it follows.
    func optionsChanged() {
        chain?.setMemoryLimit(image.chainMemory)
        cleaner?.clean(every: image.options.cacheCleanInterval)
    }

    /// Gives back the memory of metadata that nobody has used since the last call.
    func dropUnusedMetadata() {
        image.dropUnusedMetadata()
        chain?.dropUnused()
    }

    /// Bytes of memory that metadata takes now, of the image and of the chain below.
    var metadataMemory: Int { image.metadataMemory + (chain?.memoryInUse ?? 0) }

    /// Leaves the image clean. What cannot be written any more stays for the next one who opens it: a leak, or the dirty bit.
    public override func close() async {
        cleaner?.clean(every: 0)
        do throws(BlockError) {
            try await image.close()
        } catch {
            return
        }
    }
}
