public import IOLoop
public import Storage

/// A filter node in the graph.
public struct InsertedFilter: Sendable {
    /// Its node-name.
    public let nodeName: String
    /// The node; its `driver` is what the spec made.
    public let node: LoopBound<Node>
    /// Where it lives.
    public var thread: IOThread { node.thread }
}

extension BlockGraph {
    /// Puts a filter above a node: all its parents, but for the users in `keeping`, then reach it through the filter. No request of theirs is in
    /// flight while that happens, and `armed` still runs in that moment, on the loop: what it does holds for every later request and
    /// for no earlier one.
    /// - Parameter servedBy: users through which the parents' requests reach other nodes than the filter's children.
    /// - Throws: also when requests in flight have not ended within `GraphDeadlines.drain`.
    public func insertFilter(
        _ spec: FilterSpec, above name: String, keeping: [NodeUser] = [], servedBy: [NodeUser] = [],
        armed: @escaping @Sendable (_ filter: Node, _ child: Node) -> Void = { _, _ in }
    ) async throws(BlockError) -> InsertedFilter {
        let reservation = await reserve([name] + spec.others.map(\.node))
        defer { release(reservation) }
        let child = try find(name).id
        var others: [NodeID] = []
        for other in spec.others { others.append(try find(other.node).id) }
        try await joinLoops([child] + others)

        let filterName = try takeName(spec.nodeName)
        do throws(BlockError) {
            return try await whileDrained([child]) { () async throws(BlockError) in
                let inserted = try await insert(
                    spec, named: filterName, above: child, others: others, keeping: keeping, servedBy: servedBy.map(\.id), armed: armed)
                await extendDrains(below: [child] + others + servedBy.compactMap { nodeID(of: $0) })
                return inserted
            }
        } catch {
            giveBackName(filterName)
            throw error
        }
    }

    private func insert(
        _ spec: FilterSpec, named name: String, above child: NodeID, others: [NodeID], keeping: [NodeUser], servedBy: [UserID],
        armed: @escaping @Sendable (Node, Node) -> Void
    ) async throws(BlockError) -> InsertedFilter {
        let childHandle = try handle(child)
        var otherHandles: [LoopBound<Node>] = []
        for other in others { otherHandles.append(try handle(other)) }
        let targets = otherHandles
        let made = try await childHandle.thread.run {
            (io: isolated IOThread) throws(BlockError) -> (LoopBound<Node>, LoopBound<NodeEdge>, [LoopBound<NodeEdge>]) in
            let edge = NodeEdge(to: childHandle.value, name: spec.childName)
            let edges = zip(spec.others, targets).map { NodeEdge(to: $1.value, name: $0.name) }
            let node = Node(
                name: name, driver: try spec.makeDriver(edge, edges), traits: NodeTraits(discard: .unmap), driverName: spec.driverName)
            return (LoopBound(node, on: io), LoopBound(edge, on: io), edges.map { LoopBound($0, on: io) })
        }

        let id = NodeID(number: nextID())
        var node = Topology.Node(id: id, name: name, driverName: spec.driverName, policy: spec.permissions)
        node.isFilter = true
        node.isJobFilter = true
        node.isReadOnly = topology.nodes[child]?.isReadOnly ?? false
        let filter = node
        let moved = edgesToMove(from: child, keeping: keeping, below: others)
        var edges = [
            Topology.Edge(
                id: EdgeID(number: nextID()), parent: .node(id), child: child, name: spec.childName, role: .filtered,
                permissions: Permissions())
        ]
        for (other, target) in zip(spec.others, others) {
            edges.append(
                Topology.Edge(
                    id: EdgeID(number: nextID()), parent: .node(id), child: target, name: other.name, role: .other,
                    permissions: Permissions()))
        }
        let added = edges
        try await change(from: [id, child] + others) { topology in
            topology.add(filter)
            for edge in added { topology.connect(edge) }
            // Oldest first, so that the order among the parents stays.
            for edge in moved.reversed() { topology.redirect(edge, to: id) }
            for user in servedBy { topology.serve(id, by: user) }
        }
        for (edge, handle) in zip(added, [made.1] + made.2) { edgeHandles[edge.id] = handle }
        records[id] = NodeRecord(spec: nil, options: records[child]?.options ?? NodeOptions(), handle: made.0)
        order.append(id)
        await lead(moved, to: made.0) { armed($0, childHandle.value) }
        return InsertedFilter(nodeName: name, node: made.0)
    }

