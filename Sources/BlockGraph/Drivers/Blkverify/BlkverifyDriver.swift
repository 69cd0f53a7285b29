public import Storage

/// Does every request on two nodes and compares what they say: an instrument that finds faults of a format.
///
/// Where the two disagree the request fails and says where. (QEMU ends its process then.)
public final class BlkverifyDriver: NodeDriver {
    /// The node that is right.
    private let raw: NodeEdge
    /// The node that is tested; its length is the node's.
    private let test: NodeEdge

    /// Makes a driver that compares `test` with `raw`.
    public init(raw: NodeEdge, test: NodeEdge) {
        self.raw = raw
        self.test = test
    }

    public override var limits: StorageLimits {
        let below = [raw.node.driver.limits, test.node.driver.limits]
        return StorageLimits(memoryAlignment: below.map(\.memoryAlignment).max() ?? 1, maxTransfer: Int.max, maxZeroes: .max)
    }
    public override var length: Int64 { test.node.length }
    public override var children: [NodeEdge] { [raw, test] }
    public override func imageDetails() async -> ImageDetails { await raw.node.driver.imageDetails().ofAnImageBelow }
    /// Counted below, twice.
    public override func allocatedSize() async -> Int64? { nil }

    public override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        let copy = BufferPool.shared.buffer(buffer.count)
        let expected = await outcome { () async throws(BlockError) in try await raw.node.read(at: offset, into: copy.bytes) }
        let found = await outcome { () async throws(BlockError) in try await test.node.read(at: offset, into: buffer) }
        try compare("read", expected, found, offset)
        if let place = BlkverifyDriver.firstDifference(copy.contents, UnsafeRawBufferPointer(buffer)) {
            throw BlockError(
                .invalidImage, "blkverify: read at \(offset), \(buffer.count) bytes: contents mismatch at offset \(offset + Int64(place))")
        }
    }

    public override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        let expected = await outcome { () async throws(BlockError) in try await raw.node.write(at: offset, from: buffer, flags: flags) }
        let found = await outcome { () async throws(BlockError) in try await test.node.write(at: offset, from: buffer, flags: flags) }
        try compare("write", expected, found, offset)
    }

    /// Only the tested node is worth keeping.
    public override func flush() async throws(BlockError) { try await test.node.flush() }

    private func outcome(_ body: () async throws(BlockError) -> Void) async -> BlockError? {
        do throws(BlockError) {
            try await body()
            return nil
        } catch {
            return error
        }
    }

    /// Both ended well, or for the same reason.
    private func compare(_ request: String, _ expected: BlockError?, _ found: BlockError?, _ offset: Int64) throws(BlockError) {
        guard expected?.kind == found?.kind else {
            throw BlockError(
                .invalidImage,
                "blkverify: \(request) at \(offset): return value mismatch: '\(found?.message ?? "Success")' instead of "
                    + "'\(expected?.message ?? "Success")'")
        }
        if let found { throw found }
    }

    static func firstDifference(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int? {
        isEqual(left, right) ? nil : zip(left, right).enumerated().first { $1.0 != $1.1 }?.offset
    }
}
