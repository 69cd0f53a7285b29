public import IOLoop
public import Storage
import Waiting

/// The block graph's control plane: which nodes there are, who uses them and what each may do. Its I/O lives on the loops.
///
/// Changes of one connected subgraph follow each other; unrelated subgraphs never wait for one another. A change is checked on a copy of the
/// topology, then the images' locks are taken, then it is carried out with the users above drained; when it is refused nothing
/// has changed. Queries wait for no change.
public actor BlockGraph {
    /// Opens the bytes of a protocol node on its loop.
    public typealias StorageOpener =
        @Sendable (_ storage: StorageSpec, _ options: HostFileOptions, _ thread: isolated IOThread) async throws(BlockError) -> BlockStorage

    private let executor: any SerialExecutor
    /// The executor that the control plane shares.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// The loops on which new nodes are placed.
    var threads: [IOThread]
    let opener: StorageOpener
    let deadlines: GraphDeadlines
    /// What names in image headers may do.
    let headers: HeaderPolicy
    /// What drivers find around them.
    public nonisolated let surroundings: GraphSurroundings

    var topology = Topology()
    /// What the values in `topology` don't tell about a node.
    var records: [NodeID: NodeRecord] = [:]
    /// The edges' loop-bound halves.
    var edgeHandles: [EdgeID: LoopBound<NodeEdge>] = [:]
    /// Attached users.
    var attached: [UserID: NodeUser] = [:]
    /// Node-names taken, by nodes or by openings under way.
    var takenNames: Set<String> = []
    /// All nodes, as queries list them.
    var order = NodeOrder()

    private var nextNumber = 0
    private var generatedNames = 0
    /// Nodes that some change has for itself.
    private var reserved: Set<NodeID> = []
    private let reservationWaiters = Waiters()
    /// One copy of a bitmap at a time is digested.
    let digests = AsyncMutex()
    /// What lets the requests of users through whose job is cancelled.
    var hurried: [UserID: [LoopBound<Node>]] = [:]
    /// Whether all nodes are being closed.
    var isEnding = false
    /// Drains in progress.
    var drains: [Int: ActiveDrain] = [:]
    /// Which drains a node is in.
    var drainsOfNode: [NodeID: Set<Int>] = [:]

    /// Makes an empty graph.
    /// - Parameters:
    ///   - executor: what the control plane runs on.
    ///   - threads: the loops, at least one; the first is preferred.
    ///   - deadlines: how long clients wait for disks.
    ///   - headers: what names in image headers may do.
    ///   - opener: how protocol nodes reach their bytes; tests put simulated storage here.
    ///   - surroundings: what drivers find around them; nil makes some on the first loop's clock.
    public init(
        executor: any SerialExecutor, threads: [IOThread], deadlines: GraphDeadlines = GraphDeadlines(),
        headers: HeaderPolicy = HeaderPolicy(), opener: @escaping StorageOpener = BlockGraph.openHostStorage,
        surroundings: GraphSurroundings? = nil
    ) {
        precondition(!threads.isEmpty, "a graph needs a loop")
        self.surroundings = surroundings ?? GraphSurroundings(throttleGroups: ThrottleGroups(clock: LoopClock(threads[0])))
        self.executor = executor
        self.threads = threads
        self.opener = opener
        self.deadlines = deadlines
        self.headers = headers
    }

    /// Lets new nodes be placed on one more loop.
    public func add(_ thread: IOThread) { threads.append(thread) }

    // MARK: Names

    /// Whether a node has this name.
    public func contains(_ name: String) -> Bool { topology.node(named: name) != nil }

    /// Whether no other node uses the node.
    /// - Throws: when there is no such node.
    public func isRoot(_ name: String) throws(BlockError) -> Bool {
        let node = try find(name)
        return node.parents.allSatisfy {
            if case .user? = topology.edges[$0]?.parent { return true }
            return false
        }
    }

    /// Whether what comes to `name` also comes to `other`, a node below it: by whatever edges, and through the filters that jobs have put on it.
    public func stands(_ name: String, on other: String) -> Bool {
        guard let node = topology.node(named: name)?.id, let other = topology.node(named: other)?.id else { return false }
        return node != other && topology.belowServed(topology.attachmentPoint(node)).contains(other)
    }

    /// Whether both are the same node but for filters on it.
    public func isSame(_ name: String, as other: String) -> Bool {
        guard let node = topology.node(named: name)?.id, let other = topology.node(named: other)?.id else { return false }
        return topology.belowFilters(node) == topology.belowFilters(other)
    }

    /// Whether what is written to `name` is written to `other`.
    public func writes(to name: String, reach other: String) -> Bool {
        guard let node = topology.node(named: name)?.id, let other = topology.node(named: other)?.id else { return false }
        return topology.writesReach(other, from: node)
    }

    /// Refuses a node that overlays stand on: what is written there, or cut off, is missing in them.
    public func refuseIfBacking(_ name: String) throws(BlockError) {
        if let node = topology.node(named: name) { try refuseIfBacking(node) }
    }

    /// Whether a filter stands on the node: a job copies it, or saves what is overwritten on it.
    public func isFiltered(_ name: String) -> Bool {
        guard let node = topology.node(named: name) else { return false }
        return node.parents.contains {
            guard case .node(let parent)? = topology.edges[$0]?.parent else { return false }
            return topology.nodes[parent]?.isFilter ?? false
        }
    }

    func find(_ name: String) throws(BlockError) -> Topology.Node {
        guard let node = topology.node(named: name) else {
            throw BlockError(.invalidOption, "Cannot find device='' nor node-name='\(name)'")
        }
        return node
    }

    func nextID() -> Int {
        nextNumber += 1
        return nextNumber
    }

    /// Takes a name, or makes one: `#block`, a number and two random digits, as nobody may choose it.
    func takeName(_ wanted: String?) throws(BlockError) -> String {
        guard let wanted else {
            while true {
                let digits = Int.random(in: 0..<100)
                let name = "#block\(generatedNames)\(digits < 10 ? "0" : "")\(digits)"
                generatedNames += 1
                if takenNames.insert(name).inserted { return name }
            }
        }
        guard BlockGraph.isWellFormed(wanted) else { throw BlockError(.invalidOption, "Invalid node-name: '\(wanted)'") }
        guard wanted.utf8.count < 32 else { throw BlockError(.invalidOption, "Node name too long") }
        guard takenNames.insert(wanted).inserted else {
            throw BlockError(.invalidOption, "Duplicate nodes with node-name='\(wanted)'")
        }
        return wanted
    }

    func giveBackName(_ name: String) { takenNames.remove(name) }

    /// Whether a person may choose this name: a letter, then letters, digits, `-`, `.` and `_`.
    static func isWellFormed(_ name: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }
        guard let first = name.utf8.first, isLetter(first) else { return false }
        return name.utf8.dropFirst().allSatisfy {
            isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_")].contains($0)
        }
    }

    // MARK: Reservations

    /// Nodes that one change has for itself.
    struct Reservation {
        fileprivate var nodes: Set<NodeID>

        /// Whether a node is among them. One that somebody else has reserved is not.
        func contains(_ id: NodeID) -> Bool { nodes.contains(id) }
    }

    /// Takes a node that is being opened into a reservation, so that nobody changes it before it is whole.
    func extend(_ reservation: inout Reservation, with id: NodeID) {
        reserved.insert(id)
        reservation.nodes.insert(id)
    }

    /// Waits until nobody else changes what one of `names` is or stands on. Names that don't exist (any more) are passed over: look nodes
    /// up after this.
    ///
    /// A change of permissions spreads downwards, so who has a node and all below it meets nobody else's change, and changes of overlays on
    /// different images go on side by side. Nodes on different loops may have to be brought together: then all that is connected with them.
    ///
    /// - Parameter attaching: parents come to the nodes, so that the filters that jobs have put there are changed, too.
    func reserve(_ names: [String], attaching: Bool = false) async -> Reservation {
        await reservationWaiters.wait {
            let found = names.compactMap { topology.node(named: $0)?.id }
            let ids = attaching ? found.map { topology.attachmentPoint($0) } : found
            let wanted = areOnOneLoop(ids) ? Set(topology.below(ids)) : topology.component(ids)
            guard reserved.isDisjoint(with: wanted) else { return nil }
            reserved.formUnion(wanted)
            return Reservation(nodes: wanted)
        }
    }

    /// Waits until nobody else changes what users are on, wherever others have moved them by then.
    func reserve(nodesOf users: [NodeUser]) async -> Reservation {
        while true {
            let reservation = await reserve(users.compactMap { nodeName(of: $0) })
            if users.allSatisfy({ nodeID(of: $0).map { reservation.contains($0) } ?? true }) { return reservation }
            release(reservation)
        }
    }

    /// Whether the nodes need no bringing together.
    func areOnOneLoop(_ ids: [NodeID]) -> Bool {
        guard let first = ids.first, let thread = records[first]?.handle.thread else { return true }
        return ids.allSatisfy { records[$0]?.handle.thread === thread }
    }

    /// Adds nodes, and what they stand on, to a reservation without waiting.
    /// - Throws: `.inUse` when somebody else changes one of them.
    func reserveNow(_ names: [String], in reservation: inout Reservation) throws(BlockError) {
        let ids = names.compactMap { topology.node(named: $0).map { topology.attachmentPoint($0.id) } }
        let wanted = Set(topology.below(ids)).subtracting(reservation.nodes)
        guard reserved.isDisjoint(with: wanted) else {
            throw BlockError(.inUse, "Node '\(names.first ?? "")' is being changed")
        }
        reserved.formUnion(wanted)
        reservation.nodes.formUnion(wanted)
    }

    func release(_ reservation: Reservation) {
        reserved.subtract(reservation.nodes)
        reservationWaiters.wakeAll()
    }
}

/// What the graph keeps about a node beside its place in the topology.
struct NodeRecord {
    /// How the node is opened again, on another loop for example; nil for a filter, which is bound to its job.
    var spec: DriverSpec?
    /// The node's options, inherited ones included.
    var options: NodeOptions
    /// The loop-bound half.
    var handle: LoopBound<Node>
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
}
