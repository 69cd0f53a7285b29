import IOLoop
import Storage

/// Loops: a connected subgraph has its I/O on one.
extension BlockGraph {
    /// Brings the subgraphs of several nodes to one loop: idle ones move to where the others have users.
    /// - Throws: when users in two loops would have to come together.
    func joinLoops(_ ids: [NodeID]) async throws(BlockError) {
        guard !areOnOneLoop(ids) else { return }
        var groups: [(nodes: Set<NodeID>, thread: IOThread, isUsed: Bool)] = []
        for id in ids where !groups.contains(where: { $0.nodes.contains(id) }) {
            let component = topology.component([id])
            groups.append((component, try handle(id).thread, !topology.users(of: component).isEmpty))
        }
        guard let home = groups.first(where: \.isUsed)?.thread ?? groups.first?.thread else { return }
        for group in groups where group.thread !== home {
            guard !group.isUsed, group.nodes.allSatisfy({ records[$0]?.spec != nil }) else {
                throw BlockError(.inUse, "Cannot change iothread of active block backend")
            }
        }
        for group in groups where group.thread !== home { try await relocate(group.nodes, to: home) }
    }

    /// Opens the nodes of an idle subgraph again on another loop, then closes the old ones. When it fails all is as before.
    private func relocate(_ component: Set<NodeID>, to thread: IOThread) async throws(BlockError) {
        let childrenFirst = topology.below(component.sorted()).reversed()
        var made: [NodeID: MadeNode] = [:]
        var newEdgeHandles: [(EdgeID, LoopBound<NodeEdge>)] = []
        do throws(BlockError) {
            for id in childrenFirst {
                guard let record = records[id], let node = topology.nodes[id], let spec = record.spec else { continue }
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
        for (edge, handle) in newEdgeHandles { edgeHandles[edge] = handle }
        for (id, new) in made {
            guard let old = records[id]?.handle else { continue }
            records[id]?.handle = new.handle
            records[id]?.toldPermissions = []
            await tellPermissions(to: [id])
            records[id]?.locks = topology.cumulative(id)
            await old.thread.run { (io: isolated IOThread) async -> Void in
                try? await old.value.flush()
                await old.value.driver.close()
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
