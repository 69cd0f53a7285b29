public import Storage

/// What a reader gets from a backing file is kept in the node below, so that it is read there the next time.
///
/// With a bottom node only what comes from it and from above it is kept. Writes pass: the node below orders them with the copies.
public final class CopyOnReadDriver: FilterDriver {
    private let bottom: String?
    /// The node that was asked to order its requests; a filter may have come between since.
    private var ordered: Node?

    /// Makes a driver; `bottom` is a node of the chain below `child`, or nil for all of it.
    public init(_ child: NodeEdge, bottom: String? = nil) {
        self.bottom = bottom
        super.init(child)
        order()
    }

    public override var canCompress: Bool { child.node.driver.canCompress }

    public override func passRead(at offset: Int64, count: Int64) throws(BlockError) -> Passage? { nil }

    public override func passWrite(at offset: Int64, count: Int64) throws(BlockError) -> Passage? { Passage(child.node, at: offset) }

    public override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        order()
        let end = offset + Int64(buffer.count)
        var position = offset
        while position < end {
            let (isWanted, run) = try await isToBeKept(at: position, limit: end - position)
            let first = Int(position - offset)
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[first..<first + Int(run)])
            if isWanted && child.node.keepsOrder {
                try await child.node.copyUp(at: position, into: part)
            } else {
                try await child.node.read(at: position, into: part)
            }
            position += run
        }
    }

    /// The bytes are copied by the reads alone.
    public override func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        try await child.node.extent(at: offset, limit: limit)
    }

    public override func close() async {
        ordered?.giveUpOrder()
        ordered = nil
    }

    private func order() {
        guard ordered !== child.node else { return }
        ordered?.giveUpOrder()
        child.node.keepOrder()
        ordered = child.node
    }

    /// Whether the bytes come from a layer below that counts, and for how many bytes, at most `limit`, that is so.
    private func isToBeKept(at offset: Int64, limit: Int64) async throws(BlockError) -> (Bool, Int64) {
        let inside = child.node.length - offset
        guard inside > 0 else { return (false, limit) }
        let (isAllocated, run) = try await child.node.driver.allocation(at: offset, limit: min(limit, inside))
        guard !isAllocated, let bottom else { return (!isAllocated, max(1, run)) }
        var shortest = max(1, run)
        var layer = child.node.nextLayer
        while let node = layer {
            guard offset < node.length else { return (false, shortest) }
            let (isHere, length) = try await node.driver.allocation(at: offset, limit: min(shortest, node.length - offset))
            shortest = max(1, min(shortest, length))
            if isHere { return (true, shortest) }
            if node.name == bottom { return (false, shortest) }
            layer = node.nextLayer
        }
        return (false, shortest)
    }
}

extension Node {
    /// The node that this one takes bytes from where it has none; below filters.
    var nextLayer: Node? {
        var node = self
        while let filter = node.driver as? FilterDriver { node = filter.child.node }
        guard var next = node.driver.children.first(where: { $0.name == "backing" })?.node else { return nil }
        while let filter = next.driver as? FilterDriver { next = filter.child.node }
        return next
    }
}
