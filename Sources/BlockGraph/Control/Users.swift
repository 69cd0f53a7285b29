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
        let reservation = await reserve(names, attaching: true)
        defer { release(reservation) }
        var ids: [NodeID] = []
        for request in requests {
            let id = try find(request.node).id
            switch request.spec.place {
            case .aboveJobs: ids.append(topology.attachmentPoint(id))
            case .belowJobs: ids.append(id)
            }
        }
        try await joinLoops(ids)

        var users: [NodeUser] = []
        var additions: [(Topology.User, Topology.Edge)] = []
        for (request, id) in zip(requests, ids) {
            let userID = UserID(number: nextID())
            let edgeID = EdgeID(number: nextID())
            let node = try handle(id)
            let held = request.spec.permissions.held
            let edgeName = request.spec.edgeName
            let (access, edge) = await node.thread.run { (io: isolated IOThread) -> (LoopBound<NodeAccess>, LoopBound<NodeEdge>) in
                let edge = NodeEdge(to: node.value, name: edgeName)
                return (LoopBound(NodeAccess(edge: edge, permissions: held), on: io), LoopBound(edge, on: io))
            }
            edgeHandles[edgeID] = edge
            users.append(NodeUser(id: userID, access: access))
            additions.append(
                (
                    Topology.User(id: userID, kind: request.spec.kind, edge: edgeID),
                    Topology.Edge(
                        id: edgeID, parent: .user(userID), child: id, name: edgeName, role: .other,
                        permissions: request.spec.permissions)
                ))
        }
        if users.count > 1 {
            for index in additions.indices { additions[index].0.companions = users.map(\.id) }
        }
        do throws(BlockError) {
            let newcomers = additions
            try await change(from: ids) { topology in
                for (user, edge) in newcomers { topology.add(user, edge) }
            }
        } catch {
            for (_, edge) in additions { edgeHandles[edge.id] = nil }
            throw error
        }
        for user in users { attached[user.id] = user }
        await extendDrains(below: ids)
        return users
    }

    /// Changes what a user does and allows.
    public func setPermissions(of user: NodeUser, _ permissions: Permissions) async throws(BlockError) {
        let reservation = await reserve(nodesOf: [user])
        defer { release(reservation) }
        guard let id = nodeID(of: user) else { throw NodeUser.gone }
        try await change(from: [id]) { $0.setPermissions(of: user.id, permissions) }
        await user.thread.run { (io: isolated IOThread) -> Void in
            user.access.value.permissions = permissions.held
        }
    }

    /// Detaches users, as soon as their requests in flight have ended; a node that nobody keeps is closed. Detaching twice does nothing.
    public func detach(_ users: [NodeUser]) async {
        for user in users {
            // New requests are refused from here on, and those in flight end before the permissions go.
            let holders = holders(below: [user])
            await BlockGraph.letThrough(holders)
            await user.thread.run { (io: isolated IOThread) async -> Void in
                user.access.value.detach()
                await user.access.value.quiesce()
            }
            await BlockGraph.holdAgain(holders)
            await endHurry(user)
        }
        let reservation = await reserve(nodesOf: users)
        defer { release(reservation) }
        let gone = users.filter { topology.users[$0.id] != nil }
        let ids = gone.compactMap { nodeID(of: $0) }
        for user in gone {
            if let edge = topology.users[user.id]?.edge { edgeHandles[edge] = nil }
            attached[user.id] = nil
        }
        let userIDs = gone.map(\.id)
        do throws(BlockError) {
            try await change(from: ids) { topology in for id in userIDs { topology.remove(id) } }
        } catch {
            for id in userIDs { topology.remove(id) }
        }
        for id in ids { await closeIfUnused(id) }
    }

    /// Detaches one user.
    public func detach(_ user: NodeUser) async { await detach([user]) }

    /// Says that a user's job is over while its requests have not ended. The user keeps what it holds until it is detached; who wants to
    /// delete or reuse the node is refused with `reason`, one sentence without a full stop.
    public func abandon(_ user: NodeUser, reason: String) { topology.abandon(user.id, reason) }

    /// The node that a user is on now.
    public func nodeName(of user: NodeUser) -> String? { nodeID(of: user).flatMap { topology.nodes[$0]?.name } }

    /// Refuses to go on with a node that a job has: `Node 'x' is busy: block device is in use by block job: mirror`.
    public func refuseIfBusy(_ name: String) throws(BlockError) {
        guard let node = topology.node(named: name) else { return }
        if let reason = abandonment(of: node) { throw BlockError(.inUse, "Node '\(name)' is busy: \(reason)") }
        for user in topology.users(on: node.id) {
            if case .job(_, let type) = user.kind {
                throw BlockError(.inUse, "Node '\(name)' is busy: block device is in use by block job: \(type)")
            }
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
        for edge in node.parents.lazy.compactMap({ self.topology.edges[$0] }) where edge.role == .backing {
            guard case .node(let id) = edge.parent, let overlay = topology.nodes[id]?.name else { continue }
            throw BlockError(.inUse, "Node '\(node.name)' is busy: node is used as backing hd of '\(overlay)'")
        }
    }

    func nodeID(of user: NodeUser) -> NodeID? {
        topology.users[user.id].flatMap { topology.edges[$0.edge]?.child }
    }

    func handle(_ id: NodeID) throws(BlockError) -> LoopBound<Node> {
        guard let handle = records[id]?.handle else { throw BlockError(.inUse, "The node has gone") }
        return handle
    }
}

extension NodeUser {
    static let gone = BlockError(.inUse, "The user has been detached")
}
