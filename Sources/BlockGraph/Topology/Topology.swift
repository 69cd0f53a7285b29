import Storage

/// Names a node for as long as the daemon runs; later nodes have greater numbers.
struct NodeID: Hashable, Comparable {
    let number: Int
    static func < (left: NodeID, right: NodeID) -> Bool { left.number < right.number }
}

/// Names a parent's hold on a node.
struct EdgeID: Hashable {
    let number: Int
}

/// Who uses whom, as ids and values: no I/O, no waiting. A change is carried out within `attempt` or `rehearse`, so that it either holds in
/// all of the graph or nothing has happened; it costs what it touches, however large the rest of the graph is.
///
/// Invariants: no request comes back to a node that it has passed, by edges or by the users that serve a filter; an edge is listed by its child and by its parent; `permissions` of every edge from a node are what that
/// node's policy derives from the node's own parents, as of the last `refresh`; a node's tally counts the permissions of its parents' edges.
struct Topology {
    struct Node {
        let id: NodeID
        let name: String
        let driverName: String
        /// Which permissions it asks of its children.
        var policy: PermissionPolicy
        var isReadOnly = false
        /// Whether it could be written until the reopening that is being tried.
        var becomesReadOnly = false
        var sharesEverything = false
        /// Whether requests can reach its last byte without growing it; see `refresh`.
        var endIsAligned = true
        /// Whether the user of the monitor added it (and so may delete it).
        var isMonitorOwned = false
        var isFilter = false
        /// Whether a job put it there: a filter that belongs to the job, and that whoever comes to the node below comes to.
        var isJobFilter = false
        /// How many nodes stand over each other from this one down, itself included.
        fileprivate(set) var layers = 1
        /// The users through which the parents' requests reach other nodes, for a job's filter.
        fileprivate(set) var servants: [UserID] = []
        /// The job's filter on this node.
        fileprivate(set) var jobFilter: NodeID?
        /// Oldest first, as the newest come and go most.
        fileprivate(set) var parentEdges: [EdgeID] = []
        /// What the parents do and let others do.
        fileprivate(set) var tally = PermissionTally()
        /// In the driver's order.
        fileprivate(set) var children: [EdgeID] = []

        init(id: NodeID, name: String, driverName: String, policy: @escaping PermissionPolicy) {
            self.id = id
            self.name = name
            self.driverName = driverName
            self.policy = policy
        }

        /// Newest first.
        var parents: ReversedCollection<[EdgeID]> { parentEdges.reversed() }
    }

    enum Parent: Equatable {
        case node(NodeID)
        case user(UserID)
    }

    struct Edge {
        let id: EdgeID
        var parent: Parent
        var child: NodeID
        let name: String
        let role: ChildRole
        var permissions: Permissions
    }

    struct User {
        let id: UserID
        let kind: NodeUserSpec.Kind
        let edge: EdgeID
        /// Why the user is still here though its job is over.
        var abandonment: String?
        /// The job's filter whose parents' requests go through this user, too: a mirror's writes to its target.
        var servesFilter: NodeID?
        /// Who was attached in one step with this user: one request of their job may wait for several of their nodes at once.
        var companions: [UserID] = []
    }

    private(set) var nodes: [NodeID: Node] = [:]
    private(set) var edges: [EdgeID: Edge] = [:]
    private(set) var users: [UserID: User] = [:]
    private var names: [String: NodeID] = [:]
    /// How to undo the attempt in progress, the last step last; nil outside of one.
    private var undo: [Undo]?
    /// Nodes that had more layers than `mostLayers` at some moment of the attempt in progress.
    private var deepNodes: Set<NodeID> = []
    /// The most nodes over one another. Names, queries and requests go down all of them, so that a bound on the layers bounds their stacks; chains of
    /// images in use have some hundred at most.
    static let mostLayers = 1000
    /// Nodes and edges looked at or changed since the start: what changes have cost, for the tests of scale.
    private(set) var work = 0

