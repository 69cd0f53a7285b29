public import Storage

/// Holds requests back as its group's limits say. Flushes and questions pass; while the group has no limit that concerns a request, that
/// passes too, at no cost.
public final class ThrottleDriver: FilterDriver {
    /// Its place in the group.
    public private(set) var member: ThrottleMember
    private let groups: ThrottleGroups
    /// Drains in progress.
    private var drains = 0

    /// Makes a driver that is a member of `group` until it is closed, or reopened with another one of `groups`.
    public init(_ child: NodeEdge, group: ThrottleGroup, of groups: ThrottleGroups) {
        member = group.join()
        self.groups = groups
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

    public override func drainBegan() {
        drains += 1
        member.beginDrain()
    }

    public override func drainEnded() {
        drains -= 1
        member.endDrain()
    }

    public override func prepareReopen(
        as definition: any DriverDefinition, _ options: NodeOptions, futureFile: Node?
    ) async throws(BlockError) -> DriverReopening {
        guard let spec = (definition as? ThrottleDefinition)?.spec else { return DriverReopening() }
        let group = try groups.existing(spec.group)
        return group === member.group ? DriverReopening() : Reopening(self, group.join())
    }

    /// Goes over to another group. It joins first, so that nobody removes the group meanwhile.
    private final class Reopening: DriverReopening {
        private let driver: ThrottleDriver
        private let member: ThrottleMember

        init(_ driver: ThrottleDriver, _ member: ThrottleMember) {
            self.driver = driver
            self.member = member
        }

        override func commit() async {
            // A drain that is in progress lets what comes in the new group pass too.
            for _ in 0..<driver.drains { member.beginDrain() }
            driver.member.leave()
            driver.member = member
        }

        override func abort() async { member.leave() }
    }

    public override func close() async {
        member.leave()
    }
}