    /// Takes a filter away: its parents reach the node below directly.
    /// - Throws: also when requests in flight have not ended within `GraphDeadlines.drain`; the filter is still there then.
    public func removeFilter(_ name: String) async throws(BlockError) {
        let reservation = await reserve([name])
        defer { release(reservation) }
        let filter = try find(name)
        guard filter.isFilter, let below = filter.children.first.flatMap({ topology.edges[$0]?.child }) else {
            throw BlockError(.invalidOption, "Node '\(name)' is not a filter")
        }
        let child = try handle(below)
        let others = filter.children.compactMap { topology.edges[$0]?.child }
        let gone = try await whileDrained([filter.id]) { () async throws(BlockError) in
            let moved = Array(topology.nodes[filter.id]?.parents ?? filter.parents)
            try await change(from: [below] + others) { topology in
                for edge in moved.reversed() { topology.redirect(edge, to: below) }
                topology.remove(filter.id)
            }
            await lead(moved, to: child) { _ in }
            let gone = records.removeValue(forKey: filter.id)
            order.remove(filter.id)
            for edge in filter.children { edgeHandles[edge] = nil }
            await extendDrains(below: [below])
            return gone
        }
        if let handle = gone?.handle {
            await handle.thread.run { (io: isolated IOThread) async -> Void in await handle.value.driver.close() }
        }
        giveBackName(name)
        for other in others { await closeIfUnused(other) }
    }

    /// Takes a filter away for a job that has ended, as soon as the requests that pass it let it. While one of them hangs, the others go on and the
    /// node stays as it is; this looks again from time to time. Does nothing where the filter has gone.
    public func removeFilterWhenIdle(_ name: String) async {
        while contains(name) {
            do throws(BlockError) {
                return try await removeFilter(name)
            } catch {
                await deadlines.sleep(deadlines.drain)
            }
        }
    }

    /// Makes the parents of one node users of another, but for those in `keeping` and those that `replacement` is itself built on: a
    /// pivot. Both are drained meanwhile, so a request reaches either the one or the other. A node that nobody keeps then is closed.
    public func replace(_ name: String, with replacement: String, keeping: [NodeUser] = []) async throws(BlockError) {
        let reservation = await reserve([name, replacement])
        defer { release(reservation) }
        let old = try find(name).id
        let new = try find(replacement).id
        guard old != new else { return }
        try await joinLoops([old, new])
        let target = try handle(new)
        try await whileDrained([old, new], sparing: keeping) { () async throws(BlockError) in
            let moved = edgesToMove(from: old, keeping: keeping, below: [new])
            try await change(from: [old, new]) { topology in
                for edge in moved.reversed() { topology.redirect(edge, to: new) }
            }
            await lead(moved, to: target) { _ in }
            await extendDrains(below: [new])
        }
        await closeIfUnused(old)
    }

    /// A policy change of a filter, such as a mirror's that has stopped and wants nothing more.
    public func setPermissions(ofFilter name: String, _ policy: @escaping PermissionPolicy) async throws(BlockError) {
        let reservation = await reserve([name])
        defer { release(reservation) }
        let id = try find(name).id
        try await change(from: [id]) { $0.update(id) { $0.policy = policy } }
    }

    /// The parents' edges that follow a replacement: not the kept users', and none that would close a circle.
    func edgesToMove(from node: NodeID, keeping: [NodeUser], below targets: [NodeID]) -> [EdgeID] {
        let kept = Set(keeping.map(\.id))
        let inside = Set(topology.below(targets))
        return (topology.nodes[node].map { Array($0.parents) } ?? []).filter {
            switch topology.edges[$0]?.parent {
            case .user(let user): !kept.contains(user)
            case .node(let parent): !inside.contains(parent)
            case nil: false
            }
        }
    }

    /// Redirects the loop-bound halves of edges; everything that passes through them is drained.
    func lead(_ edges: [EdgeID], to node: LoopBound<Node>, _ then: @escaping @Sendable (Node) -> Void) async {
        let handles = edges.compactMap { edgeHandles[$0] }
        await node.thread.run { (io: isolated IOThread) -> Void in
            for edge in handles { edge.value.node = node.value }
            then(node.value)
        }
    }
}