    /// The reverse of one step.
    private enum Undo {
        case removeNode(NodeID)
        case addNode(Node, isNamed: Bool)
        case resetNode(Node)
        case removeEdge(EdgeID)
        case insertEdge(Edge, Places)
        case redirectEdge(EdgeID, to: NodeID, Places)
        case resetPermissions(EdgeID, Permissions)
        case removeUser(UserID)
        case setUser(User)
    }

    /// Where an edge stands in its child's and in its parent's list.
    private struct Places {
        var amongParents: Int?
        var amongChildren: Int?
    }

    // MARK: Looking

    func node(named name: String) -> Node? { names[name].flatMap { nodes[$0] } }

    func cumulative(_ id: NodeID) -> Permissions { nodes[id]?.tally.cumulative ?? Permissions() }

    // MARK: All or nothing

    /// Carries out `edit` and derives the permissions below `seeds` anew.
    /// - Parameter extent: how far down the edit can matter.
    /// - Returns: the nodes whose permissions may be others now.
    /// - Throws: on the first conflict, in QEMU's words; everything is then as before.
    @discardableResult
    mutating func attempt(
        from seeds: [NodeID], extent: Extent = .all, _ edit: (inout Topology) -> Void
    ) throws(BlockError) -> [NodeID] {
        precondition(undo == nil, "attempts don't nest")
        undo = []
        deepNodes = []
        edit(&self)
        do throws(BlockError) {
            let reached = try refresh(from: seeds, extent)
            undo = nil
            return reached
        } catch {
            rollBack()
            throw error
        }
    }

    /// Tells what an attempt would come to, and leaves everything as it was.
    /// - Returns: what `look` says of the topology that the attempt would make, and of the nodes that it would return.
    /// - Throws: as the attempt would.
    mutating func rehearse<Value>(
        from seeds: [NodeID], extent: Extent = .all, _ edit: (inout Topology) -> Void, look: (Topology, [NodeID]) -> Value
    ) throws(BlockError) -> Value {
        precondition(undo == nil, "attempts don't nest")
        undo = []
        deepNodes = []
        defer { rollBack() }
        edit(&self)
        let reached = try refresh(from: seeds, extent)
        return look(self, reached)
    }

    /// How far down an edit can matter.
    enum Extent {
        /// To everything below the seeds.
        case all
        /// It does nothing but give the one seed more children: what it reaches ends where nothing changes.
        case newChildren
        /// It does nothing but take parents from the seeds: likewise.
        case lostParents
    }

    private mutating func refresh(from seeds: [NodeID], _ extent: Extent) throws(BlockError) -> [NodeID] {
        guard !deepNodes.contains(where: { (nodes[$0]?.layers ?? 0) > Topology.mostLayers }) else {
            throw BlockError(.invalidOption, "More than \(Topology.mostLayers) nodes would stand over one another")
        }
        try refuseCircles(newArcs)
        let seeds = seeds.filter { nodes[$0] != nil }
        switch extent {
        case .all: break
        case .newChildren:
            if let seed = seeds.first, let reached = try refreshChanges(below: [seed], newEdges: connectedEdges) { return reached }
        case .lostParents:
            if let reached = try refreshChanges(below: seeds, newEdges: []) { return reached }
        }
        return try refresh(from: seeds)
    }

    /// The edges that were added in the attempt in progress.
    private var connectedEdges: Set<EdgeID> {
        var edges: Set<EdgeID> = []
        for case .removeEdge(let id) in undo ?? [] { edges.insert(id) }
        return edges
    }

    /// The edges that were added, or lead elsewhere, in the attempt in progress, with those of users that serve a filter now.
    private var newArcs: Set<EdgeID> {
        var arcs: Set<EdgeID> = []
        for step in undo ?? [] {
            switch step {
            case .removeEdge(let id), .redirectEdge(let id, _, _): arcs.insert(id)
            case .setUser(let user): arcs.insert(user.edge)
            default: break
            }
        }
        return arcs
    }

