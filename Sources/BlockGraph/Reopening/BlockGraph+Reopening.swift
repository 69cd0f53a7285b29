import IOLoop
public import Storage
import Synchronization

/// One node's change to other options.
struct Reopening {
    let id: NodeID
    /// What was said of the node, which is kept for the next time.
    let given: NodeSpec
    /// The same with what it inherits.
    var options: NodeOptions
    /// The driver with its new options.
    let spec: DriverSpec
    /// Whether options and children that are not given stay as they are: a child that its parent names, or a change of one option alone.
    let keepsOthers: Bool
    /// Whether it was asked for, and does not only follow a parent's change.
    let isAsked: Bool
    /// Names of children that stood for no node when the reservation was made: a node that has come since is not ours to use.
    var absentNodes: Set<String> = []
}

/// A child that is to be another node, or none, or is there for the first time.
struct ChildMove {
    let parent: NodeID
    let name: String
    let role: ChildRole
    let edge: Topology.Edge?
    let new: NodeID?
}

extension BlockGraph {
    /// Gives nodes other options (`blockdev-reopen`): all of them or none. Options that are not given get their defaults; nodes that were
    /// opened with a parent change with it.
    /// - Throws: in QEMU's words; nothing has changed then.
    public func reopen(_ specs: [NodeSpec]) async throws(BlockError) {
        for spec in specs { _ = try reopened(spec) }
        let names = specs.compactMap(\.nodeName)
        let children = specs.flatMap(\.namedChildren)
        try await withReservation(of: names + children, attaching: true) { (reservation: inout Reservation) async throws(BlockError) in
            try refuseIfEnding()
            var queue: [Reopening] = []
            for spec in specs {
                let id = try reopened(spec)
                // A filter that a job has put there is the job's.
                guard table.record(id)?.spec != nil else { throw cannotReopen(id) }
                enqueue(spec, id, parent: nil, keepsOthers: false, in: &queue)
            }
            let absent = Set(children.filter { topology.node(named: $0) == nil })
            for index in queue.indices { queue[index].absentNodes = absent }
            try await joinLoops((names + children).compactMap { topology.node(named: $0)?.id }, holding: reservation)
            try await reopen(queue, holding: reservation)
        }
    }

    /// Makes a node and what was opened with it read-only, or writable again; everything else stays.
    func setReadOnly(_ id: NodeID, _ isReadOnly: Bool, holding reservation: borrowing Reservation) async throws(BlockError) {
        // Also of a node that is read-only already: what was opened with it may have become writable since.
        guard var given = table.record(id)?.given else { return }
        given.readOnly = isReadOnly
        var queue: [Reopening] = []
        enqueue(given, id, parent: nil, keepsOthers: true, in: &queue, inheriting: table.record(id)?.options)
        try await reopen(queue, holding: reservation)
    }

    private func reopened(_ spec: NodeSpec) throws(BlockError) -> NodeID {
        guard let name = spec.nodeName else { throw BlockError(.invalidOption, "node-name not specified") }
        guard let id = topology.node(named: name)?.id else {
            throw BlockError(.invalidOption, "Failed to find node with node-name='\(name)'")
        }
        return id
    }

    /// Adds a node and those children that inherit from it.
    private func enqueue(
        _ given: NodeSpec, _ id: NodeID, parent: (options: NodeOptions, role: ChildRole)?, keepsOthers: Bool, in queue: inout [Reopening],
        inheriting kept: NodeOptions? = nil
    ) {
        guard let record = table.record(id), let old = record.spec else { return }
        var options = NodeOptions(given, parent: parent)
        if var kept {
            // What it once got from its parent stays, too.
            kept.readOnly = options.readOnly
            options = kept
        }
        // Whoever changes it, where its files may be stays as it was.
        options.isNamedInHeader = record.options.isNamedInHeader
        let spec = keepsOthers ? old : given.driver
        let entry = Reopening(id: id, given: given, options: options, spec: spec, keepsOthers: keepsOthers, isAsked: parent == nil)
        if let index = queue.firstIndex(where: { $0.id == id }) {
            // The last word counts, but a parent's less than the node's own, which leaves out what the parent then says.
            if entry.isAsked || !queue[index].isAsked {
                queue[index] = entry
            } else {
                var completed = NodeOptions(queue[index].given, parent: parent)
                completed.isNamedInHeader = options.isNamedInHeader
                queue[index].options = completed
                return
            }
        } else {
            queue.append(entry)
        }
        let slots = spec.definition.allChildren
        for edge in (topology.nodes[id]?.children ?? []).compactMap({ topology.edges[$0] }) {
            guard let child = table.record(edge.child), child.inheritsFrom == id, let keep = child.given else { continue }
            // What leaves the node follows it no more.
            if case .none = spec.definition.backing, edge.name == "backing" { continue }
            let slot = slots.first { $0.name == edge.name }
            switch slot?.content {
            case .child(.inline(let inline))? where !keepsOthers:
                enqueue(inline, edge.child, parent: (options, edge.role), keepsOthers: false, in: &queue)
            case .child(.named(let name))? where name != topology.nodes[edge.child]?.name && !keepsOthers:
                continue
            default:
                enqueue(keep, edge.child, parent: (options, edge.role), keepsOthers: true, in: &queue)
            }
        }
    }

    // MARK: All or none

    private func reopen(_ queue: [Reopening], holding reservation: borrowing Reservation) async throws(BlockError) {
        let left = try await whileDrained(queue.map(\.id)) { () async throws(BlockError) in
            try await flush(queue)
            let left = try await change(to: queue, holding: reservation)
            await extendDrains(below: queue.map(\.id))
            return left
        }
        for id in left { await closeIfUnused(id, holding: reservation) }
    }

