import IOLoop
import Storage

/// The steps of reopening nodes, all of them or none.
extension BlockGraph {
    /// Prepares every node, makes the changes of the topology in one step, in which files are opened anew, lets the drivers begin with that, and
    /// then, when nothing can fail any more, commits: children first.
    /// - Returns: nodes that nobody may keep any more.
    func change(to queue: [Reopening], holding reservation: borrowing Reservation) async throws(BlockError) -> [NodeID] {
        var moves: [ChildMove] = []
        var prepared: [LoopBound<DriverReopening>] = []
        do throws(BlockError) {
            for entry in queue { moves += try await prepare(entry, after: moves, &prepared) }
            let heirs = moves.compactMap { move in
                move.edge.flatMap { table.record($0.child)?.inheritsFrom == move.parent ? $0.child : nil }
            }
            try await apply(queue, moves, holding: reservation)
            do throws(BlockError) {
                for entry in queue { await setTraits(of: entry.id, entry.options) }
                try await begin(prepared)
            } catch {
                await goBack(from: queue, moves, heirs: heirs, holding: reservation)
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
        for entry in queue { await finish(entry, holding: reservation) }
        return moves.compactMap(\.edge?.child)
    }

    private func begin(_ prepared: [LoopBound<DriverReopening>]) async throws(BlockError) {
        for step in prepared.reversed() {
            try await step.thread.run { (io: isolated IOThread) async throws(BlockError) in try await step.value.begin() }
        }
    }

    /// Changes nodes and edges in one step, and then tells the drivers.
    private func apply(_ queue: [Reopening], _ moves: [ChildMove], holding reservation: borrowing Reservation) async throws(BlockError) {
        let seeds = queue.map(\.id) + moves.flatMap { [$0.edge?.child, $0.new].compactMap { $0 } }
        var additions: [AddedEdge?] = []
        for move in moves { additions.append(await addedEdge(for: move)) }
        let added = additions
        try await change(holding: reservation, from: seeds, reopening: Set(queue.map(\.id))) { edit in
            for entry in queue { edit.apply(entry) }
            for (move, added) in zip(moves, added) { edit.apply(move, as: added) }
        }
        for (move, added) in zip(moves, added) { await carryOut(move, as: added?.handle, holding: reservation) }
    }

    /// The edge of a child that is there for the first time.
    private func addedEdge(for move: ChildMove) async -> AddedEdge? {
        guard move.edge == nil, let new = move.new, let target = table.record(new)?.handle else { return nil }
        let name = move.name
        let handle = await target.thread.run { (io: isolated IOThread) in LoopBound(NodeEdge(to: target.value, name: name), on: io) }
        return AddedEdge(id: EdgeID(number: table.nextID()), handle: handle)
    }

    /// Undoes `apply`. What was allowed before is allowed again, unless another process has locked an image meanwhile; such a file stays as it
    /// was opened last, and its node says so.
    private func goBack(
        from queue: [Reopening], _ moves: [ChildMove], heirs: [NodeID], holding reservation: borrowing Reservation
    ) async {
        var old: [Reopening] = []
        for entry in queue {
            guard let record = table.record(entry.id), let given = record.given, let spec = record.spec else { continue }
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
            try await apply(old, back, holding: reservation)
        } catch {
            return
        }
        for (move, heir) in moves.flatMap({ move in heirs.filter { $0 == move.edge?.child }.map { (move, $0) } }) {
            table.update(heir, holding: reservation) { $0.inheritsFrom = move.parent }
        }
        for entry in old {
            await setTraits(of: entry.id, entry.options)
            table.updateNode(entry.id, holding: reservation) { $0.becomesReadOnly = false }
        }
    }

    /// A node that is to be written to must let the driver above begin with that, in requests as the file that was opened anew wants them.
    private func setTraits(of id: NodeID, _ options: NodeOptions) async {
        guard let handle = table.record(id)?.handle else { return }
        let traits = options.traits
        await handle.thread.run { (io: isolated IOThread) -> Void in
            handle.value.traits = traits
            handle.value.driverChanged()
        }
    }

    /// Tells what the change of a child means for who inherits, and to the driver.
    private func carryOut(_ move: ChildMove, as added: LoopBound<NodeEdge>?, holding reservation: borrowing Reservation) async {
        if let old = move.edge?.child, table.record(old)?.inheritsFrom == move.parent {
            table.update(old, holding: reservation) { $0.inheritsFrom = nil }
        }
        guard move.name == "backing", let parent = table.record(move.parent)?.handle else { return }
        let edge = move.new == nil ? nil : added ?? move.edge.flatMap { table.edge($0.id) }
        // A driver that has been asked whether it has backing files takes one.
        _ = await setChild(edge, named: move.name, of: parent)
    }

    private func finish(_ entry: Reopening, holding reservation: borrowing Reservation) async {
        guard let handle = table.record(entry.id)?.handle else { return }
        table.update(entry.id, holding: reservation) {
            $0.given = entry.given
            $0.options = entry.options
            $0.spec = entry.spec
        }
        let endIsAligned = await handle.thread.run { (io: isolated IOThread) -> Bool in
            handle.value.driverChanged()
            return handle.value.endIsAligned
        }
        table.updateNode(entry.id, holding: reservation) {
            $0.endIsAligned = endIsAligned
            $0.becomesReadOnly = false
        }
    }
}

/// The two halves of an edge that is not there yet.
private struct AddedEdge {
    let id: EdgeID
    let handle: LoopBound<NodeEdge>
}

extension GraphEdit {
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

    fileprivate mutating func apply(_ move: ChildMove, as added: AddedEdge?) {
        switch (move.edge, move.new) {
        case (let edge?, let new?):
            redirect([edge.id], to: new)
        case (let edge?, nil):
            disconnect(edge.id)
        case (nil, let new?):
            guard let added else { return }
            connect(
                Topology.Edge(
                    id: added.id, parent: .node(move.parent), child: new, name: move.name, role: move.role, permissions: Permissions()),
                added.handle)
        case (nil, nil):
            break
        }
    }
}

extension Topology {
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
}
