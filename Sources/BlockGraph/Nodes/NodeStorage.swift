public import Storage

/// A child node as the bytes that an image format stands on. It follows its edge when the node is replaced.
///
/// Loop-bound. Requests enter the node as its parent's do: aligned, counted and observed there.
public class NodeStorage: BlockStorage {
    /// The parent's hold on the node.
    public let edge: NodeEdge

    /// Makes a storage of the node that `edge` leads to.
    public init(_ edge: NodeEdge) {
        self.edge = edge
        // The node aligns requests by itself; buffers that suit the storage below save it a copy.
        super.init(limits: StorageLimits(memoryAlignment: max(16, edge.node.driver.limits.memoryAlignment)))
    }

    /// The node's length in bytes.
    public override var length: Int64 { edge.node.length }
    /// Whether the node refuses writes.
    public override var isReadOnly: Bool { edge.node.traits.isReadOnly }

    /// Reads from the node.
    public override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        try await edge.node.read(at: offset, into: buffer)
    }

    /// Reads from the node, if it is a protocol node that can at once.
    public override func readNow(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        edge.node.readNow(at: offset, into: buffer)
    }

    /// Writes to the node.
    public override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        try await edge.node.write(at: offset, from: buffer, flags: flags)
    }

    /// Zeroes a range of the node.
    public override func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        try await edge.node.writeZeroes(at: offset, count: count, flags: flags)
    }

    /// Discards a range of the node, where its options let it.
    public override func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        try await edge.node.discard(at: offset, count: count)
    }

    /// Tells the node of a step that the format is about to take.
    public override func note(_ event: DebugEvent) { edge.node.note(event) }

    /// Flushes the node.
    public override func flush() async throws(BlockError) { try await edge.node.flush() }

    /// What the node has there.
    public override func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        try await edge.node.extent(at: offset, limit: limit)
    }

    /// Sets the node's length.
    public override func truncate(to length: Int64, preallocation: Preallocation) async throws(BlockError) {
        try await edge.node.truncate(to: length, preallocation: preallocation)
    }

    /// Copies into the node within the kernel, where both sides can.
    public override func copy(from source: BlockStorage, at sourceOffset: Int64, to offset: Int64, count: Int) async throws(BlockError) {
        if let source = source as? NodeStorage {
            try await edge.node.copy(from: source.edge.node, at: sourceOffset, to: offset, count: count)
        } else {
            try await edge.node.copy(fromStorage: source, at: sourceOffset, to: offset, count: count)
        }
    }

    /// Bytes that the node takes on its host.
    public override func allocatedSize() async -> Int64? { await edge.node.driver.allocatedSize() }
}
