import IOLoop
public import Storage

/// A child to be added to a node's, or to be taken away.
public struct ChildChange: Sendable, Equatable {
    /// The node whose children change.
    public var parent: String
    /// The name of the child to be taken away.
    public var child: String?
    /// The node to be added.
    public var node: String?
    /// Makes a change; it needs exactly one of `child` and `node`.
    public init(parent: String, child: String? = nil, node: String? = nil) {
        self.parent = parent
        self.child = child
        self.node = node
    }
}

extension BlockGraph {
    /// Adds a child or takes one away (`x-blockdev-change`); only drivers with children that come and go can.
    /// - Throws: in QEMU's words.
    public func changeChildren(_ change: ChildChange) async throws(BlockError) {
        guard topology.node(named: change.parent) != nil else { throw BlockGraph.noDevice(change.parent) }
        switch (change.child, change.node) {
        case (_?, _?):
            throw BlockError(.invalidOption, "The parameters child and node are in conflict")
        case (nil, nil):
            throw BlockError(.invalidOption, "Either child or node must be specified")
        case (let child?, nil):
            try await removeChild(child, of: change.parent)
        case (nil, let node?):
            try await addChild(node, to: change.parent)
        }
    }

    private func removeChild(_ child: String, of parent: String) async throws(BlockError) {
        try await withReservation(of: [parent]) { (reservation: inout Reservation) async throws(BlockError) in
            try refuseIfEnding()
            guard let id = topology.node(named: parent)?.id else { throw BlockGraph.noDevice(parent) }
            guard let edge = topology.child(child, of: id) else {
                throw BlockError(.invalidOption, "Node '\(parent)' does not have child '\(child)'")
            }
            guard let naming = table.record(id)?.spec?.definition.changingChildren else {
                throw BlockError(.unsupported, "The node \(parent) does not support removing a child")
            }
            try naming.checkRemoval(topology.nodes[id]?.children.count ?? 0)
            let next = nextChildNumber(of: id)
            let handle = try handle(id)
            let outcome = try await whileDrained([id]) { () async throws(BlockError) in
                try await self.change(holding: reservation, from: [id, edge.child]) { $0.disconnect(edge.id) }
                table.update(id, holding: reservation) { $0.nextChild = child == "\(naming.prefix)\(next - 1)" ? next - 1 : next }
                return await setChild(nil, named: child, of: handle)
            }
            await closeIfUnused(edge.child, holding: reservation)
            if let outcome { throw outcome }
        }
    }

    private func addChild(_ node: String, to parent: String) async throws(BlockError) {
        try await withReservation(of: [parent, node]) { (reservation: inout Reservation) async throws(BlockError) in
            try refuseIfEnding()
            guard let id = topology.node(named: parent)?.id else { throw BlockGraph.noDevice(parent) }
            guard let child = topology.node(named: node)?.id else { throw BlockError(.invalidOption, "Node '\(node)' not found") }
            guard let naming = table.record(id)?.spec?.definition.changingChildren else {
                throw BlockError(.unsupported, "The node \(parent) does not support adding a child")
            }
            guard topology.nodes[child]?.parents.isEmpty == true else {
                throw BlockError(.inUse, "The node \(node) already has a parent")
            }
            try naming.checkAddition(to: topology.nodes[id]?.children.count ?? 0)
            let number = nextChildNumber(of: id)
            let name = "\(naming.prefix)\(number)"
            guard !topology.below([child]).contains(id) else { throw BlockGraph.cycle(node, name, parent) }
            try await joinLoops([id, child], holding: reservation)
            let (handle, below) = (try handle(id), try self.handle(child))
            try await whileDrained([id]) { () async throws(BlockError) in
                let edge = await below.thread.run { (io: isolated IOThread) in LoopBound(NodeEdge(to: below.value, name: name), on: io) }
                let entry = Topology.Edge(
                    id: EdgeID(number: table.nextID()), parent: .node(id), child: child, name: name, role: naming.role,
                    permissions: Permissions())
                try await self.change(holding: reservation, from: [id]) { $0.connect(entry, edge) }
                if let refusal = await setChild(edge, named: name, of: handle) {
                    await giveUp(holding: reservation, from: [id]) { $0.disconnect(entry.id) }
                    throw refusal
                }
                table.update(id, holding: reservation) { $0.nextChild = number + 1 }
                await extendDrains(below: [child])
            }
        }
    }

    /// Names are not used again, but for the last one.
    private func nextChildNumber(of id: NodeID) -> Int { table.record(id)?.nextChild ?? topology.nodes[id]?.children.count ?? 0 }

    /// Gives the driver a child, or takes it away.
    func setChild(_ edge: LoopBound<NodeEdge>?, named name: String, of node: LoopBound<Node>) async -> BlockError? {
        do throws(BlockError) {
            try await node.thread.run { (io: isolated IOThread) throws(BlockError) in
                try node.value.driver.setChild(edge?.value, named: name)
            }
            return nil
        } catch {
            return error
        }
    }

    static func cycle(_ child: String, _ role: String, _ parent: String) -> BlockError {
        BlockError(.invalidOption, "Making '\(child)' a \(role) child of '\(parent)' would create a cycle")
    }
}
