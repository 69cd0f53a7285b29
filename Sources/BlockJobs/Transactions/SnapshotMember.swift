internal import BlockGraph
internal import Storage

/// Puts an overlay on a node as one action of a transaction.
struct SnapshotMember: TransactionMember {
    private let options: SnapshotOptions
    private let completionMode: String
    private let graph: BlockGraph
    private var drain: BlockGraph.Drain?
    private var change: OverlayChange?

    init(_ options: SnapshotOptions, isGrouped: Bool, graph: BlockGraph) {
        self.options = options
        completionMode = isGrouped ? "grouped" : "individual"
        self.graph = graph
    }

    mutating func prepare() async throws(BlockJobError) {
        guard completionMode != "grouped" else {
            throw BlockJobError("Action 'blockdev-snapshot' does not support Transaction property completion-mode = \(completionMode)")
        }
        do throws(BlockError) {
            guard await graph.contains(options.node) else {
                throw BlockError(.invalidOption, "Cannot find device='\(options.node)' nor node-name='\(options.node)'")
            }
            // From here to `clean` nobody writes: what is in the overlay came after the point in time of the whole transaction.
            drain = try await graph.drainWithinDeadline([options.node])
            change = try await graph.insertOverlay(options.overlay, on: options.node)
        } catch {
            throw BlockJobError(error)
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
