import IOLoop
public import Storage
import Synchronization

/// One node's change to other options.
struct Reopening {
    let id: NodeID
    /// What was said of the node, which is kept for the next time.
    let given: NodeSpec
    /// The same with what it inherits.
    let options: NodeOptions
    /// The driver with its new options.
    let spec: DriverSpec
    /// Whether options and children that are not given stay as they are: a child that its parent names, or a change of one option alone.
    let keepsOthers: Bool
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
    /// - Throws: in the reference's words; nothing has changed then.
    public func reopen(_ specs: [NodeSpec]) async throws(BlockError) {
        for spec in specs { _ = try reopened(spec) }
        let names = specs.compactMap(\.nodeName)
        let children = specs.flatMap(\.namedChildren)
        let reservation = await reserve(names + children)
        defer { release(reservation) }
        var queue: [Reopening] = []
        for spec in specs { enqueue(spec, try reopened(spec), parent: nil, keepsOthers: false, in: &queue) }
        try await joinLoops((names + children).compactMap { topology.node(named: $0)?.id })
        try await reopen(queue)
    }

    /// Makes a node and what was opened with it read-only, or writable again; everything else stays. The caller has reserved the node.
    func setReadOnly(_ id: NodeID, _ isReadOnly: Bool) async throws(BlockError) {
        guard var given = records[id]?.given, topology.nodes[id]?.isReadOnly != isReadOnly else { return }
        given.readOnly = isReadOnly
        var queue: [Reopening] = []
        enqueue(given, id, parent: nil, keepsOthers: true, in: &queue)
        try await reopen(queue)
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
        _ given: NodeSpec, _ id: NodeID, parent: (options: NodeOptions, role: ChildRole)?, keepsOthers: Bool, in queue: inout [Reopening]
    ) {
        guard let record = records[id], let old = record.spec else { return }
        var options = NodeOptions(given, parent: parent)
        // Whoever changes it, where its files may be stays as it was.
        options.isNamedInHeader = record.options.isNamedInHeader
        let spec = keepsOthers ? old : given.driver
        let entry = Reopening(id: id, given: given, options: options, spec: spec, keepsOthers: keepsOthers)
        if let index = queue.firstIndex(where: { $0.id == id }) {
            if parent == nil { queue[index] = entry }
            return
        }
        queue.append(entry)
        let slots = spec.definition.allChildren
        for edge in (topology.nodes[id]?.children ?? []).compactMap({ topology.edges[$0] }) {
            guard let child = records[edge.child], child.inheritsFrom == id, let keep = child.given else { continue }
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

    private func reopen(_ queue: [Reopening]) async throws(BlockError) {
        let drain = try await drainWithinDeadline(queue.map(\.id))
        let left: [NodeID]
        do throws(BlockError) {
            try await flush(queue)
            left = try await change(to: queue)
        } catch {
            await resume(drain)
            throw error
        }
        await extendDrains(below: queue.map(\.id))
        await resume(drain)
        for id in left { await closeIfUnused(id) }
    }

    private func flush(_ queue: [Reopening]) async throws(BlockError) {
        for entry in queue {
            guard let node = topology.nodes[entry.id], let handle = records[entry.id]?.handle, !node.isReadOnly else { continue }
            let outcome = FlushOutcome()
            let timedOut = await withinDeadline(deadlines.flush) { await outcome.flush(handle) }
            if timedOut { throw BlockError(.inUse, "Node '\(node.name)' has not flushed within \(deadlines.flush.inSeconds)") }
            if let error = outcome.error { throw BlockError(error.kind, "Error flushing drive: \(error.message)") }
        }
    }

    /// - Returns: nodes that nobody may keep any more.
    private func change(to queue: [Reopening]) async throws(BlockError) -> [NodeID] {
        var moves: [ChildMove] = []
        var prepared: [LoopBound<DriverReopening>] = []
        do throws(BlockError) {
            for entry in queue {
                moves += try await prepare(entry, &prepared)
            }
            let seeds = queue.map(\.id) + moves.flatMap { [$0.edge?.child, $0.new].compactMap { $0 } }
            let additions = moves.map { $0.edge == nil ? EdgeID(number: nextID()) : nil }
            try await change(from: seeds, reopening: Set(queue.map(\.id))) { topology in
                for entry in queue { topology.apply(entry) }
                for (move, added) in zip(moves, additions) { topology.apply(move, as: added) }
            }
            for (move, added) in zip(moves, additions) { await carryOut(move, as: added) }
        } catch {
            for step in prepared.reversed() {
                await step.thread.run { (io: isolated IOThread) async -> Void in await step.value.abort() }
            }
            throw error
        }
        for step in prepared.reversed() {
            await step.thread.run { (io: isolated IOThread) async -> Void in await step.value.commit() }
        }
        for entry in queue { await finish(entry) }
        return moves.compactMap(\.edge?.child)
    }

    /// The checks of one node in the reference's order, and the driver's first step.
    private func prepare(_ entry: Reopening, _ prepared: inout [LoopBound<DriverReopening>]) async throws(BlockError) -> [ChildMove] {
        guard let record = records[entry.id], let old = record.given, let node = topology.nodes[entry.id] else {
            throw BlockError(.inUse, "The node has gone")
        }
        let definition = entry.spec.definition
        try entry.options.checkDetectZeroes()
        guard definition.canReopen else {
            throw BlockError(
                .unsupported, "Block format '\(node.driverName)' used by node '\(node.name)' does not support reopening files")
        }
        if !entry.keepsOthers { try entry.given.checkReset(from: old) }
        let moves = entry.keepsOthers ? [] : try childMoves(entry, node)
        let handle = record.handle
        let futureFile = try (moves.first { $0.name == "file" }?.new).map { (id) throws(BlockError) in try self.handle(id) }
        // A driver that is another one is refused below, whatever its options.
        if definition.name == node.driverName {
            let (spec, options) = (entry.spec, entry.options)
            prepared.append(
                try await handle.thread.run { (io: isolated IOThread) async throws(BlockError) in
                    LoopBound(
                        try await handle.value.driver.prepareReopen(as: spec.definition, options, futureFile: futureFile?.value), on: io)
                })
        }
        if !entry.keepsOthers {
            try checkBacking(entry, node)
            try entry.given.checkUnchanged(from: old, except: inheritingChildren(of: node))
        }
        return moves
    }

    private func inheritingChildren(of node: Topology.Node) -> Set<String> {
        Set(node.children.compactMap { topology.edges[$0] }.filter { records[$0.child]?.inheritsFrom == node.id }.map(\.name))
    }

    private func checkBacking(_ entry: Reopening, _ node: Topology.Node) throws(BlockError) {
        guard case .notGiven = entry.spec.definition.backing, topology.child("backing", of: node.id) != nil else { return }
        throw BlockError(.invalidOption, "backing is missing for '\(node.name)'")
    }

    /// What becomes of the children `backing` and `file`, the only ones that may be others afterwards.
    private func childMoves(_ entry: Reopening, _ node: Topology.Node) throws(BlockError) -> [ChildMove] {
        let slots = entry.spec.definition.allChildren
        var moves: [ChildMove] = []
        if case .none = entry.spec.definition.backing, let edge = topology.child("backing", of: node.id) {
            moves.append(ChildMove(parent: node.id, name: "backing", role: edge.role, edge: edge, new: nil))
        }
        for name in ["backing", "file"] {
            guard let slot = slots.first(where: { $0.name == name }), case .child(.named(let reference)) = slot.content else { continue }
            let new = try find(reference).id
            guard !topology.below([new]).contains(node.id) else { throw BlockGraph.cycle(reference, name, node.name) }
            let edge = topology.child(name, of: node.id)
            guard edge?.child != new else { continue }
            moves.append(ChildMove(parent: node.id, name: name, role: slot.role, edge: edge, new: new))
        }
        return moves
    }

    // MARK: The loop-bound halves

    /// Leads the edge where the topology has it now.
    private func carryOut(_ move: ChildMove, as added: EdgeID?) async {
        guard let parent = records[move.parent]?.handle else { return }
        var edge = move.edge.flatMap { edgeHandles[$0.id] }
        if let new = move.new, let target = records[new]?.handle {
            if let known = edge {
                await target.thread.run { (io: isolated IOThread) -> Void in known.value.node = target.value }
            } else if let added {
                let name = move.name
                let made = await target.thread.run { (io: isolated IOThread) in LoopBound(NodeEdge(to: target.value, name: name), on: io) }
                edgeHandles[added] = made
                edge = made
            }
        } else if let gone = move.edge {
            edgeHandles[gone.id] = nil
            edge = nil
        }
        if let old = move.edge?.child, records[old]?.inheritsFrom == move.parent { records[old]?.inheritsFrom = nil }
        guard move.name == "backing" else { return }
        // A driver that has been asked whether it has backing files takes one.
        _ = await setChild(edge, named: move.name, of: parent)
    }

    private func finish(_ entry: Reopening) async {
        guard let handle = records[entry.id]?.handle else { return }
        records[entry.id]?.given = entry.given
        records[entry.id]?.options = entry.options
        records[entry.id]?.spec = entry.spec
        let traits = entry.options.traits
        let endIsAligned = await handle.thread.run { (io: isolated IOThread) -> Bool in
            handle.value.traits = traits
            handle.value.driverChanged()
            return handle.value.endIsAligned
        }
        topology.update(entry.id) {
            $0.endIsAligned = endIsAligned
            $0.becomesReadOnly = false
        }
    }
}

extension Topology {
    /// A node's new options, as far as permissions depend on them.
    fileprivate mutating func apply(_ entry: Reopening) {
        let definition = entry.spec.definition
        update(entry.id) {
            $0.becomesReadOnly = entry.options.readOnly && !$0.isReadOnly
            $0.isReadOnly = entry.options.readOnly
            $0.sharesEverything = entry.options.forceShare
            $0.policy = { definition.permissions($0) }
        }
    }

    fileprivate mutating func apply(_ move: ChildMove, as added: EdgeID?) {
        switch (move.edge, move.new) {
        case (let edge?, let new?):
            redirect(edge.id, to: new)
        case (let edge?, nil):
            disconnect(edge.id)
        case (nil, let new?):
            guard let added else { return }
            connect(
                Edge(id: added, parent: .node(move.parent), child: new, name: move.name, role: move.role, permissions: Permissions()))
        case (nil, nil):
            break
        }
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
