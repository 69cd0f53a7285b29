import Storage

/// Deriving permissions, and refusing what conflicts.
extension Topology {
    /// Derives the permissions of everything below `seeds` anew.
    /// - Throws: on the first conflict, in the reference's words; the change is then to be rolled back.
    mutating func refresh(from seeds: [NodeID]) throws(BlockError) {
        for id in below(seeds) {
            guard let node = nodes[id] else { continue }
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
            for edgeID in node.children {
                guard let edge = edges[edgeID] else { continue }
                var permissions = node.policy(
                    ChildContext(
                        childName: edge.name, role: edge.role, parent: parents, parentIsWritable: !node.isReadOnly,
                        parentIsUsed: !node.parents.isEmpty))
                if nodes[edge.child]?.sharesEverything == true { permissions.shared = .all }
                setPermissions(of: edgeID, permissions)
            }
        }
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
