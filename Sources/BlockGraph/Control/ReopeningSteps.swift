import IOLoop
import Storage

/// The steps of reopening nodes, all of them or none.
extension BlockGraph {
    /// Prepares every node, makes the changes of the topology in one step, in which files are opened anew, lets the drivers begin with that, and
    /// then, when nothing can fail any more, commits: children first.
    /// - Returns: nodes that nobody may keep any more.
    func change(to queue: [Reopening]) async throws(BlockError) -> [NodeID] {
        var moves: [ChildMove] = []
        var prepared: [LoopBound<DriverReopening>] = []
        do throws(BlockError) {
            for entry in queue { moves += try await prepare(entry, after: moves, &prepared) }
            let heirs = moves.compactMap { move in move.edge.flatMap { records[$0.child]?.inheritsFrom == move.parent ? $0.child : nil } }
            try await apply(queue, moves)
            do throws(BlockError) {
                for entry in queue { await setTraits(of: entry.id, entry.options) }
                try await begin(prepared)
            } catch {
                await goBack(from: queue, moves, heirs: heirs)
                throw error
            }
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

    private func begin(_ prepared: [LoopBound<DriverReopening>]) async throws(BlockError) {
        for step in prepared.reversed() {
            try await step.thread.run { (io: isolated IOThread) async throws(BlockError) in try await step.value.begin() }
        }
    }

    /// Changes the topology in one step, and then leads the edges.
    private func apply(_ queue: [Reopening], _ moves: [ChildMove]) async throws(BlockError) {
        let seeds = queue.map(\.id) + moves.flatMap { [$0.edge?.child, $0.new].compactMap { $0 } }
        let additions = moves.map { $0.edge == nil ? EdgeID(number: nextID()) : nil }
        try await change(from: seeds, reopening: Set(queue.map(\.id))) { topology in
            for entry in queue { topology.apply(entry) }
            for (move, added) in zip(moves, additions) { topology.apply(move, as: added) }
        }
        for (move, added) in zip(moves, additions) { await carryOut(move, as: added) }
    }

    /// Undoes `apply`. What was allowed before is allowed again, unless another process has locked an image meanwhile; such a file stays as it
    /// was opened last, and its node says so.
    private func goBack(from queue: [Reopening], _ moves: [ChildMove], heirs: [NodeID]) async {
        var old: [Reopening] = []
        for entry in queue {
            guard let record = records[entry.id], let given = record.given, let spec = record.spec else { continue }
            old.append(Reopening(id: entry.id, given: given, options: record.options, spec: spec, keepsOthers: true, isAsked: true))
            guard spec.definition.locksImage else { continue }
            let options = record.options
            await record.handle.thread.run { (io: isolated IOThread) async -> Void in
                // Files only take a note of it, which the change below carries out.
                _ = try? await record.handle.value.driver.prepareReopen(as: spec.definition, options, futureFile: nil)
            }
        }
        let back = moves.map { move in
            ChildMove(
                parent: move.parent, name: move.name, role: move.role, edge: topology.child(move.name, of: move.parent),
                new: move.edge?.child)
        }
        do throws(BlockError) {
            try await apply(old, back)
        } catch {
            return
        }
        for (move, heir) in moves.flatMap({ move in heirs.filter { $0 == move.edge?.child }.map { (move, $0) } }) {
            records[heir]?.inheritsFrom = move.parent
        }
        for entry in old {
            await setTraits(of: entry.id, entry.options)
            topology.update(entry.id) { $0.becomesReadOnly = false }
        }
    }

    /// A node that is to be written to must let the driver above begin with that, in requests as the file that was opened anew wants them.
    private func setTraits(of id: NodeID, _ options: NodeOptions) async {
        guard let handle = records[id]?.handle else { return }
        let traits = options.traits
        await handle.thread.run { (io: isolated IOThread) -> Void in
            handle.value.traits = traits
            handle.value.driverChanged()
        }
    }

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
        let endIsAligned = await handle.thread.run { (io: isolated IOThread) -> Bool in
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

    /// Whether `target` is `start` or below it, once these moves have been made.
    func reaches(_ target: NodeID, from start: NodeID, after moves: [ChildMove]) -> Bool {
        var seen: Set<NodeID> = []
        var open = [start]
        while let id = open.popLast() {
            if id == target { return true }
            guard seen.insert(id).inserted else { continue }
            let leaving = Dictionary(grouping: moves.filter { $0.parent == id }, by: \.name).compactMapValues(\.last)
            for edge in (nodes[id]?.children ?? []).compactMap({ edges[$0] }) where leaving[edge.name] == nil { open.append(edge.child) }
            open += leaving.values.compactMap(\.new)
        }
        return false
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
