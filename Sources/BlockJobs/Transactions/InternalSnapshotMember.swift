internal import BlockGraph
internal import Storage

/// Takes an internal snapshot as one action of a transaction.
struct InternalSnapshotMember: TransactionMember {
    private let options: InternalSnapshotOptions
    private let isGrouped: Bool
    private let graph: BlockGraph
    private var drain: BlockGraph.Drain?
    private var change: SnapshotChange?

    init(_ options: InternalSnapshotOptions, isGrouped: Bool, graph: BlockGraph) {
        self.options = options
        self.isGrouped = isGrouped
        self.graph = graph
    }

    mutating func prepare() async throws(BlockJobError) {
        try refuseGrouped("blockdev-snapshot-internal-sync", isGrouped)
        do throws(BlockError) {
            // From here to `clean` nobody writes: the snapshot has the point in time of the whole transaction.
            drain = try await graph.drainForSnapshot(options.node)
            change = try await graph.takeInternalSnapshot(options.name, of: options.node, at: options.date)
        } catch {
            throw BlockJobError(error)
        }
    }

    mutating func commit() async {}

    /// A snapshot that cannot be deleted again stays, as it does in QEMU: it takes space and harms nothing.
    mutating func abort() async {
        guard let change else { return }
        do throws(BlockError) { try await graph.undo(change) } catch { return }
    }

    mutating func clean() async {
        if let drain { await graph.resume(drain) }
    }
}
