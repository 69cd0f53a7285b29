public import IOLoop
public import Storage
import Waiting

/// The block graph's control plane: which nodes there are, who uses them and what each may do. Its I/O lives on the loops.
///
/// Changes of nodes that stand on one another follow each other; others never wait for one another. A change is rehearsed in the
/// topology and taken back, then the images' locks are taken, then it is carried out; when it is refused nothing
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

    /// Which nodes there are.
    var table = NodeTable()
    var topology: Topology { _read { yield table.topology } }
    /// Who waits for a node that somebody else changes.
    let reservationWaiters = KeyedWaiters<NodeID>()
    /// One copy of a bitmap at a time is digested.
    let digests = AsyncMutex()
    /// What lets the requests of users through whose job is cancelled.
    var hurried: [UserID: [LoopBound<Node>]] = [:]
    /// How far the daemon's end has come.
    var life = Life.open
    /// Nodes that are being opened.
    var openings = 0
    let openingsWaiters = Waiters()

    enum Life {
        case open
        /// Jobs end, and let go of what they hold. Clients change nothing any more.
        case ending
        /// All nodes are closed, whoever holds them.
        case closing
    }
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
        return node != other && topology.belowServed([topology.attachmentPoint(node)]).contains(other)
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

    /// Whether a job that is not over has the node, as its source, its target or its filter.
    public func hasJob(_ name: String) -> Bool {
        guard let node = topology.node(named: name) else { return false }
        return topology.jobType(on: node.id) != nil && abandonment(of: node) == nil
    }

    func find(_ name: String) throws(BlockError) -> Topology.Node {
        guard let node = topology.node(named: name) else {
            throw BlockError(.invalidOption, "Cannot find device='' nor node-name='\(name)'")
        }
        return node
    }

    /// Whether a person may choose this name: a letter, then letters, digits, `-`, `.` and `_`.
    static func isWellFormed(_ name: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }
        guard let first = name.utf8.first, isLetter(first) else { return false }
        return name.utf8.dropFirst().allSatisfy {
            isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                || [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_")].contains($0)
        }
    }
}
