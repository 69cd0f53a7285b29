import IOLoop
import Ordering
import Storage

/// Which nodes there are, what stands on what, and who uses them: the one place that knows.
///
/// Everybody may look. Who changes something shows the reservation that it holds, and what belongs together changes together: a node with its record, its name
/// and its place in the list; an edge with its half on the loop; a user with its edge. Nothing here waits.
struct NodeTable {
    /// Nodes, edges and users as ids and values.
    private(set) var topology = Topology()
    private var records: [NodeID: NodeRecord] = [:]
    private var edges: [EdgeID: LoopBound<NodeEdge>] = [:]
    private var users: [UserID: NodeUser] = [:]
    private var takenNames: Set<String> = []
    private var order = ArrivalOrder<NodeID>()
    private var reserved: Set<NodeID> = []
    private var lastNumber = 0
    private var generatedNames = 0

    // MARK: Looking

    /// What the topology does not tell about a node.
    func record(_ id: NodeID) -> NodeRecord? { records[id] }
    /// An edge's half on the loop.
    func edge(_ id: EdgeID) -> LoopBound<NodeEdge>? { edges[id] }
    /// An attached user.
    func user(_ id: UserID) -> NodeUser? { users[id] }
    /// Whether any user is attached.
    var hasUsers: Bool { !users.isEmpty }
    /// All attached users.
    var allUsers: [NodeUser] { Array(users.values) }
    /// All nodes, as queries list them; those too that are being opened and have no record yet.
    var newestFirst: [NodeID] { order.newestFirst }
    /// Whether a node has a name, or is being opened under it.
    func isTaken(_ name: String) -> Bool { takenNames.contains(name) }
    /// How many nodes a loop has; this looks at all of them.
    func load(of thread: IOThread) -> Int { records.values.count { $0.handle.thread === thread } }

    /// Never given twice.
    mutating func nextID() -> Int {
        lastNumber += 1
        return lastNumber
    }

    // MARK: Names

    /// A name, and a place in the list, for a node that is to be opened. It ends with the node, or by `giveBack`.
    struct Claim {
        let id: NodeID
        let name: String
    }

    /// Takes a name, or makes one: `#block`, a number and two random digits, as nobody may choose it.
    mutating func claim(_ wanted: String?) throws(BlockError) -> Claim {
        let name = try wanted.map { (name) throws(BlockError) in try check(name) } ?? generated()
        takenNames.insert(name)
        let id = NodeID(number: nextID())
        order.append(id)
        return Claim(id: id, name: name)
    }

    /// The node has not come to be.
    mutating func giveBack(_ claim: Claim) { forget(claim.id, name: claim.name) }

    private func check(_ name: String) throws(BlockError) -> String {
        guard BlockGraph.isWellFormed(name) else { throw BlockError(.invalidOption, "Invalid node-name: '\(name)'") }
        guard name.utf8.count < 32 else { throw BlockError(.invalidOption, "Node name too long") }
        guard !takenNames.contains(name) else { throw BlockError(.invalidOption, "Duplicate nodes with node-name='\(name)'") }
        return name
    }

    private mutating func generated() -> String {
        while true {
            let digits = Int.random(in: 0..<100)
            let name = "#block\(generatedNames)\(digits < 10 ? "0" : "")\(digits)"
            generatedNames += 1
            if !takenNames.contains(name) { return name }
        }
    }

    // MARK: Reservations

    /// Nodes that one change has for itself. Only the table makes one, and whoever has it gives it back.
    struct Reservation: ~Copyable {
        fileprivate(set) var nodes: Set<NodeID>

        fileprivate init(_ nodes: Set<NodeID>) { self.nodes = nodes }

        /// Whether a node is among them. One that somebody else has reserved is not.
        borrowing func contains(_ id: NodeID) -> Bool { nodes.contains(id) }
    }

    /// Whether somebody changes a node.
    func isReserved(_ id: NodeID) -> Bool { reserved.contains(id) }

    /// Takes nodes of which nobody changes one.
    mutating func reserve(_ wanted: Set<NodeID>) -> Reservation {
        reserved.formUnion(wanted)
        return Reservation(wanted)
    }

    /// Adds nodes to a reservation.
    /// - Returns: false when somebody else changes one of them; nothing has changed then.
    mutating func extend(_ reservation: inout Reservation, with wanted: Set<NodeID>) -> Bool {
        let more = wanted.subtracting(reservation.nodes)
        guard more.isDisjoint(with: reserved) else { return false }
        reserved.formUnion(more)
        reservation.nodes.formUnion(more)
        return true
    }

    /// - Returns: the nodes that others may have now.
    mutating func release(_ reservation: consuming Reservation) -> Set<NodeID> {
        reserved.subtract(reservation.nodes)
        return reservation.nodes
    }

    // MARK: Changing

    /// Tells what an edit would come to; see `Topology.rehearse`.
    mutating func rehearse<Value>(
        holding reservation: borrowing Reservation, from seeds: [NodeID], extent: Topology.Extent, _ edit: (inout GraphEdit) -> Void,
        look: (Topology, [NodeID]) -> Value
    ) throws(BlockError) -> Value {
        try check(seeds, reservation)
        var graphEdit = GraphEdit()
        return try topology.rehearse(from: seeds, extent: extent, { graphEdit.carryOut(edit, in: &$0) }, look: look)
    }

