public import Storage

/// A node that sees the requests of its parents before the node below gets them. Subclasses override what they care about and call
/// `super` to let a request go on; what they don't override passes.
///
/// `copy` is refused unless overridden: a filter that watches writes must not be passed by in the kernel.
open class FilterDriver: NodeDriver {
    /// The node below.
    public let child: NodeEdge

    /// Makes a filter over `child`.
    public init(_ child: NodeEdge) {
        self.child = child
    }

    open override var limits: StorageLimits {
        StorageLimits(memoryAlignment: child.node.driver.limits.memoryAlignment, maxTransfer: Int.max, maxZeroes: .max)
    }
    open override var preferredAlignment: Int { child.node.driver.preferredAlignment }
    open override var length: Int64 { child.node.length }
    open override var children: [NodeEdge] { [child] }

    /// Reads pass; a filter that must see them overrides this to return nil.
    open override func passRead(at offset: Int64, count: Int64) throws(BlockError) -> Passage? {
        Passage(child.node, at: offset)
    }

    open override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        try await child.node.read(at: offset, into: buffer)
    }

    open override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        try await child.node.write(at: offset, from: buffer, flags: flags)
    }

    open override func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        try await child.node.writeZeroes(at: offset, count: count, flags: flags)
    }

    open override func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        try await child.node.discard(at: offset, count: count)
    }

    open override func flush() async throws(BlockError) {
        try await child.node.flush()
    }

    open override func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        try await child.node.extent(at: offset, limit: limit)
    }

    /// What is known of the image below: its cleanliness and its clusters.
    open override func imageDetails() async -> ImageDetails { await child.node.driver.imageDetails().ofAnImageBelow }

    open override var snapshotFallback: NodeEdge? { child }

    open override func allocation(at offset: Int64, limit: Int64) async throws(BlockError) -> (isAllocated: Bool, length: Int64) {
        try await child.node.driver.allocation(at: offset, limit: limit)
    }
    open override var allocationUnit: Int64 { child.node.driver.allocationUnit }

    open override func truncate(to length: Int64, preallocation: Preallocation) async throws(BlockError) {
        try await child.node.truncate(to: length, preallocation: preallocation)
    }
}
