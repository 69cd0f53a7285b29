public import BlockGraph
public import IOLoop
public import Jobs
internal import Storage

/// Starts the jobs that copy and create images.
///
/// It lives on the control plane's executor, where the registry and the graph are. What it starts is theirs: it keeps nothing of a job.
public actor BlockJobStarter {
    let registry: JobRegistry
    let graph: BlockGraph
    let thread: IOThread
    let executor: any SerialExecutor
    /// Buffers of all jobs; what a job gives back serves the next one.
    let pool = BufferPool(retained: 16 << 20)

    /// - Parameters:
    ///   - executor: the control plane's, which `registry` and `graph` have too.
    ///   - registry: gets the jobs.
    ///   - graph: has the nodes.
    ///   - thread: where files are created.
    public init(executor: any SerialExecutor, registry: JobRegistry, graph: BlockGraph, thread: IOThread) {
        self.executor = executor
        self.registry = registry
        self.graph = graph
        self.thread = thread
    }

    /// The executor given at creation.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// `blockdev-create`. Returns when the job has started, and where it failed at once, when it has concluded.
    /// - Throws: when there is no such job; what goes wrong with the file is the job's error.
    public func startCreate(_ options: CreateOptions) async throws(BlockJobError) {
        try await run(Transaction([.create(options)]))
    }

    /// `blockdev-backup`: a transaction of one.
    /// - Throws: when the job was refused; nothing has then changed.
    public func startBackup(_ options: BackupOptions) async throws(BlockJobError) {
        try await run(Transaction([.backup(options)]))
    }

    /// `blockdev-snapshot` and `blockdev-snapshot-sync`: a transaction of one.
    /// - Throws: when the overlay was refused; nothing has then changed.
    public func snapshot(_ options: SnapshotOptions) async throws(BlockJobError) {
        try await run(Transaction([.snapshot(options)]))
    }

    /// `blockdev-snapshot-internal-sync`: a transaction of one.
    /// - Throws: when there can be no such snapshot; nothing has then changed.
    public func snapshot(_ options: InternalSnapshotOptions) async throws(BlockJobError) {
        try await run(Transaction([.internalSnapshot(options)]))
    }

    /// `blockdev-mirror`: a transaction of one. Returns when the job runs; with nothing to copy at first, when it is ready.
    /// - Throws: when the job was refused; nothing has then changed.
    public func startMirror(_ options: MirrorOptions) async throws(BlockJobError) {
        try await run(Transaction([.mirror(options)]))
    }
}