    /// Carries an edit out, both halves of everything, or refuses it and leaves everything as it was.
    /// - Returns: the nodes whose permissions may be others now, and the edges whose halves on the loops are to be led elsewhere.
    mutating func attempt(
        holding reservation: borrowing Reservation, from seeds: [NodeID], extent: Topology.Extent, _ edit: (inout GraphEdit) -> Void
    ) throws(BlockError) -> (reached: [NodeID], redirected: [GraphEdit.Redirection]) {
        try check(seeds, reservation)
        var graphEdit = GraphEdit()
        let reached = try topology.attempt(from: seeds, extent: extent) { graphEdit.carryOut(edit, in: &$0) }
        apply(graphEdit.halves)
        return (reached, graphEdit.redirections)
    }

    /// Carries out an edit that only gives something up, which the rules never refuse.
    mutating func giveUp(holding reservation: borrowing Reservation, _ edit: (inout GraphEdit) -> Void) {
        var graphEdit = GraphEdit()
        graphEdit.carryOut(edit, in: &topology)
        apply(graphEdit.halves)
    }

    /// Changes what is kept of a node beside the topology.
    mutating func update(_ id: NodeID, holding reservation: borrowing Reservation, _ change: (inout NodeRecord) -> Void) {
        guard var record = records[id] else { return }
        change(&record)
        records[id] = record
    }

    /// Changes a node's own values, on which no permission depends before the next change of the graph.
    mutating func updateNode(_ id: NodeID, holding reservation: borrowing Reservation, _ change: (inout Topology.Node) -> Void) {
        topology.update(id, change)
    }

    /// Adds a node that is being opened: it gets edges and permissions, and nobody finds it before `publish`.
    mutating func add(_ node: Topology.Node, holding reservation: inout Reservation) {
        topology.addUnnamed(node)
        reserved.insert(node.id)
        reservation.nodes.insert(node.id)
    }

    /// Gives a node that is being opened its half on the loop.
    mutating func complete(_ id: NodeID, _ record: NodeRecord, holding reservation: borrowing Reservation) { records[id] = record }

    /// Lets a node that was opened be found.
    mutating func publish(_ id: NodeID, holding reservation: borrowing Reservation) { topology.publish(id) }

    /// Gives nodes and edges other halves, on another loop.
    mutating func relocate(
        _ nodes: [(NodeID, LoopBound<Node>)], _ newEdges: [(EdgeID, LoopBound<NodeEdge>)], holding reservation: borrowing Reservation
    ) {
        for (edge, handle) in newEdges { edges[edge] = handle }
        for (id, handle) in nodes {
            records[id]?.handle = handle
            records[id]?.toldPermissions = []
        }
    }

    /// Says that a user's job is over while its requests have not ended. This changes nothing of the graph.
    mutating func abandon(_ user: UserID, _ reason: String) { topology.abandon(user, reason) }

    /// A change touches what was reserved for it, and nothing else.
    private func check(_ seeds: [NodeID], _ reservation: borrowing Reservation) throws(BlockError) {
        for seed in seeds where topology.nodes[seed] != nil && !reservation.contains(seed) {
            throw BlockError(.inUse, "Node '\(topology.nodes[seed]?.name ?? "")' is being changed")
        }
    }

    private mutating func apply(_ halves: [GraphEdit.Half]) {
        for half in halves {
            switch half {
            case .node(let id, let record): records[id] = record
            case .noNode(let id, let name): forget(id, name: name)
            case .edge(let id, let handle): edges[id] = handle
            case .noEdge(let id): edges[id] = nil
            case .user(let user): users[user.id] = user
            case .noUser(let id): users[id] = nil
            }
        }
    }

    private mutating func forget(_ id: NodeID, name: String) {
        records[id] = nil
        order.remove(id)
        takenNames.remove(name)
    }
}

/// What the graph keeps about a node beside its place in the topology.
struct NodeRecord {
    /// How the node is opened again, on another loop for example; nil for a filter, which is bound to its job.
    var spec: DriverSpec?
    /// The node's options, inherited ones included.
    var options: NodeOptions
    /// The loop-bound half.
    fileprivate(set) var handle: LoopBound<Node>
    /// What its image locks say, where it has any.
    var locks = Permissions()
    /// What the driver was last told that its parents do, where it asked for that.
    var toldPermissions: LockSet = []
    /// What was said of it when it was opened or last reopened; nil for a job's filter.
    var given: NodeSpec?
    /// The node that it was opened with, and whose options it inherits.
    var inheritsFrom: NodeID?
    /// How the image names its backing file, empty where it names none; where that was opened, the name of its node then.
    var headerBacking = ""
    /// The number in the name of the next child that is added, where children come and go; nil before one did.
    var nextChild: Int?

    init(spec: DriverSpec?, options: NodeOptions, handle: LoopBound<Node>) {
        self.spec = spec
        self.options = options
        self.handle = handle
    }
}