    private mutating func rollBack() {
        let steps = undo ?? []
        undo = nil
        for step in steps.reversed() { revert(step) }
    }

    private mutating func revert(_ step: Undo) {
        switch step {
        case .removeNode(let id):
            if let node = nodes.removeValue(forKey: id), names[node.name] == id { names[node.name] = nil }
        case .addNode(let node, let isNamed):
            nodes[node.id] = node
            if isNamed { names[node.name] = node.id }
        case .resetNode(let node):
            nodes[node.id] = node
        case .removeEdge(let id):
            if let edge = edges[id] { detach(edge) }
        case .insertEdge(let edge, let places):
            insert(edge, places)
        case .redirectEdge(let id, let child, let places):
            guard let edge = edges[id] else { return }
            _ = removeFromChild(edge)
            edges[id]?.child = child
            if let edge = edges[id] { addToChild(edge, at: places.amongParents) }
            countLayers(edge.parent)
        case .resetPermissions(let id, let permissions):
            replacePermissions(of: id, permissions)
        case .removeUser(let id):
            users[id] = nil
        case .setUser(let user):
            users[user.id] = user
        }
    }

    // MARK: Changing

    mutating func add(_ node: Node) {
        addUnnamed(node)
        publish(node.id)
    }

    /// Adds a node that is being opened: it has edges and permissions, and nobody finds it before `publish`.
    mutating func addUnnamed(_ node: Node) {
        work += 1
        undo?.append(.removeNode(node.id))
        nodes[node.id] = node
    }

    /// Lets a node be found by its name. Within an attempt, only for a node that was added in it.
    mutating func publish(_ id: NodeID) {
        guard let name = nodes[id]?.name else { return }
        names[name] = id
    }

    mutating func update(_ id: NodeID, _ change: (inout Node) -> Void) {
        guard let old = nodes[id] else { return }
        work += 1
        undo?.append(.resetNode(old))
        var node = old
        change(&node)
        nodes[id] = node
    }

    /// Adds an edge as its child's newest parent and its parent's last child; permissions of a node's edge come with `refresh`.
    mutating func connect(_ edge: Edge) {
        work += 1
        undo?.append(.removeEdge(edge.id))
        insert(edge, Places())
    }

    mutating func add(_ user: User, _ edge: Edge) {
        undo?.append(.removeUser(user.id))
        users[user.id] = user
        connect(edge)
    }

    mutating func remove(_ user: UserID) {
        guard let gone = users.removeValue(forKey: user) else { return }
        undo?.append(.setUser(gone))
        disconnect(gone.edge)
    }

    mutating func setPermissions(of user: UserID, _ permissions: Permissions) {
        guard let edge = users[user]?.edge else { return }
        setPermissions(of: edge, permissions)
    }

    mutating func abandon(_ user: UserID, _ reason: String) { users[user]?.abandonment = reason }

    /// Says that requests to a job's filter go on through a user, to the node that it is on.
    mutating func serve(_ filter: NodeID, by user: UserID) {
        guard let old = users[user] else { return }
        undo?.append(.setUser(old))
        users[user]?.servesFilter = filter
        update(filter) { $0.servants.append(user) }
    }

    /// Leads an edge to another node, as its newest parent.
    mutating func redirect(_ id: EdgeID, to child: NodeID) {
        guard let edge = edges[id] else { return }
        work += 1
        let place = removeFromChild(edge)
        undo?.append(.redirectEdge(id, to: edge.child, Places(amongParents: place)))
        edges[id]?.child = child
        if let edge = edges[id] { addToChild(edge, at: nil) }
        countLayers(edge.parent)
    }

    mutating func disconnect(_ id: EdgeID) {
        guard let edge = edges[id] else { return }
        work += 1
        let places = detach(edge)
        undo?.append(.insertEdge(edge, places))
    }

