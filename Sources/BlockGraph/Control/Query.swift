import IOLoop
public import Storage

extension BlockGraph {
    /// Every node, newest first (`query-named-block-nodes`). Waits for no request and no change, and gives the executor back after every
    /// few nodes, so that thousands of them delay nobody; what comes or goes meanwhile may be missed.
    public func nodes() async -> [NodeInfo] {
        let all = order.newestFirst
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

    /// How many bytes a node allocates at a time; 1 where that has no meaning.
    public func allocationUnit(of name: String) async throws(BlockError) -> Int64 {
        let handle = try handle(try find(name).id)
        return await handle.thread.run { io in handle.value.driver.allocationUnit }
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
        var infos: [NodeInfo] = []
        var handles: [LoopBound<Node>] = []
        for id in ids {
            // A node that is still being opened is none yet.
            guard let node = topology.nodes[id], let record = records[id], topology.node(named: node.name)?.id == id else { continue }
            infos.append(staticInfo(node, record))
            handles.append(record.handle)
        }
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

    private func staticInfo(_ node: Topology.Node, _ record: NodeRecord) -> NodeInfo {
        let edges = node.children.compactMap { topology.edges[$0] }
        let below = edges.first { $0.role == .backing || $0.role == .filtered && (node.isFilter || record.spec == nil) }
        return NodeInfo(
            nodeName: node.name, driver: node.driverName, filename: filename(node.id), isReadOnly: node.isReadOnly,
            detectZeroes: record.spec == nil ? .off : record.options.detectZeroes, cacheDirect: record.options.cacheDirect,
            cacheNoFlush: record.options.cacheNoFlush,
            backingFilename: below.flatMap { $0.role == .backing ? filename($0.child) : nil },
            nodeBelow: below.flatMap { topology.nodes[$0.child]?.name },
            children: edges.compactMap { edge in
                topology.nodes[edge.child].map { NodeInfo.Child(name: edge.name, nodeName: $0.name) }
            },
            image: ImageInfo(virtualSize: 0, actualSize: nil, details: ImageDetails()), bitmaps: [], writeThreshold: 0)
    }

    private func primaryChild(_ id: NodeID) -> NodeID? {
        topology.nodes[id]?.children.first.flatMap { topology.edges[$0]?.child }
    }

    /// A path where it says all there is to say, else options; a format's name is its file's when opening that anew, as this format, would
    /// give the same.
    private func filename(_ id: NodeID) -> NodeFilename {
        guard let definition = records[id]?.spec?.definition else { return primaryChild(id).map { filename($0) } ?? .plain("") }
        if definition.isNamedAsChild, let child = primaryChild(id) { return filename(child) }
        return exactFilename(id, definition).map { .plain($0) } ?? .options(options(id))
    }

    private func exactFilename(_ id: NodeID, _ definition: any DriverDefinition) -> String? {
        if let own = definition.exactFilename { return own }
        // Asked for by few: a long chain's names would be looked for again and again.
        let joined = definition.exactFilename {
            (topology.nodes[id]?.children ?? []).compactMap { topology.edges[$0]?.child }.map { child in
                records[child]?.spec.flatMap { exactFilename(child, $0.definition) }
            }
        }
        if let joined { return joined }
        guard !definition.isFilter, definition.strongOptions.isEmpty, let file = primaryChild(id) else { return nil }
        // Only a protocol node would be found again: a format below would be probed for, or not be there at all.
        guard topology.nodes[file]?.children.isEmpty == true else { return nil }
        return records[file]?.spec?.definition.exactFilename
    }

    /// The options that would open the node again, in the order in which the reference shows them.
    private func options(_ id: NodeID) -> [NodeFilename.Option] {
        guard let definition = records[id]?.spec?.definition, let node = topology.nodes[id] else { return [] }
        var list = [NodeFilename.Option(name: "driver", value: .string(definition.name))] + definition.strongOptions
        list += definition.shownChildren(
            node.children.compactMap { topology.edges[$0] }.map { .init(name: $0.name, value: .options(options($0.child))) })
        return NodeFilename.inReferenceOrder(list)
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
