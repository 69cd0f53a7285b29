import BlockGraph
import QAPI
import Storage

extension CommandTable {
    /// Dirty bitmaps that clients make.
    mutating func registerBitmapCommands(on graph: BlockGraph) {
        register(BlockDirtyBitmapAdd.self, on: graph, waiting: { command, graph in try await graph.addBitmap(BitmapSpec(command)) })
        register(
            BlockDirtyBitmapRemove.self, on: graph,
            waiting: { command, graph in try await graph.removeBitmap(BitmapName(node: command.node, name: command.name)) })
        register(
            BlockDirtyBitmapClear.self, on: graph,
            waiting: { command, graph in try await graph.clearBitmap(BitmapName(node: command.node, name: command.name)) })
        register(
            BlockDirtyBitmapEnable.self, on: graph,
            waiting: { command, graph in
                try await graph.setBitmap(BitmapName(node: command.node, name: command.name), isRecording: true)
            })
        register(
            BlockDirtyBitmapDisable.self, on: graph,
            waiting: { command, graph in
                try await graph.setBitmap(BitmapName(node: command.node, name: command.name), isRecording: false)
            })
        register(
            BlockDirtyBitmapMerge.self, on: graph,
            waiting: { command, graph in
                try await graph.mergeBitmaps(
                    command.bitmaps.map { BitmapName($0, on: command.node) }, into: BitmapName(node: command.node, name: command.target))
            })
        register(
            XDebugBlockDirtyBitmapSha256.self, on: graph,
            waiting: { command, graph in
                let bitmap = BitmapName(node: command.node, name: command.name)
                return BlockDirtyBitmapSha256(sha256: try await graph.digestOfBitmap(bitmap))
            })
    }
}

extension BitmapSpec {
    /// The bitmap that `block-dirty-bitmap-add` asks for.
    init(_ command: BlockDirtyBitmapAdd) {
        self.init(
            BitmapName(node: command.node, name: command.name), granularity: command.granularity.map(Int64.init),
            isPersistent: command.persistent ?? false, isRecording: !(command.disabled ?? false))
    }
}

extension BitmapName {
    /// A bitmap of `node` unless it says otherwise.
    fileprivate init(_ reference: BlockDirtyBitmapOrStr, on node: String) {
        switch reference {
        case .local(let name): self.init(node: node, name: name)
        case .external(let bitmap): self.init(node: bitmap.node, name: bitmap.name)
        }
    }
}
