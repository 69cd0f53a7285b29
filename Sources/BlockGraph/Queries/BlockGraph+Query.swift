import IOLoop
public import Storage

/// What a job asks of a node before it copies.
public struct NodeSizes: Sendable {
    /// In bytes.
    public let length: Int64
    /// How many bytes the node allocates at a time; 1 where that has no meaning.
    public let allocationUnit: Int64

    init(_ node: Node) {
        length = node.length
        allocationUnit = node.driver.allocationUnit
    }
}

extension BlockGraph {
    /// Every node, newest first (`query-named-block-nodes`). Waits for no request and no change, and gives the executor back after every
    /// few nodes, so that thousands of them delay nobody; what comes or goes meanwhile may be missed.
    public func nodes() async -> [NodeInfo] {
        let all = table.newestFirst
        var result: [NodeInfo] = []
        result.reserveCapacity(all.count)
        for start in stride(from: 0, to: all.count, by: BlockGraph.describedAtOnce) {
            result += await describe(Array(all[start..<min(all.count, start + BlockGraph.describedAtOnce)]))
        }
        return result
    }

    /// How many nodes are described in one turn of the executor.
    private static let describedAtOnce = 64

    /// One node.
    public func node(_ name: String) async throws(BlockError) -> NodeInfo {
        let id = try find(name).id
        guard let info = await describe([id]).first else { throw BlockError(.inUse, "Node '\(name)' has gone") }
        return info
    }

    /// A node's length in bytes.
    public func length(of name: String) async throws(BlockError) -> Int64 {
        let handle = try handle(try find(name).id)
        return await handle.thread.run { io in handle.value.length }
    }

    /// The sizes of several nodes, in their order; those on one loop are asked in one call.
    public func sizes(of names: [String]) async throws(BlockError) -> [NodeSizes] {
        let handles = try names.map { (name) throws(BlockError) in try handle(try find(name).id) }
        if let thread = handles.first?.thread, handles.allSatisfy({ $0.thread === thread }) {
            return await thread.run { (io: isolated IOThread) in handles.map { NodeSizes($0.value) } }
        }
        var sizes: [NodeSizes] = []
        for handle in handles { sizes.append(await handle.thread.run { (io: isolated IOThread) in NodeSizes(handle.value) }) }
        return sizes
    }

    /// Whether a node stores compressed what is written with `WriteFlags.compressed`.
    public func canCompress(_ name: String) async throws(BlockError) -> Bool {
        let handle = try handle(try find(name).id)
        return await handle.thread.run { io in handle.value.driver.canCompress }
    }

    /// What a node has done since it was opened.
    public func statistics(of name: String) async throws(BlockError) -> NodeStatistics {
        let handle = try handle(try find(name).id)
        return await handle.thread.run { io in handle.value.statistics }
    }

    /// What only the loop knows of a node.
    fileprivate struct LiveState: Sendable {
        var length: Int64 = 0
        var allocated: Int64?
        var details = ImageDetails()
        var bitmaps: [BitmapInfo] = []
        var writeThreshold: UInt64 = 0

        init(_ node: Node) async {
            length = node.length
            allocated = await node.driver.allocatedSize()
            details = await node.driver.imageDetails()
            details.snapshots = node.snapshotKeeper?.keeper.internalSnapshots ?? []
            bitmaps = node.bitmaps.reversed().filter { $0.name != nil }.map { BitmapInfo($0) }
            writeThreshold = node.writeThreshold
        }
    }

    private func describe(_ ids: [NodeID]) async -> [NodeInfo] {
        var (infos, handles) = staticInfos(ids)
        // One visit a loop, not one a node.
        for thread in threads {
            let here = handles.indices.filter { handles[$0].thread === thread }
            guard !here.isEmpty else { continue }
            let visited = here.map { handles[$0] }
            let states = await thread.run { (io: isolated IOThread) async -> [LiveState] in
                var states: [LiveState] = []
                for handle in visited { states.append(await LiveState(handle.value)) }
                return states
            }
            for (index, state) in zip(here, states) { infos[index].complete(state) }
        }
        return infos
    }

    /// What the control plane knows of nodes, and where the rest is to be had; in one turn.
    private func staticInfos(_ ids: [NodeID]) -> ([NodeInfo], [LoopBound<Node>]) {
        var infos: [NodeInfo] = []
        var handles: [LoopBound<Node>] = []
        var names = names()
        for id in ids {
            // A node that is still being opened is none yet.
            guard let node = topology.nodes[id], let record = table.record(id), topology.node(named: node.name)?.id == id else { continue }
            infos.append(staticInfo(node, record, &names))
            handles.append(record.handle)
        }
        return (infos, handles)
    }

    private func staticInfo(_ node: Topology.Node, _ record: NodeRecord, _ names: inout NodeNames) -> NodeInfo {
        let edges = node.children.compactMap { topology.edges[$0] }
        let below = edges.first { $0.role == .backing || $0.role == .filtered && (node.isFilter || record.spec == nil) }
        return NodeInfo(
            nodeName: node.name, driver: node.driverName, filename: names.filename(of: node.id), isReadOnly: node.isReadOnly,
            detectZeroes: record.spec == nil ? .off : record.options.detectZeroes, cacheDirect: record.options.cacheDirect,
            cacheNoFlush: record.options.cacheNoFlush,
            backingFilename: below.flatMap { $0.role == .backing ? names.filename(of: $0.child) : nil },
            nodeBelow: below.flatMap { topology.nodes[$0.child]?.name },
            children: edges.compactMap { edge in
                topology.nodes[edge.child].map { NodeInfo.Child(name: edge.name, nodeName: $0.name) }
            },
            image: ImageInfo(virtualSize: 0, actualSize: nil, details: ImageDetails()), bitmaps: [], writeThreshold: 0)
    }
}

extension NodeInfo {
    fileprivate mutating func complete(_ state: BlockGraph.LiveState) {
        image.virtualSize = state.length
        image.actualSize = state.allocated
        image.details = state.details
        bitmaps = state.bitmaps
        writeThreshold = state.writeThreshold
    }
}
