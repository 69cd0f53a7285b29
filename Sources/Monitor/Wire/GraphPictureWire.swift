import BlockGraph
import QAPI
import Storage

extension XDbgBlockGraph {
    /// The graph as `x-debug-query-block-graph` shows it.
    init(_ picture: GraphPicture) {
        self.init(
            nodes: picture.elements.map { XDbgBlockGraphNode(id: UInt64($0.number), type: .init(sameAs: $0.kind), name: $0.name) },
            edges: picture.uses.map { use in
                XDbgBlockGraphEdge(
                    parent: UInt64(use.parent), child: UInt64(use.child), name: use.name, perm: BlockPermission.list(use.permissions.held),
                    sharedPerm: BlockPermission.list(use.permissions.shared))
            })
    }
}

extension BlockPermission {
    /// Permissions in the order in which QEMU lists them.
    fileprivate static func list(_ set: LockSet) -> [BlockPermission] {
        [(.resize, .resize), (.writeUnchanged, .writeUnchanged), (.write, .write), (.consistentRead, .consistentRead)].compactMap {
            (permission: BlockPermission, bit: LockSet) in set.contains(bit) ? permission : nil
        }
    }
}
