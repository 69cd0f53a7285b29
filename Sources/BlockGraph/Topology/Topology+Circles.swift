import Storage

/// Keeping requests from coming back to where they were.
extension Topology {
    /// Refuses new edges that close a circle: by edges alone, or through a filter whose requests go on through a user that serves it. A mirror of a backup's target
    /// onto the backup's source would be one, for ever copying what it has copied.
    /// - Parameter arcs: the edges that may close one.
    /// - Throws: in QEMU's words for a child that stands on its parent.
    mutating func refuseCircles(_ arcs: Set<EdgeID>) throws(BlockError) {
        var byChild: [NodeID: [(parent: NodeID, edge: EdgeID)]] = [:]
        for arc in arcs {
            // Nobody comes to a node without parents, so that none comes back to it.
            guard let edge = edges[arc], let parent = origin(of: edge), nodes[parent]?.parentEdges.isEmpty == false else { continue }
            byChild[edge.child, default: []].append((parent, arc))
        }
        for (child, parents) in byChild {
            let reached = Set(belowServed([child]))
            count(reached.count)
            guard let closing = parents.first(where: { reached.contains($0.parent) }), let edge = edges[closing.edge] else { continue }
            throw BlockGraph.cycle(nodes[child]?.name ?? "", edge.name, nodes[closing.parent]?.name ?? "")
        }
    }

    /// The node whose requests pass an edge: its parent, or the filter that its user serves.
    private func origin(of edge: Edge) -> NodeID? {
        switch edge.parent {
        case .node(let id): id
        case .user(let id): users[id]?.servesFilter
        }
    }

    /// The nodes that requests to `seeds` can reach, themselves included, also through the users that serve a filter on the way.
    func belowServed(_ seeds: [NodeID]) -> [NodeID] {
        var seen: Set<NodeID> = []
        var order: [NodeID] = []
        var pending = seeds
        while let id = pending.popLast() {
            guard let node = nodes[id], seen.insert(id).inserted else { continue }
            order.append(id)
            for edge in node.children { if let child = edges[edge]?.child { pending.append(child) } }
            for user in node.servants { if let child = users[user].flatMap({ edges[$0.edge]?.child }) { pending.append(child) } }
        }
        return order
    }
}
