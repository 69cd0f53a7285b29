import BlockGraph
import QAPI
import QMP
import Storage

extension CommandTable {
    /// Dirty bitmaps that clients make.
    mutating func registerBitmapCommands(on monitor: StorageMonitor) {
        registerWaiting(BlockDirtyBitmapAdd.self, on: monitor) { (command, monitor) async throws(QMPError) in
            try await monitor.waitingForGraph { (graph) async throws(BlockError) in try await graph.addBitmap(BitmapSpec(command)) }
            return EmptyReply()
        }
        registerWaiting(BlockDirtyBitmapRemove.self, on: monitor) { (command, monitor) async throws(QMPError) in
            let bitmap = BitmapName(node: command.node, name: command.name)
            try await monitor.waitingForGraph { (graph) async throws(BlockError) in try await graph.removeBitmap(bitmap) }
            return EmptyReply()
        }
        registerWaiting(BlockDirtyBitmapClear.self, on: monitor) { (command, monitor) async throws(QMPError) in
            let bitmap = BitmapName(node: command.node, name: command.name)
            try await monitor.waitingForGraph { (graph) async throws(BlockError) in try await graph.clearBitmap(bitmap) }
            return EmptyReply()
        }
        registerWaiting(BlockDirtyBitmapEnable.self, on: monitor) { (command, monitor) async throws(QMPError) in
            let bitmap = BitmapName(node: command.node, name: command.name)
            try await monitor.waitingForGraph { (graph) async throws(BlockError) in
                try await graph.setBitmap(bitmap, isRecording: true)
            }
            return EmptyReply()
        }
        registerWaiting(BlockDirtyBitmapDisable.self, on: monitor) { (command, monitor) async throws(QMPError) in
            let bitmap = BitmapName(node: command.node, name: command.name)
            try await monitor.waitingForGraph { (graph) async throws(BlockError) in
                try await graph.setBitmap(bitmap, isRecording: false)
            }
            return EmptyReply()
        }
        registerWaiting(BlockDirtyBitmapMerge.self, on: monitor) { (command, monitor) async throws(QMPError) in
            let sources = command.bitmaps.map { BitmapName($0, on: command.node) }
            let target = BitmapName(node: command.node, name: command.target)
            try await monitor.waitingForGraph { (graph) async throws(BlockError) in try await graph.mergeBitmaps(sources, into: target) }
            return EmptyReply()
        }
        registerWaiting(XDebugBlockDirtyBitmapSha256.self, on: monitor) { (command, monitor) async throws(QMPError) in
            let bitmap = BitmapName(node: command.node, name: command.name)
            let digest = try await monitor.waitingForGraph { (graph) async throws(BlockError) in try await graph.digestOfBitmap(bitmap) }
            return BlockDirtyBitmapSha256(sha256: digest)
        }
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
