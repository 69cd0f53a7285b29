public import Storage

/// Holds requests back as its group's limits say. Flushes and questions pass; while the group has no limit that concerns a request, that
/// passes too, at no cost.
public final class ThrottleDriver: FilterDriver {
    /// Its place in the group.
    public let member: ThrottleMember

    /// Makes a driver that is a member of `group` until it is closed.
    public init(_ child: NodeEdge, group: ThrottleGroup) {
        member = group.join()
        super.init(child)
    }

    public override var canCompress: Bool { child.node.driver.canCompress }

    public override func passRead(at offset: Int64, count: Int64) throws(BlockError) -> Passage? {
        member.group.isLimiting(.read) ? nil : Passage(child.node, at: offset)
    }

    public override func passWrite(at offset: Int64, count: Int64) throws(BlockError) -> Passage? {
        member.group.isLimiting(.write) ? nil : Passage(child.node, at: offset)
    }

    public override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        await member.admit(.read, bytes: Int64(buffer.count))
        try await super.read(at: offset, into: buffer)
    }

    public override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        await member.admit(.write, bytes: Int64(buffer.count))
        try await super.write(at: offset, from: buffer, flags: flags)
    }

    public override func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        await member.admit(.write, bytes: count)
        try await super.writeZeroes(at: offset, count: count, flags: flags)
    }

    public override func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        await member.admit(.write, bytes: count)
        try await super.discard(at: offset, count: count)
    }

    public override func copy(from source: BlockStorage, at sourceOffset: Int64, to offset: Int64, count: Int) async throws(BlockError) {
        await member.admit(.write, bytes: Int64(count))
        try await child.node.copy(fromStorage: source, at: sourceOffset, to: offset, count: count)
    }

    public override func drainBegan() { member.beginDrain() }

    public override func drainEnded() { member.endDrain() }

    public override func close() async {
        member.leave()
    }
}
