import IOLoop

/// One change of the graph, as it is carried out first on trial and then for good.
///
/// What has a half on a loop beside its half in the topology is added and taken away here with both, so that neither is forgotten: the halves
/// that don't belong to the topology are noted, and come and go with the change that takes place.
struct GraphEdit {
    /// What a change does beside the topology.
    enum Half {
        case node(NodeID, NodeRecord)
        case noNode(NodeID, name: String)
        case edge(EdgeID, LoopBound<NodeEdge>)
        case noEdge(EdgeID)
        case user(NodeUser)
        case noUser(UserID)
    }

    /// An edge that leads to another node.
    struct Redirection {
        let edge: EdgeID
        let child: NodeID
    }

    private(set) var halves: [Half] = []
    private(set) var redirections: [Redirection] = []
    private var topology = Topology()

    /// Carries out `edit` on a topology.
    mutating func carryOut(_ edit: (inout GraphEdit) -> Void, in topology: inout Topology) {
        halves = []
        redirections = []
        // Exchanged and not copied: a copy of the tables would be made with the first change.
        swap(&self.topology, &topology)
        edit(&self)
        swap(&self.topology, &topology)
    }

    /// Adds a node that is open. Its name is taken already.
    mutating func add(_ node: Topology.Node, _ record: NodeRecord) {
        topology.add(node)
        halves.append(.node(node.id, record))
    }

    /// Takes a node away, with its name and its edges downwards. It has no parents any more.
    mutating func remove(_ id: NodeID) {
        guard let node = topology.nodes[id] else { return }
        halves.append(contentsOf: node.children.map { .noEdge($0) })
        halves.append(.noNode(id, name: node.name))
        topology.remove(id)
    }

    /// Adds an edge as its child's newest parent and its parent's last child.
    mutating func connect(_ edge: Topology.Edge, _ handle: LoopBound<NodeEdge>) {
        topology.connect(edge)
        halves.append(.edge(edge.id, handle))
    }

    /// Takes an edge away.
    mutating func disconnect(_ id: EdgeID) {
        topology.disconnect(id)
        halves.append(.noEdge(id))
    }

    /// Leads edges to another node, of which they become the newest parents in their order. Whoever passes them is drained.
    /// - Parameter edges: the newest first.
    mutating func redirect(_ edges: [EdgeID], to child: NodeID) {
        for edge in edges.reversed() {
            topology.redirect(edge, to: child)
            redirections.append(Redirection(edge: edge, child: child))
        }
    }

    /// Attaches a user.
    mutating func add(_ user: NodeUser, _ entry: Topology.User, _ edge: Topology.Edge, _ handle: LoopBound<NodeEdge>) {
        topology.add(entry, edge)
        halves.append(.edge(edge.id, handle))
        halves.append(.user(user))
    }

    /// Detaches a user.
    mutating func remove(_ user: UserID) {
        if let edge = topology.users[user]?.edge { halves.append(.noEdge(edge)) }
        halves.append(.noUser(user))
        topology.remove(user)
    }

    /// Says that requests to a job's filter go on through a user.
    mutating func serve(_ filter: NodeID, by user: UserID) { topology.serve(filter, by: user) }

    /// Changes what a user does and allows.
    mutating func setPermissions(of user: UserID, _ permissions: Permissions) { topology.setPermissions(of: user, permissions) }

    /// Changes a node's own values.
    mutating func update(_ id: NodeID, _ change: (inout Topology.Node) -> Void) { topology.update(id, change) }
}