    private func flush(_ queue: [Reopening]) async throws(BlockError) {
        for entry in queue {
            guard let node = topology.nodes[entry.id], let handle = table.record(entry.id)?.handle, !node.isReadOnly else { continue }
            let outcome = FlushOutcome()
            let timedOut = await withinDeadline(deadlines.flush) { await outcome.flush(handle) }
            if timedOut { throw BlockError(.inUse, "Node '\(node.name)' has not flushed within \(deadlines.flush.inSeconds)") }
            if let error = outcome.error { throw BlockError(error.kind, "Error flushing drive: \(error.message)") }
        }
    }

    /// The checks of one node in QEMU's order, and the driver's first step.
    /// - Parameter before: what nodes that come before in the queue have moved.
    func prepare(
        _ entry: Reopening, after before: [ChildMove], _ prepared: inout [LoopBound<DriverReopening>]
    ) async throws(BlockError) -> [ChildMove] {
        guard let record = table.record(entry.id), let old = record.given, let node = topology.nodes[entry.id] else {
            throw BlockError(.inUse, "The node has gone")
        }
        let definition = entry.spec.definition
        try entry.options.checkDetectZeroes()
        guard definition.canReopen else {
            throw cannotReopen(entry.id)
        }
        if !entry.keepsOthers { try entry.given.checkReset(from: old) }
        let found = Result { () throws(BlockError) in entry.keepsOthers ? [] : try childMoves(entry, node, after: before) }
        let handle = record.handle
        // What is wrong with the children is said after what is wrong with the driver's options.
        var futureFile: LoopBound<Node>?
        if case .success(let moves) = found, let file = moves.first(where: { $0.name == "file" })?.new {
            futureFile = try self.handle(file)
        }
        // A driver that is another one is refused below, whatever its options.
        if definition.name == node.driverName {
            let (spec, options, file) = (entry.spec, entry.options, futureFile)
            prepared.append(
                try await handle.thread.run { (io: isolated IOThread) async throws(BlockError) in
                    LoopBound(
                        try await NodeReopening.prepare(handle.value, as: spec.definition, options, futureFile: file?.value), on: io)
                })
        }
        if !entry.keepsOthers { try checkBacking(entry, node) }
        let moves = try found.get()
        if !entry.keepsOthers {
            try entry.given.checkUnchanged(from: old, with: presentChildren(of: node))
        }
        return moves
    }

    private func cannotReopen(_ id: NodeID) -> BlockError {
        let (driver, name) = (topology.nodes[id]?.driverName ?? "", topology.nodes[id]?.name ?? "")
        return BlockError(.unsupported, "Block format '\(driver)' used by node '\(name)' does not support reopening files")
    }

    private func presentChildren(of node: Topology.Node) -> PresentChildren {
        var present = PresentChildren()
        for edge in node.children.compactMap({ topology.edges[$0] }) {
            present.names[edge.name] = topology.nodes[topology.belowJobFilters(edge.child)]?.name
            if table.record(edge.child)?.inheritsFrom == node.id { present.inheriting.insert(edge.name) }
        }
        return present
    }

    /// A node with a backing file has to be told what becomes of it, also by options of another driver, which cannot tell.
    private func checkBacking(_ entry: Reopening, _ node: Topology.Node) throws(BlockError) {
        switch entry.spec.definition.backing {
        case .none, .child: return
        case .notGiven, .unsupported: break
        }
        guard topology.child("backing", of: node.id) != nil else { return }
        throw BlockError(.invalidOption, "backing is missing for '\(node.name)'")
    }

    /// What becomes of the children `backing` and `file`, the only ones that may be others afterwards.
    private func childMoves(_ entry: Reopening, _ node: Topology.Node, after before: [ChildMove]) throws(BlockError) -> [ChildMove] {
        let slots = entry.spec.definition.allChildren
        var moves: [ChildMove] = []
        if case .none = entry.spec.definition.backing, let edge = topology.child("backing", of: node.id) {
            moves.append(ChildMove(parent: node.id, name: "backing", role: edge.role, edge: edge, new: nil))
        }
        for name in ["backing", "file"] {
            guard let slot = slots.first(where: { $0.name == name }), case .child(.named(let reference)) = slot.content else { continue }
            guard !entry.absentNodes.contains(reference) else {
                throw BlockError(.invalidOption, "Cannot find device='' nor node-name='\(reference)'")
            }
            let named = try find(reference).id
            let edge = topology.child(name, of: node.id)
            // It may stand below a job's filter that uses what it is part of itself, an overlay that is the target for example: there it stays.
            guard edge?.child != named else { continue }
            let new = topology.attachmentPoint(named)
            guard edge?.child != new else { continue }
            guard !topology.reaches(node.id, from: new, after: before + moves) else { throw BlockGraph.cycle(reference, name, node.name) }
            moves.append(ChildMove(parent: node.id, name: name, role: slot.role, edge: edge, new: new))
        }
        return moves
    }
}

/// How a flush on a loop ended.
final class FlushOutcome: Sendable {
    private let failure = Mutex<BlockError?>(nil)
    /// Why it failed; nil before it has ended, and when it succeeded.
    var error: BlockError? { failure.withLock { $0 } }

    func flush(_ node: LoopBound<Node>) async {
        await node.thread.run { (io: isolated IOThread) async -> Void in
            do throws(BlockError) { try await node.value.flush() } catch { failure.withLock { $0 = error } }
        }
    }
}
