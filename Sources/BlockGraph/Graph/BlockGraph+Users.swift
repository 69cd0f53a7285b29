import IOLoop
public import Storage

extension BlockGraph {
    /// Attaches a user to a node.
    /// - Throws: when the permissions conflict with another user's, here or (through the image locks) in another process.
    public func attach(_ spec: NodeUserSpec, to name: String) async throws(BlockError) -> NodeUser {
        let users = try await attach([(spec, name)])
        guard let user = users.first else { throw BlockError(.inUse, "Node '\(name)' has gone") }
        return user
    }

    /// Attaches several users in one step, all or none, and brings their nodes to one loop: what a job does with its source and target.
    /// - Returns: the users in the order of `requests`.
    public func attach(_ requests: [(spec: NodeUserSpec, node: String)]) async throws(BlockError) -> [NodeUser] {
        let names = requests.map(\.node)
        return try await withReservation(of: names, attaching: true) {
            (reservation: inout Reservation) async throws(BlockError) -> [NodeUser] in
            var ids: [NodeID] = []
            for request in requests {
                let id = try find(request.node).id
                switch request.spec.place {
                case .aboveJobs: ids.append(topology.attachmentPoint(id))
                case .belowJobs: ids.append(id)
                }
            }
            try await joinLoops(ids, holding: reservation)
            var newcomers = try await newcomers(requests.map(\.spec), on: ids)
            if newcomers.count > 1 {
                let together = newcomers.map(\.user.id)
                for index in newcomers.indices { newcomers[index].entry.companions = together }
            }
            let all = newcomers
            try await change(holding: reservation, from: ids) { edit in
                for newcomer in all { edit.add(newcomer.user, newcomer.entry, newcomer.edge, newcomer.handle) }
            }
            await extendDrains(below: ids)
            return all.map(\.user)
        }
    }

    /// A user with its edge, before it is attached.
    private struct Newcomer {
        let user: NodeUser
        var entry: Topology.User
        let edge: Topology.Edge
        let handle: LoopBound<NodeEdge>
    }

    /// Makes users of nodes that are on one loop.
    private func newcomers(_ specs: [NodeUserSpec], on ids: [NodeID]) async throws(BlockError) -> [Newcomer] {
        let nodes = try ids.map { (id) throws(BlockError) in try handle(id) }
        guard let thread = nodes.first?.thread else { return [] }
        let edges = zip(specs, nodes).map { (spec: $0, node: $1) }
        let halves = await thread.run { (io: isolated IOThread) in
            edges.map { (spec, node) -> (LoopBound<NodeAccess>, LoopBound<NodeEdge>) in
                let edge = NodeEdge(to: node.value, name: spec.edgeName)
                return (LoopBound(NodeAccess(edge: edge, permissions: spec.permissions.held), on: io), LoopBound(edge, on: io))
            }
        }
        return zip(zip(specs, ids), halves).map { (request, half) in
            let (spec, id) = request
            let (user, edge) = (UserID(number: table.nextID()), EdgeID(number: table.nextID()))
            return Newcomer(
                user: NodeUser(id: user, access: half.0), entry: Topology.User(id: user, kind: spec.kind, edge: edge),
                edge: Topology.Edge(
                    id: edge, parent: .user(user), child: id, name: spec.edgeName, role: .other, permissions: spec.permissions),
                handle: half.1)
        }
    }

    /// Changes what a user does and allows.
    public func setPermissions(of user: NodeUser, _ permissions: Permissions) async throws(BlockError) {
        try await withReservation(ofNodesOf: [user]) { (reservation: inout Reservation) async throws(BlockError) in
            guard let id = nodeID(of: user) else { throw NodeUser.gone }
            try await change(holding: reservation, from: [id]) { $0.setPermissions(of: user.id, permissions) }
            await user.thread.run { (io: isolated IOThread) -> Void in
                user.access.value.permissions = permissions.held
            }
        }
    }

    /// Detaches users, as soon as their requests in flight have ended; a node that nobody keeps is closed. Detaching twice does nothing.
    public func detach(_ users: [NodeUser]) async {
        let holders = holders(below: users)
        await BlockGraph.letThrough(holders)
        for (thread, members) in BlockGraph.byLoop(users) {
            // New requests are refused from here on, and those in flight end before the permissions go.
            await thread.run { (io: isolated IOThread) async -> Void in
                for user in members { user.access.value.detach() }
                for user in members { await user.access.value.quiesce() }
            }
        }
        await BlockGraph.holdAgain(holders)
        for user in users { await endHurry(user) }
        await withReservation(ofNodesOf: users) { (reservation: inout Reservation) async in
            let gone = users.map(\.id).filter { topology.users[$0] != nil }
            let ids = users.filter { topology.users[$0.id] != nil }.compactMap { nodeID(of: $0) }
            await giveUp(holding: reservation, from: ids) { edit in for id in gone { edit.remove(id) } }
            for id in ids { await closeIfUnused(id, holding: reservation) }
        }
    }

    /// Detaches one user.
    public func detach(_ user: NodeUser) async { await detach([user]) }

    /// Says that a user's job is over while its requests have not ended. The user keeps what it holds until it is detached; who wants to
    /// delete or reuse the node is refused with `reason`, one sentence without a full stop.
    public func abandon(_ user: NodeUser, reason: String) { table.abandon(user.id, reason) }

    /// The node that a user is on now.
    public func nodeName(of user: NodeUser) -> String? { nodeID(of: user).flatMap { topology.nodes[$0]?.name } }

    /// Refuses to go on with a node that a job has, or that is a job's filter: `Node 'x' is busy: block device is in use by block job: mirror`.
    public func refuseIfBusy(_ name: String) throws(BlockError) {
        guard let node = topology.node(named: name) else { return }
        if let reason = abandonment(of: node) { throw BlockError(.inUse, "Node '\(name)' is busy: \(reason)") }
        if let type = topology.jobType(on: node.id) {
            throw BlockError(.inUse, "Node '\(name)' is busy: block device is in use by block job: \(type)")
        }
    }

    /// Why a node is held though its job is over: by a user of its own, or by one of a filter that the job has put on it.
    func abandonment(of node: Topology.Node) -> String? {
        let filters = node.parents.lazy.compactMap { edge -> NodeID? in
            guard case .node(let id)? = self.topology.edges[edge]?.parent, self.topology.nodes[id]?.isFilter == true else { return nil }
            return id
        }
        return ([node.id] + filters).lazy.flatMap { self.topology.users(on: $0) }.compactMap(\.abandonment).first
    }

    /// Refuses to go on with a node that overlays stand on.
    func refuseIfBacking(_ node: Topology.Node) throws(BlockError) {
        guard let overlay = topology.overlay(on: node.id), let name = topology.nodes[overlay]?.name else { return }
        throw BlockError(.inUse, "Node '\(node.name)' is busy: node is used as backing hd of '\(name)'")
    }

    func nodeID(of user: NodeUser) -> NodeID? {
        topology.users[user.id].flatMap { topology.edges[$0.edge]?.child }
    }

    func handle(_ id: NodeID) throws(BlockError) -> LoopBound<Node> {
        guard let handle = table.record(id)?.handle else { throw BlockError(.inUse, "The node has gone") }
        return handle
    }
}

extension NodeUser {
    static let gone = BlockError(.inUse, "The user has been detached")
}
