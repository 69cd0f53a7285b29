internal import BlockGraph
internal import Glibc
internal import IOLoop
internal import Jobs
internal import Storage

/// A mirror under way: what it holds of the graph, and its ends.
final class MirrorJob: StartableJob {
    /// The granularity of raw images, as QEMU has it.
    static let defaultGranularity: Int64 = 64 << 10
    static let copiesInKernelByDefault = true

    /// The job's holds on nodes.
    struct Users: Sendable {
        /// On the source, below the filter.
        let source: NodeUser
        /// On the target, as its writer.
        let writer: NodeUser
        /// On the target, as a job.
        let target: NodeUser

        /// All of them.
        var all: [NodeUser] { [source, writer, target] }
    }

    private let options: MirrorOptions
    private let mode: MirrorMode
    private let filter: InsertedFilter
    private let users: Users
    private let graph: BlockGraph
    private let drain: SourceDrain

    init(
        _ options: MirrorOptions, mode: MirrorMode, filter: InsertedFilter, users: Users, graph: BlockGraph, executor: any SerialExecutor
    ) {
        self.options = options
        self.mode = mode
        self.filter = filter
        self.users = users
        self.graph = graph
        drain = SourceDrain(graph, source: options.device, sparing: users.all, executor: executor)
    }

    var taskExecutor: (any TaskExecutor)? { filter.thread.taskExecutor }

    func run(_ context: JobContext) async throws(JobFailure) {
        let (options, users, drain, node) = (self.options, self.users, self.drain, filter.node)
        try await filter.thread.run { (io: isolated IOThread) async throws(JobFailure) in
            guard let copy = (node.value.driver as? MirrorFilter)?.mirror else {
                throw JobFailure(.other, "The filter of the mirror is no longer there")
            }
            let target = users.writer.access.value
            guard copy.map.length == target.length else {
                throw JobFailure(.system(errno: EINVAL), "Source and target image have different sizes")
            }
            let chunk = max(ChunkMover.longestChunk, copy.map.granularity)
            let budget = (options.bufferSize ?? 0) > 0 ? options.bufferSize ?? 0 : Int64(ChunkMover.mostWorkers) * ChunkMover.longestChunk
            let longest = max(copy.map.granularity, min(chunk, budget))
            let run = MirrorRun(
                copy: copy, target: target, sync: options.sync,
                workers: Int(max(1, min(Int64(ChunkMover.mostWorkers), budget / ChunkMover.longestChunk))), longestChunk: longest,
                thread: io,
                drain: drain)
            try await run(context)
        }
    }

    /// The pivot, or for a soft cancel nothing. The source is drained since its last pass, so no request meets the change half-way:
    /// either all users of the node move to the target, or the error leaves all of them where they were.
    func prepare() async throws(JobFailure) {
        guard await isToPivot() else { return }
        // Whoever cancels from here on comes too late; who came before has let the users go.
        guard await drain.pivot(), await mayPivot() else { throw .cancelled }
        try await checkReplacement()
        do throws(BlockError) {
            // Whoever comes to the target now decides what is done with it; this job writes no more.
            try await graph.setPermissions(of: users.writer, Permissions())
            try await graph.replace(options.replaces ?? options.device, with: options.target, keeping: users.all)
        } catch {
            throw JobFailure(error)
        }
    }

    /// What stood when the mirror began may have changed since.
    private func checkReplacement() async throws(JobFailure) {
        guard let name = options.replaces, await !graph.isReplaceable(name, byCopyOf: options.device) else { return }
        throw JobFailure(
            .other,
            "Can no longer replace '\(name)' by '\(options.target)', because it can no longer be guaranteed that doing so would not lead to an "
                + "abrupt change of visible data")
    }

    private func isToPivot() async -> Bool {
        await filter.thread.run { [filter] (io: isolated IOThread) in
            (filter.node.value.driver as? MirrorFilter)?.mirror?.isToPivot ?? false
        }
    }

    private func mayPivot() async -> Bool {
        await filter.thread.run { [filter] (io: isolated IOThread) in
            (filter.node.value.driver as? MirrorFilter)?.mirror?.mayPivot ?? false
        }
    }

    func acceptsSoftCancel(isReady: Bool) -> Bool { isReady }

    func cancelRequested() {
        // Guests are let go at once, even if a copy that they wait for hangs.
        let (filter, drain, graph, users) = (self.filter, self.drain, self.graph, self.users.all)
        Task {
            await filter.thread.run { (io: isolated IOThread) in (filter.node.value.driver as? MirrorFilter)?.mirror?.end() }
            await drain.letGo()
            await graph.hurry(users)
        }
    }

    func change(_ change: JobChange) throws(JobError) {
        switch change {
        case .mirror(let writeBlocking):
            if writeBlocking == mode.isWriteBlocking { return }
            guard writeBlocking else { throw JobError(.invalidArgument, "Change to copy mode 'background' is not implemented") }
            mode.becomeWriteBlocking()
            // A mirror that is ready sleeps: it is to look whether both sides are equal, since they stay so now.
            let filter = self.filter
            filter.thread.task { _ in (filter.node.value.driver as? MirrorFilter)?.mirror?.modeChanged() }
        }
    }

    var isActivelySynced: Bool? { mode.isActivelySynced }

    func abandoned() {
        let (graph, users) = (self.graph, self.users)
        graph.assumeIsolated { graph in
            for user in users.all {
                graph.abandon(user, reason: "a cancelled mirror job still waits for its requests")
            }
        }
    }

    /// Gives the graph back what the job held; the users of the source, or since the pivot of the target, go on.
    func release() async {
        let filter = self.filter
        await filter.thread.run { (io: isolated IOThread) in
            guard let driver = filter.node.value.driver as? MirrorFilter else { return }
            driver.mirror?.end()
            driver.mirror = nil
        }
        // The holds on the target go after the filter, which may be what stands on it by now.
        await graph.removeFilterWhenIdle(filter.nodeName)
        await graph.detach(users.all)
        await drain.close()
    }
}
