import IOLoop
import Storage

/// Loops: a connected subgraph has its I/O on one.
extension BlockGraph {
    /// Brings the subgraphs of several nodes to one loop: idle ones move to where the others have users.
    /// - Throws: when users in two loops would have to come together.
    func joinLoops(_ ids: [NodeID], holding reservation: borrowing Reservation) async throws(BlockError) {
        guard !areOnOneLoop(ids) else { return }
        var groups: [(nodes: Set<NodeID>, thread: IOThread, isUsed: Bool)] = []
        for id in ids where !groups.contains(where: { $0.nodes.contains(id) }) {
            let component = topology.component([id])
            groups.append((component, try handle(id).thread, !topology.users(of: component).isEmpty))
        }
        guard let home = groups.first(where: \.isUsed)?.thread ?? groups.first?.thread else { return }
        for group in groups where group.thread !== home {
            guard !group.isUsed, group.nodes.allSatisfy({ table.record($0)?.spec != nil }) else {
                throw BlockError(.inUse, "Cannot change iothread of active block backend")
            }
        }
        for group in groups where group.thread !== home { try await relocate(group.nodes, to: home, holding: reservation) }
    }

    /// Opens the nodes of an idle subgraph again on another loop, then closes the old ones. When it fails all is as before.
    private func relocate(
        _ component: Set<NodeID>, to thread: IOThread, holding reservation: borrowing Reservation
    ) async throws(BlockError) {
        let childrenFirst = topology.below(component.sorted()).reversed()
        var made: [NodeID: MadeNode] = [:]
        var newEdgeHandles: [(EdgeID, LoopBound<NodeEdge>)] = []
        do throws(BlockError) {
            for id in childrenFirst {
                guard let record = table.record(id), let node = topology.nodes[id], let spec = record.spec else { continue }
                let edges = await newEdges(of: node, to: made)
                let new = try await makeNode(
                    spec, record.options, name: node.name, over: edges, directory: knownDirectory(of: id), on: thread)
                made[id] = new
                newEdgeHandles.append(contentsOf: zip(node.children, edges))
                guard spec.definition.locksImage else { continue }
                let permissions = topology.cumulative(id)
                try await thread.run { (io: isolated IOThread) async throws(BlockError) in
                    guard let storage = new.handle.value.driver.storage else { return }
                    try await storage.prepareLocks(held: permissions.held, shared: permissions.shared)
                    await storage.commitLocks()
                }
            }
        } catch {
            for node in made.values {
                await thread.run { (io: isolated IOThread) async -> Void in await node.handle.value.driver.close() }
            }
            throw error
        }
        let old = made.keys.compactMap { table.record($0)?.handle }
        table.relocate(made.map { ($0.key, $0.value.handle) }, newEdgeHandles, holding: reservation)
        for id in made.keys {
            await tellPermissions(to: [id], holding: reservation)
            let locks = topology.cumulative(id)
            table.update(id, holding: reservation) { $0.locks = locks }
        }
        for node in old {
            await node.thread.run { (io: isolated IOThread) async -> Void in
                try? await node.value.flush()
                await node.value.driver.close()
            }
        }
    }

    /// Edges from a node that is made anew to the new ones of its children, in the topology's order.
    private func newEdges(of node: Topology.Node, to made: [NodeID: MadeNode]) async -> [LoopBound<NodeEdge>] {
        var edges: [LoopBound<NodeEdge>] = []
        for id in node.children {
            guard let edge = topology.edges[id], let child = made[edge.child]?.handle else { continue }
            edges.append(
                await child.thread.run { (io: isolated IOThread) in LoopBound(NodeEdge(to: child.value, name: edge.name), on: io) })
        }
        return edges
    }
}
