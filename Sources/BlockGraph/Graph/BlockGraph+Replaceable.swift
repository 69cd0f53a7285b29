extension BlockGraph {
    /// Whether a copy of `source` may take the place of `name` without anybody seeing other bytes: it is the source, or what the source shows as it is.
    public func isReplaceable(_ name: String, byCopyOf source: String) -> Bool {
        guard let wanted = topology.node(named: name)?.id, let source = topology.node(named: source)?.id else { return false }
        return topology.isReplaceable(wanted, byCopyOf: source)
    }
}

extension Topology {
    func isReplaceable(_ wanted: NodeID, byCopyOf source: NodeID) -> Bool {
        var seen: Set<NodeID> = []
        var pending = [source]
        while let id = pending.popLast() {
            if id == wanted { return true }
            guard seen.insert(id).inserted, let node = nodes[id] else { continue }
            let below = node.children.compactMap { edges[$0] }
            switch DriverCatalogue.replacement(below: node.driverName) {
            case .voter:
                // A child may have other bytes than the vote. It gets those of the vote, which nobody else must see.
                guard let child = nodes[wanted], child.parentEdges.count == 1, below.contains(where: { $0.child == wanted }) else {
                    continue
                }
                return true
            case .anyChild:
                pending += below.map(\.child)
            case .filtered:
                pending += below.filter { $0.role == .filtered }.map(\.child)
            }
        }
        return false
    }
}
