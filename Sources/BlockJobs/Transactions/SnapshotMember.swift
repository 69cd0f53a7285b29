internal import BlockGraph
internal import Storage

/// Puts an overlay on a node as one action of a transaction.
struct SnapshotMember: TransactionMember {
    private let options: SnapshotOptions
    private let isGrouped: Bool
    private let graph: BlockGraph
    private var drain: BlockGraph.Drain?
    private var change: OverlayChange?

    init(_ options: SnapshotOptions, isGrouped: Bool, graph: BlockGraph) {
        self.options = options
        self.isGrouped = isGrouped
        self.graph = graph
    }

    mutating func prepare() async throws(BlockJobError) {
        try refuseGrouped(options.action, isGrouped)
        do throws(BlockError) {
            // A node that exists may be named as a device too.
            guard options.device == nil || options.device == options.node, let node = options.node, await graph.contains(node) else {
                throw BlockError(
                    .invalidOption, "Cannot find device='\(options.device ?? "")' nor node-name='\(options.node ?? "")'")
            }
            // From here to `clean` nobody writes: what is in the overlay came after the point in time of the whole transaction.
            drain = try await graph.drain([node])
            change = try await insertOverlay(on: node)
        } catch {
            throw BlockJobError(error)
        }
    }

    private func insertOverlay(on node: String) async throws(BlockError) -> OverlayChange {
        switch options.overlay {
        case .node(let overlay): return try await graph.insertOverlay(overlay, on: node)
        case .new(let overlay):
            let name = try await graph.openOverlay(overlay, on: node)
            do throws(BlockError) {
                return try await graph.insertOverlay(name, on: node, isTemporary: true)
            } catch {
                await graph.closeOverlayIfUnused(name)
                throw error
            }
        }
    }

    mutating func commit() async {
        if let change { await graph.keepOverlay(change) }
    }

    mutating func abort() async {
        if let change { await graph.removeOverlay(change) }
    }

    mutating func clean() async {
        if let drain { await graph.resume(drain) }
        if let change { await graph.closeOverlayIfUnused(change) }
    }
}
