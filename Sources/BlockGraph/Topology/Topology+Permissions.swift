import Storage

/// Deriving permissions, and refusing what conflicts.
extension Topology {
    /// Derives the permissions of everything below `seeds` anew.
    /// - Returns: those nodes.
    /// - Throws: on the first conflict, in QEMU's words; the change is then to be rolled back.
    mutating func refresh(from seeds: [NodeID]) throws(BlockError) -> [NodeID] {
        let reached = below(seeds)
        for id in reached { _ = try refreshChildren(of: id) }
        return reached
    }

    /// Derives the permissions below `seeds` anew, whose new children or lost parents are all that has changed: a child whose edge stays as it was
    /// passes nothing on, so that putting an image on a long chain, or taking it away, does not walk the chain.
    /// - Returns: the nodes that were looked at; nil when a node that hears of the change has other parents, since then only the order of
    ///   everything below tells when all of them have been asked. What was derived until then is right, so far.
    /// - Throws: as `refresh`.
    mutating func refreshChanges(below seeds: [NodeID], newEdges: Set<EdgeID>) throws(BlockError) -> [NodeID]? {
        var reached: [NodeID] = []
        var pending = Array(seeds.reversed())
        while let id = pending.popLast() {
            reached.append(id)
            // A child that gets its first parent derives anew, even where that parent asks for nothing.
            for edge in try refreshChildren(of: id, always: newEdges).reversed() {
                guard let child = edges[edge]?.child, nodes[child]?.parents.count == 1 else { return nil }
                pending.append(child)
            }
        }
        return reached
    }

    /// Checks what a node's parents want together, and derives what it asks of its children.
    /// - Returns: the edges to children of which it asks something else than before, and those of `always`.
    private mutating func refreshChildren(of id: NodeID, always: Set<EdgeID> = []) throws(BlockError) -> [EdgeID] {
        guard let node = nodes[id] else { return [] }
        count(1)
        if node.tally.hasConflict { try refuseConflict(node) }
        let parents = node.tally.cumulative
        if !parents.held.isDisjoint(with: [.write, .writeUnchanged]) {
            guard !node.becomesReadOnly else {
                throw BlockError(.readOnly, "Read-only block node '\(node.name)' cannot support read-write users")
            }
            guard !node.isReadOnly else { throw BlockError(.readOnly, "Block node is read-only") }
            guard node.endIsAligned || parents.held.contains(.resize) else {
                throw BlockError(
                    .invalidOption,
                    "Cannot get 'write' permission without 'resize': Image size is not a multiple of request alignment")
            }
        }
        var changed: [EdgeID] = []
        for edgeID in node.children {
            guard let edge = edges[edgeID] else { continue }
            var permissions = node.policy(
                ChildContext(
                    childName: edge.name, role: edge.role, parent: parents, parentIsWritable: !node.isReadOnly,
                    parentIsUsed: !node.parents.isEmpty))
            if nodes[edge.child]?.sharesEverything == true { permissions.shared = .all }
            if permissions != edge.permissions || always.contains(edgeID) { changed.append(edgeID) }
            setPermissions(of: edgeID, permissions)
        }
        return changed
    }

    /// Names the first two parents that conflict.
    private func refuseConflict(_ node: Node) throws(BlockError) {
        let parents = node.parents.compactMap { edges[$0] }
        for first in parents {
            for second in parents where second.id != first.id {
                let refused = second.permissions.held.subtracting(first.permissions.shared)
                guard refused.isEmpty else {
                    throw BlockError(
                        .inUse,
                        "Permission conflict on node '\(node.name)': permissions '\(refused.names)' are both required by "
                            + "\(describe(second.parent)) (uses node '\(node.name)' as '\(second.name)' child) and unshared by "
                            + "\(describe(first.parent)) (uses node '\(node.name)' as '\(first.name)' child).")
                }
            }
        }
    }

    /// A parent in the words of a refusal.
    func describe(_ parent: Parent) -> String {
        switch parent {
        case .node(let id):
            return "node '\(nodes[id]?.name ?? "")'"
        case .user(let id):
            switch users[id]?.kind {
            case .device(let name?): return "block device '\(name)'"
            case .job(let id, let type): return "\(type) job '\(id)'"
            case .device(nil), nil: return "an unnamed block device"
            }
        }
    }
}
