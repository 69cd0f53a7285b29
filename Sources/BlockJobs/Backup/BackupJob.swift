internal import BlockGraph
internal import IOLoop
internal import Jobs
internal import Storage

/// A backup under way: what it holds of the graph, and its ends.
final class BackupJob: StartableJob {
    /// The least unit of copying, as large as QEMU's, so that offsets and limits compare.
    static let leastCluster: Int64 = 64 << 10
    static let copiesInKernelByDefault = true

    /// The unit of copying onto a target that allocates `unit` bytes at a time: never less, so that no cluster there is written in parts.
    static func clusterSize(forUnit unit: Int64) -> Int64 { max(leastCluster, unit) }

    private let options: BackupOptions
    private let filter: InsertedFilter
    private let users: [NodeUser]
    private let graph: BlockGraph
    private let copy: LoopBound<BlockCopy?>

    /// - Parameter users: the holds on the filter and on the target.
    init(_ options: BackupOptions, filter: InsertedFilter, users: [NodeUser], graph: BlockGraph) async {
        self.options = options
        self.filter = filter
        self.users = users
        self.graph = graph
        copy = await filter.thread.run { (io: isolated IOThread) async -> LoopBound<BlockCopy?> in
            let copy = (filter.node.value.driver as? CopyBeforeWriteFilter)?.copier as? BlockCopy
            copy?.attach(source: users[0].access.value, target: users[1].access.value, thread: io)
            return LoopBound(copy, on: io)
        }
    }

    var taskExecutor: (any TaskExecutor)? { filter.thread.taskExecutor }

    func run(_ context: JobContext) async throws(JobFailure) {
        let (options, users, copy, node) = (self.options, self.users, self.copy, filter.node)
        try await filter.thread.run { (io: isolated IOThread) async throws(JobFailure) in
            guard let copy = copy.value, let filter = node.value.driver as? CopyBeforeWriteFilter else {
                throw JobFailure(.other, "The filter of the backup is no longer there")
            }
            let chunk = options.performance.maxChunk
            let longest = max(ChunkMover.longestChunk, copy.map.granularity)
            let run = BackupRun(
                copy: copy, filter: filter, target: users[1].access.value, sync: options.sync,
                workers: Int(min(options.performance.maxWorkers, Int64(ChunkMover.mostWorkers))),
                longestChunk: chunk == 0 ? longest : min(chunk, longest), thread: io)
            try await run(context)
        }
    }

    func cancelRequested() {
        // Guests are let go at once, even if a copy that they wait for hangs.
        let (copy, graph, users) = (self.copy, self.graph, self.users)
        filter.thread.task { _ in copy.value?.end() }
        Task { await graph.hurry(users) }
    }

    func abandoned() {
        let (graph, users) = (self.graph, self.users)
        graph.assumeIsolated { graph in
            for user in users {
                graph.abandon(user, reason: "a cancelled backup job still waits for its requests")
            }
        }
    }

    /// Gives the graph back what the job held. Nothing of it is in flight.
    func release() async {
        let copy = self.copy
        await filter.thread.run { (io: isolated IOThread) in copy.value?.end() }
        await graph.detach(users)
        await graph.removeFilterWhenIdle(filter.nodeName)
    }
}