    /// Removes a node and its edges downwards; it has no parents any more.
    mutating func remove(_ id: NodeID) {
        guard let node = nodes[id] else { return }
        for edge in node.children { disconnect(edge) }
        guard let bare = nodes.removeValue(forKey: id) else { return }
        let isNamed = names[node.name] == id
        undo?.append(.addNode(bare, isNamed: isNamed))
        if isNamed { names[node.name] = nil }
    }

    mutating func setPermissions(of id: EdgeID, _ permissions: Permissions) {
        work += 1
        guard let old = edges[id]?.permissions, old != permissions else { return }
        undo?.append(.resetPermissions(id, old))
        replacePermissions(of: id, permissions)
    }

    /// Counts nodes looked at.
    mutating func count(_ looked: Int) { work += looked }

    // MARK: Both lists and the tally

    private mutating func insert(_ edge: Edge, _ places: Places) {
        edges[edge.id] = edge
        addToChild(edge, at: places.amongParents)
        guard case .node(let parent) = edge.parent, let count = nodes[parent]?.children.count else { return }
        nodes[parent]?.children.insert(edge.id, at: places.amongChildren ?? count)
        countLayers(edge.parent)
    }

    /// Counts the layers of a node whose children are others, and of those above it that this concerns.
    private mutating func countLayers(_ parent: Parent) {
        guard case .node(let id) = parent else { return }
        var pending = [id]
        while let id = pending.popLast() {
            guard let node = nodes[id] else { continue }
            var layers = 1
            for edge in node.children {
                if let child = edges[edge]?.child, let below = nodes[child]?.layers { layers = max(layers, 1 + below) }
            }
            // Between two steps of an edit there may be a circle: the count ends above the bound.
            layers = min(layers, Topology.mostLayers + 1)
            guard layers != node.layers else { continue }
            nodes[id]?.layers = layers
            if layers > Topology.mostLayers { deepNodes.insert(id) }
            for edge in node.parentEdges { if case .node(let above)? = edges[edge]?.parent { pending.append(above) } }
        }
    }

    @discardableResult
    private mutating func detach(_ edge: Edge) -> Places {
        var places = Places()
        places.amongParents = removeFromChild(edge)
        edges[edge.id] = nil
        if case .node(let parent) = edge.parent, let index = nodes[parent]?.children.firstIndex(of: edge.id) {
            nodes[parent]?.children.remove(at: index)
            places.amongChildren = index
            countLayers(edge.parent)
        }
        return places
    }

    private mutating func addToChild(_ edge: Edge, at place: Int?) {
        guard let count = nodes[edge.child]?.parentEdges.count else { return }
        nodes[edge.child]?.parentEdges.insert(edge.id, at: place ?? count)
        if let filter = jobFilter(edge) { nodes[edge.child]?.jobFilter = filter }
        nodes[edge.child]?.tally.add(edge.permissions)
    }

    private mutating func removeFromChild(_ edge: Edge) -> Int? {
        guard let index = nodes[edge.child]?.parentEdges.lastIndex(of: edge.id) else { return nil }
        nodes[edge.child]?.parentEdges.remove(at: index)
        nodes[edge.child]?.tally.remove(edge.permissions)
        if let filter = jobFilter(edge), nodes[edge.child]?.jobFilter == filter { nodes[edge.child]?.jobFilter = nil }
        return index
    }

    /// The job's filter whose edge to the filtered node this is.
    private func jobFilter(_ edge: Edge) -> NodeID? {
        guard edge.role == .filtered, case .node(let parent) = edge.parent, nodes[parent]?.isJobFilter == true else { return nil }
        return parent
    }

    private mutating func replacePermissions(of id: EdgeID, _ permissions: Permissions) {
        guard let edge = edges[id] else { return }
        nodes[edge.child]?.tally.remove(edge.permissions)
        nodes[edge.child]?.tally.add(permissions)
        edges[id]?.permissions = permissions
    }
}
