public import Storage

/// Hears of every change of a node's bytes, when it has landed (or failed half-way).
public protocol WriteObserver: AnyObject {
    /// `count` bytes at `offset` may now read differently. Called on the node's loop; must not wait.
    func didChange(at offset: Int64, count: Int64)
}

/// An element of the block graph as its I/O sees it: one driver, and what is common to all drivers around it: read-only, zero detection,
/// discard policy, alignment, dirty bitmaps, counters.
///
/// Loop-bound: methods stay on the caller's actor, which is the loop that owns the node. Buffers stay valid until the call returns.
/// Methods don't check bounds against `length` (formats grow their files): users go through `NodeAccess`, which does. Reading past the
/// end gives zeroes.
public final class Node {
    /// The node-name.
    public let name: String
    /// What it does.
    public let driver: NodeDriver
    /// The driver's name on the wire, for messages.
    public let driverName: String
    /// How it treats requests.
    public internal(set) var traits: NodeTraits { didSet { refreshTransparency() } }
    /// What it has done.
    public internal(set) var statistics = NodeStatistics()
    /// Requests that entered here and have not ended.
    public private(set) var inFlight = 0
    /// Orders requests that overlap; only nodes that must align requests use it by themselves.
    public let ranges = RangeLock()
    /// Recording bitmaps: bits are set when a write has ended.
    public private(set) var bitmaps: [DirtyBitmap] = []
    /// The offset from which a write is told, once; 0 for none.
    public private(set) var writeThreshold: UInt64 = 0
    private var thresholdReached: ((_ excess: UInt64, _ threshold: UInt64) -> Void)?
    private var observers: [any WriteObserver] = []
    /// Whether a write may pass by this node unseen.
    private var isTransparent = true
    /// Whether requests need looking at before the driver gets them: they must be aligned, or ordered.
    private var aligns: Bool
    /// Requests in flight that may change bytes.
    private var writesInFlight = 0
    /// How many users need overlapping requests ordered; see `keepOrder`.
    private var orderings = 0
    /// Whether every write in flight began after `keepOrder`.
    private var isInOrder = false

    init(name: String, driver: NodeDriver, traits: NodeTraits, driverName: String = "") {
        self.driverName = driverName
        self.name = name
        self.driver = driver
        self.traits = traits
        aligns = driver.limits.requestAlignment > 1
        refreshTransparency()
    }

    /// Its length in bytes.
    public var length: Int64 { driver.length }

    /// Tells the first write that ends beyond `threshold`, and by how much; 0 tells none.
    func setWriteThreshold(_ threshold: UInt64, reached: @escaping (_ excess: UInt64, _ threshold: UInt64) -> Void) {
        writeThreshold = threshold
        thresholdReached = threshold == 0 ? nil : reached
    }

    /// Adds a bitmap that records from now on.
    public func add(_ bitmap: DirtyBitmap) {
        bitmaps.append(bitmap)
        refreshTransparency()
    }

    /// Removes a bitmap.
    public func remove(_ bitmap: DirtyBitmap) {
        bitmaps.removeAll { $0 === bitmap }
        refreshTransparency()
    }

    /// Adds an observer; it is held strongly until removed.
    public func add(_ observer: any WriteObserver) {
        observers.append(observer)
        refreshTransparency()
    }

    /// Removes an observer.
    public func remove(_ observer: any WriteObserver) {
        observers.removeAll { $0 === observer }
        refreshTransparency()
    }

    /// From here on every request holds its range in `ranges`, so that who takes a range there exclusively is alone in it. Begun while nothing
    /// is in flight, or what is in flight is not ordered.
    public func keepOrder() {
        orderings += 1
        isInOrder = isInOrder && orderings > 1
        aligns = true
        refreshTransparency()
    }

    /// Whether who holds a range exclusively is alone in it: not yet, while writes are in flight that began before `keepOrder`.
    var keepsOrder: Bool {
        if !isInOrder { isInOrder = orderings > 0 && (writesInFlight == 0 || driver.limits.requestAlignment > 1) }
        return isInOrder
    }

    /// Ends one `keepOrder`.
    public func giveUpOrder() {
        orderings -= 1
        aligns = orderings > 0 || driver.limits.requestAlignment > 1
        refreshTransparency()
    }

