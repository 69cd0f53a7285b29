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
        return try await withReservation(of: [name] + spec.others.map(\.node)) {
            (reservation: inout Reservation) async throws(BlockError) -> InsertedFilter in
            try refuseIfEnding()
            let child = try find(name).id
            var others: [NodeID] = []
            for other in spec.others { others.append(try find(other.node).id) }
            try await joinLoops([child] + others, holding: reservation)

            let claim = try table.claim(spec.nodeName)
            do throws(BlockError) {
                return try await whileDrained([child]) { () async throws(BlockError) in
                    let inserted = try await insert(
                        spec, claim, above: child, others: others, keeping: keeping, servedBy: servedBy.map(\.id), armed: armed,
                        holding: reservation)
                    await extendDrains(below: [child] + others + servedBy.compactMap { nodeID(of: $0) })
                    return inserted
                }
            } catch {
                table.giveBack(claim)
                throw error
            }
        }
    }

    private func insert(
        _ spec: FilterSpec, _ claim: NodeTable.Claim, above child: NodeID, others: [NodeID], keeping: [NodeUser], servedBy: [UserID],
        armed: @escaping @Sendable (Node, Node) -> Void, holding reservation: borrowing Reservation
    ) async throws(BlockError) -> InsertedFilter {
        let childHandle = try handle(child)
        var otherHandles: [LoopBound<Node>] = []
        for other in others { otherHandles.append(try handle(other)) }
        let targets = otherHandles
        let name = claim.name
        let made = try await childHandle.thread.run {
            (io: isolated IOThread) throws(BlockError) -> (LoopBound<Node>, [LoopBound<NodeEdge>]) in
            let edge = NodeEdge(to: childHandle.value, name: spec.childName)
            let edges = zip(spec.others, targets).map { NodeEdge(to: $1.value, name: $0.name) }
            let node = Node(
                name: name, driver: try spec.makeDriver(edge, edges), traits: NodeTraits(discard: .unmap), driverName: spec.driverName)
            return (LoopBound(node, on: io), ([edge] + edges).map { LoopBound($0, on: io) })
        }
        let filter = entry(of: spec, claim)
        let moved = edgesToMove(from: child, keeping: keeping, below: others)
        let edges = edges(of: spec, from: claim.id, to: child, others)
        let record = NodeRecord(spec: nil, options: table.record(child)?.options ?? NodeOptions(), handle: made.0)
        let arming = Arming(node: claim.id) { armed($0, childHandle.value) }
        try await change(holding: reservation, from: [claim.id, child] + others, arming: arming) { edit in
            edit.add(filter, record)
            for (edge, handle) in zip(edges, made.1) { edit.connect(edge, handle) }
            edit.redirect(moved, to: claim.id)
            for user in servedBy { edit.serve(claim.id, by: user) }
        }
        return InsertedFilter(nodeName: name, node: made.0)
    }

    private func entry(of spec: FilterSpec, _ claim: NodeTable.Claim) -> Topology.Node {
        var node = Topology.Node(id: claim.id, name: claim.name, driverName: spec.driverName, policy: spec.permissions)
        node.isFilter = true
        node.isJobFilter = true
        return node
    }

    private func edges(of spec: FilterSpec, from filter: NodeID, to child: NodeID, _ others: [NodeID]) -> [Topology.Edge] {
        let children = [(spec.childName, child, ChildRole.filtered)] + zip(spec.others, others).map { ($0.name, $1, ChildRole.other) }
        return children.map { (name, child, role) in
            Topology.Edge(
                id: EdgeID(number: table.nextID()), parent: .node(filter), child: child, name: name, role: role,
                permissions: Permissions())
        }
    }

    /// Takes a filter away: its parents reach the node below directly.
    /// - Throws: also when requests in flight have not ended within `GraphDeadlines.drain`; the filter is still there then.
    public func removeFilter(_ name: String) async throws(BlockError) {
        try await withReservation(of: [name]) { (reservation: inout Reservation) async throws(BlockError) in
            let filter = try find(name)
            guard filter.isFilter, let below = filter.children.first.flatMap({ topology.edges[$0]?.child }) else {
                throw BlockError(.invalidOption, "Node '\(name)' is not a filter")
            }
            let others = filter.children.compactMap { topology.edges[$0]?.child }
            let gone = try await whileDrained([filter.id]) { () async throws(BlockError) in
                let moved = Array(topology.nodes[filter.id]?.parents ?? filter.parents)
                let gone = table.record(filter.id)?.handle
                try await change(holding: reservation, from: [below] + others) { edit in
                    edit.redirect(moved, to: below)
                    edit.remove(filter.id)
                }
                await extendDrains(below: [below])
                return gone
            }
            if let handle = gone {
                await handle.thread.run { (io: isolated IOThread) async -> Void in await handle.value.driver.close() }
            }
            for other in others { await closeIfUnused(other, holding: reservation) }
        }
    }

    /// Takes a filter away for a job that has ended, as soon as the requests that pass it let it. While one of them hangs, the others go on and the
    /// node stays as it is; this tries again when none is in flight, and from time to time. Does nothing where the filter has gone.
    public func removeFilterWhenIdle(_ name: String) async {
        while contains(name) {
            do throws(BlockError) {
                return try await removeFilter(name)
            } catch {
                await deadlines.sleep(BlockGraph.pauseBeforeNextRemoval)
                await waitUntilUnused(name)
            }
        }
    }

    /// Whatever refused a removal, it is not tried more often.
    private static let pauseBeforeNextRemoval = Duration.seconds(1)

    /// Returns when no request reaches a node, or when `GraphDeadlines.drain` has passed. Holds nobody back.
    private func waitUntilUnused(_ name: String) async {
        guard let id = topology.node(named: name)?.id else { return }
        let users = topology.usersReaching([id]).compactMap { table.user($0) }
        _ = await withinDeadline(deadlines.drain) { [self] in await waitForRequests(of: users) }
    }

    /// Makes the parents of one node users of another, but for those in `keeping` and those that `replacement` is itself built on: a
    /// pivot. Both are drained meanwhile, so a request reaches either the one or the other. In the place of a node that is read-only, the
    /// replacement is, too. A node that nobody keeps then is closed.
    public func replace(_ name: String, with replacement: String, keeping: [NodeUser] = []) async throws(BlockError) {
        try await withReservation(of: [name, replacement]) { (reservation: inout Reservation) async throws(BlockError) in
            let old = try find(name).id
            let new = try find(replacement).id
            guard old != new else { return }
            try await joinLoops([old, new], holding: reservation)
            try await whileDrained([old, new], sparing: keeping) { () async throws(BlockError) in
                let moved = edgesToMove(from: old, keeping: keeping, below: [new])
                try await change(holding: reservation, from: [old, new]) { $0.redirect(moved, to: new) }
                await extendDrains(below: [new])
            }
            if topology.nodes[old]?.isReadOnly == true {
                do throws(BlockError) {
                    try await setReadOnly(new, true, holding: reservation)
                } catch {
                    // Its users may only read, so that it stays as it is all the same.
                }
            }
            await closeIfUnused(old, holding: reservation)
        }
    }

    /// A policy change of a filter, such as a mirror's that has stopped and wants nothing more.
    public func setPermissions(ofFilter name: String, _ policy: @escaping PermissionPolicy) async throws(BlockError) {
        try await withReservation(of: [name]) { (reservation: inout Reservation) async throws(BlockError) in
            let id = try find(name).id
            try await change(holding: reservation, from: [id]) { edit in edit.update(id) { $0.policy = policy } }
        }
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
}
