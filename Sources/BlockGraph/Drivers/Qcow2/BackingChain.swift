import ImageFormats
import Storage

/// Everything below an image, as the bytes that show where it has none.
///
/// A read must not ask every layer of a deep chain each time. Layers that are read-only qcow2 images keep their mappings for as long as the
/// structure of the chain stays (`ChainStructure`), so where a run was found is remembered. The walk ends at the first node that is anything
/// else, which gets the request as its parent's.
///
/// Loop-bound. Nothing is in flight when the structure changes.
final class BackingChain: NodeStorage {
    /// Where a run of bytes is.
    struct Place {
        /// The node that has it; nil: it reads as zeroes.
        var node: Node?
        /// Where in that node.
        var offset: Int64
        /// For how many bytes.
        var length: Int64
    }

    private var memory: ChainMemory
    /// Whether anything was looked for since `dropUnused`.
    private var isRecent = false

    /// - Parameter memoryLimit: bytes that it may take to remember runs.
    init(_ edge: NodeEdge, memoryLimit: Int) {
        memory = ChainMemory(limit: memoryLimit)
        super.init(edge)
    }

    /// Bytes that remembered runs take now.
    var memoryInUse: Int { memory.inUse }

    /// Begins anew with another limit.
    func setMemoryLimit(_ limit: Int) { memory = ChainMemory(limit: limit) }

    /// Gives the memory back when nobody has looked for anything since the last call. A chain in use keeps all that it knows.
    func dropUnused() {
        if !isRecent { memory.drop() }
        isRecent = false
    }

    /// Where a read goes on unchanged, when all of it is in one place and that is known without waiting.
    @inline(__always)
    func passRead(at offset: Int64, count: Int64) -> NodeDriver.Passage? {
        guard let place = known(at: offset, limit: count), place.length >= count, let node = place.node else { return nil }
        return NodeDriver.Passage(node, at: place.offset)
    }

    override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        if let passage = passRead(at: offset, count: Int64(buffer.count)) {
            return try await passage.node.read(at: passage.offset, into: buffer)
        }
        var done = 0
        while done < buffer.count {
            let position = offset + Int64(done)
            let place = try await place(at: position, limit: Int64(buffer.count - done))
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + Int(place.length)])
            if let node = place.node {
                try await node.read(at: place.offset, into: part)
            } else {
                part.initializeMemory(as: UInt8.self, repeating: 0)
            }
            done += part.count
        }
    }

    override func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        let place = try await place(at: offset, limit: limit)
        guard let node = place.node else { return StorageExtent(.hole, length: place.length) }
        let found = try await node.extent(at: place.offset, limit: place.length)
        return StorageExtent(found.content, length: min(found.length, place.length))
    }

    /// Where the run at `offset` is, for at most `limit` bytes; from memory, or from every layer's tables.
    private func place(at offset: Int64, limit: Int64) async throws(BlockError) -> Place {
        if let place = known(at: offset, limit: limit) { return place }
        let start = ChainMemory.granuleStart(offset)
        let found = try await walk(from: start, limit: ChainMemory.span(from: start, to: offset + limit))
        memory.add(found, at: start)
        if let place = found.part(from: offset - start, limit: limit) { return place }
        // The granule is in pieces, and this one is not its first.
        let piece = try await walk(from: offset, limit: limit)
        memory.add(piece, at: offset)
        return piece
    }

    /// As `place`, as long as nothing must be read for it.
    private func known(at offset: Int64, limit: Int64) -> Place? {
        if !isRecent { isRecent = true }
        if let place = memory.find(offset, limit: limit) { return place }
        let start = ChainMemory.granuleStart(offset)
        guard let found = walkFast(from: start, limit: ChainMemory.span(from: start, to: offset + limit)) else { return nil }
        memory.add(found, at: start)
        if let place = found.part(from: offset - start, limit: limit) { return place }
        guard let piece = walkFast(from: offset, limit: limit) else { return nil }
        memory.add(piece, at: offset)
        return piece
    }

    private func walk(from offset: Int64, limit: Int64) async throws(BlockError) -> Place {
        var node = edge.node
        var length = limit
        while let step = try await Step.of(node, at: offset, limit: &length) {
            switch step {
            case .found(let place): return place
            case .below(let next): node = next
            }
        }
        return Place(node: node, offset: offset, length: length)
    }

    private func walkFast(from offset: Int64, limit: Int64) -> Place? {
        var node = edge.node
        var length = limit
        while true {
            switch Step.fast(of: node, at: offset, limit: &length) {
            case .unknown: return nil
            case .end: return Place(node: node, offset: offset, length: length)
            case .step(.found(let place)): return place
            case .step(.below(let next)): node = next
            }
        }
    }
}

extension BackingChain.Place {
    /// The place `distance` bytes into the run, for at most `limit` bytes; nil when the run ends before.
    @inline(__always)
    func part(from distance: Int64, limit: Int64) -> BackingChain.Place? {
        guard distance < length else { return nil }
        return BackingChain.Place(node: node, offset: offset + distance, length: min(limit, length - distance))
    }
}

/// One layer's answer.
private enum Step {
    case found(BackingChain.Place)
    case below(Node)

    enum Fast {
        case step(Step)
        /// The walk ends at this node.
        case end
        /// Metadata must be read.
        case unknown
    }

    /// What a layer says without reading. `limit` shrinks to the run.
    @inline(__always)
    static func fast(of node: Node, at offset: Int64, limit: inout Int64) -> Fast {
        guard offset < node.length else { return .step(.found(BackingChain.Place(node: nil, offset: 0, length: limit))) }
        guard let driver = node.driver as? Qcow2Driver, driver.image.isReadOnly, !driver.isHeard else {
            limit = min(limit, node.length - offset)
            return .end
        }
        limit = min(limit, node.length - offset)
        guard let (mapping, length) = driver.image.mapFast(at: GuestOffset(offset), limit: Int(limit)) else { return .unknown }
        limit = Int64(length)
        return .step(step(mapping, node, driver, at: offset, limit))
    }

    /// What a layer says, its tables read where they must be; nil where the walk ends.
    static func of(_ node: Node, at offset: Int64, limit: inout Int64) async throws(BlockError) -> Step? {
        switch fast(of: node, at: offset, limit: &limit) {
        case .step(let step): return step
        case .end: return nil
        case .unknown:
            guard let driver = node.driver as? Qcow2Driver else { return nil }
            let (mapping, length) = try await driver.image.mapping(at: GuestOffset(offset), limit: Int(limit))
            limit = Int64(length)
            return step(mapping, node, driver, at: offset, limit)
        }
    }

    private static func step(_ mapping: Qcow2Mapping, _ node: Node, _ driver: Qcow2Driver, at offset: Int64, _ limit: Int64) -> Step {
        switch mapping {
        case .data(let host): return .found(BackingChain.Place(node: driver.data.node, offset: host.bytes, length: limit))
        case .zero: return .found(BackingChain.Place(node: nil, offset: 0, length: limit))
        // The layer decompresses.
        case .compressed: return .found(BackingChain.Place(node: node, offset: offset, length: limit))
        case .unallocated:
            guard let chain = driver.chain else { return .found(BackingChain.Place(node: nil, offset: 0, length: limit)) }
            return .below(chain.edge.node)
        }
    }
}