    /// Fills `buffer` with the bytes at `offset`.
    public func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        var node = self
        var position = offset
        let count = Int64(buffer.count)
        statistics.reads.add(count)
        while let passage = try node.driver.passRead(at: position, count: count) {
            node = passage.node
            position = passage.offset
            node.statistics.reads.add(count)
        }
        node.inFlight += 1
        defer { node.inFlight -= 1 }
        if node.aligns {
            try await node.readAligned(at: position, into: buffer)
        } else {
            try await node.driver.read(at: position, into: buffer)
        }
    }

    /// As `read`, where nothing has to be waited for, and no driver or other request has a say.
    /// - Returns: whether `buffer` is filled.
    func readNow(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        guard !aligns, let storage = driver.storage, storage.readNow(at: offset, into: buffer) else { return false }
        statistics.reads.add(Int64(buffer.count))
        return true
    }

    /// Writes all of `buffer` at `offset`.
    public func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags = []) async throws(BlockError) {
        var node = self
        var position = offset
        let count = Int64(buffer.count)
        while node.isTransparent, let passage = try node.driver.passWrite(at: position, count: count) {
            node.countWrite(\.writes, position, count)
            node = passage.node
            position = passage.offset
        }
        guard !node.traits.isReadOnly else { throw Node.readOnly }
        if node.traits.detectZeroes != .off && isAllZero(buffer) {
            var zeroFlags: ZeroFlags = node.traits.detectZeroes == .unmap ? .mayUnmap : []
            if flags.contains(.forceUnitAccess) { zeroFlags.insert(.forceUnitAccess) }
            return try await node.writeZeroes(at: position, count: count, flags: zeroFlags)
        }
        node.countWrite(\.writes, position, count)
        node.inFlight += 1
        node.writesInFlight += 1
        defer { node.changed(position, count) }
        if node.aligns {
            try await node.writeAligned(at: position, from: buffer, flags: flags)
        } else {
            try await node.driver.write(at: position, from: buffer, flags: flags)
        }
    }

    /// Makes `count` bytes at `offset` read as zeroes, by a buffer of zeroes if need be and `flags` allows it.
    public func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags = []) async throws(BlockError) {
        guard !traits.isReadOnly else { throw Node.readOnly }
        guard count > 0 else { return }
        var flags = flags
        if traits.discard == .ignore { flags.remove(.mayUnmap) }
        countWrite(\.zeroes, offset, count)
        inFlight += 1
        writesInFlight += 1
        defer { changed(offset, count) }
        if aligns {
            try await zeroAligned(at: offset, count: count, flags: flags)
        } else {
            try await zeroPieces(at: offset, count: count, flags: flags)
        }
    }

    /// Gives `count` bytes at `offset` back; what they read as is undefined afterwards. A hint: what cannot be discarded is left.
    public func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        guard !traits.isReadOnly else { throw Node.readOnly }
        guard traits.discard == .unmap, count > 0 else { return }
        statistics.discards.add(count)
        inFlight += 1
        writesInFlight += 1
        defer { changed(offset, count) }
        do throws(BlockError) {
            try await discardPieces(at: offset, count: count)
        } catch  where error.kind == .unsupported {
            return
        }
    }

    /// Returns when every write that ended before the call is on stable storage.
    public func flush() async throws(BlockError) {
        statistics.flushes &+= 1
        guard !traits.ignoresFlush else { return }
        inFlight += 1
        defer { inFlight -= 1 }
        try await driver.flush()
    }

    /// - Returns: what a reader finds at `offset`, for at most `limit` bytes; past the end there is a hole.
    public func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        let length = self.length
        guard offset < length else { return StorageExtent(.hole, length: limit) }
        let limit = min(limit, length - offset)
        var node = self
        var position = offset
        while let passage = try node.driver.passRead(at: position, count: limit) {
            node = passage.node
            position = passage.offset
        }
        node.inFlight += 1
        defer { node.inFlight -= 1 }
        guard node.orderings > 0 else { return try await node.driver.extent(at: position, limit: limit) }
        let token = await node.ranges.acquire(at: position, count: limit, mode: .shared)
        defer { node.ranges.release(token) }
        return try await node.driver.extent(at: position, limit: limit)
    }

    /// Copies within the kernel from another node on this loop.
    /// - Throws: `.unsupported` when these two cannot; nothing was then written and the caller reads and writes instead.
    public func copy(from source: Node, at sourceOffset: Int64, to offset: Int64, count: Int) async throws(BlockError) {
        var node = source
        var position = sourceOffset
        while let passage = try node.driver.passRead(at: position, count: Int64(count)) {
            node = passage.node
            position = passage.offset
        }
        guard let storage = node.driver.storage, node.ranges.exclusiveCount == 0 else { throw NodeDriver.unsupported }
        let mask = Int64(node.driver.limits.requestAlignment - 1)
        guard (position | Int64(count)) & mask == 0, position + Int64(count) <= storage.length else { throw NodeDriver.unsupported }
        node.statistics.reads.add(Int64(count))
        node.inFlight += 1
        defer { node.inFlight -= 1 }
        try await copy(fromStorage: storage, at: position, to: offset, count: count)
    }

    /// Copies within the kernel from a storage.
    /// - Throws: `.unsupported` when these two cannot; nothing was then written.
    public func copy(fromStorage source: BlockStorage, at sourceOffset: Int64, to offset: Int64, count: Int) async throws(BlockError) {
        guard !traits.isReadOnly else { throw Node.readOnly }
        let mask = Int64(driver.limits.requestAlignment - 1)
        guard traits.detectZeroes == .off, (offset | Int64(count)) & mask == 0 else { throw NodeDriver.unsupported }
        inFlight += 1
        writesInFlight += 1
        defer { changed(offset, Int64(count)) }
        if aligns {
            let token = await ranges.acquire(at: offset, count: Int64(count), mode: .shared)
            defer { ranges.release(token) }
            try await driver.copy(from: source, at: sourceOffset, to: offset, count: count)
        } else {
            try await driver.copy(from: source, at: sourceOffset, to: offset, count: count)
        }
        countWrite(\.writes, offset, Int64(count))
    }

    /// Sets the length; new bytes read as zeroes. Bitmaps follow. The caller has drained the node.
    public func truncate(to length: Int64, preallocation: Preallocation = .off) async throws(BlockError) {
        guard length <= Self.longest else {
            throw BlockError(.outOfBounds, "offset(\(length)) exceeds maximum(\(Self.longest))")
        }
        guard !traits.isReadOnly else { throw BlockError(.readOnly, "Image is read-only") }
        for bitmap in bitmaps { try bitmap.checkResize(to: length) }
        inFlight += 1
        defer { inFlight -= 1 }
        defer { ChainStructure.changed() }
        try await driver.truncate(to: length, preallocation: preallocation)
        for bitmap in bitmaps { bitmap.resize(to: self.length) }
    }

    /// The greatest length of a node in bytes: no alignment up to 1 GiB takes an offset within it beyond 64 bits.
    static let longest = Int64.max & ~((1 << 30) - 1)

    static let readOnly = BlockError(.readOnly, "Block node is read-only")

    /// The driver's needs may be others, since it was reopened.
    func driverChanged() {
        aligns = orderings > 0 || driver.limits.requestAlignment > 1
        refreshTransparency()
    }

    private func refreshTransparency() {
        isTransparent = !traits.isReadOnly && orderings == 0 && traits.detectZeroes == .off && bitmaps.isEmpty && observers.isEmpty
    }

    @inline(__always)
    private func countWrite(_ kind: WritableKeyPath<NodeStatistics, NodeStatistics.Count>, _ offset: Int64, _ count: Int64) {
        statistics[keyPath: kind].add(count)
        let end = offset + count
        if end > statistics.highestWrite { statistics.highestWrite = end }
        if thresholdReached != nil, UInt64(end) > writeThreshold { tellThreshold(UInt64(end)) }
    }

    /// Once only: a guest that goes on writing must not flood the clients.
    private func tellThreshold(_ end: UInt64) {
        let (tell, threshold) = (thresholdReached, writeThreshold)
        thresholdReached = nil
        writeThreshold = 0
        tell?(end - threshold, threshold)
    }

    /// Ends a request that may have changed the range. Also after a failure: some of it may have landed.
    private func changed(_ offset: Int64, _ count: Int64) {
        inFlight -= 1
        writesInFlight -= 1
        for bitmap in bitmaps where bitmap.isRecording { bitmap.set(offset, count: count) }
        for observer in observers { observer.didChange(at: offset, count: count) }
    }
}
