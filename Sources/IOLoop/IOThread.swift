/// One loop thread and everything that is bound to it.
///
/// The actor owns no state of its own: it is the isolation domain of the loop-bound objects (nodes, storages, jobs' workers), whose plain
/// async methods stay on it. Isolation to it means: this code runs on the loop's thread.
///
/// Every task that touches loop-bound objects is made by `run` or `task`, because only they set the task's executor preference; without
/// it each I/O resumes on the global pool and hops back (10 us instead of 0.6).
public actor IOThread {
    /// What carries out requests.
    public enum Engine: Sendable {
        /// io_uring where the kernel allows it, else the thread pool.
        case automatic
        /// The thread pool for everything; for tests, and for kernels whose ring is distrusted.
        case threads
    }

    /// The name that `ps -L` shows, up to 15 bytes.
    public nonisolated let name: String
    /// The loop's requests: reads, writes, polls, timers, blocking calls.
    public nonisolated let requests: LoopRequests
    nonisolated let core: LoopCore

    /// Starts a loop thread.
    /// - Parameter poolLimit: how many blocking calls may run at once.
    /// - Throws: `.system` when no thread or eventfd can be had.
    public init(name: String = "io", engine: Engine = .automatic, poolLimit: Int = 64) throws(IOLoopError) {
        self.name = name
        core = try LoopCore.start(name: name, engine: engine, poolLimit: poolLimit)
        requests = LoopRequests(core: core)
    }

    /// Without a `stop` the thread ends by itself when its last user is gone.
    deinit { core.requestStop() }

    /// The loop's serial executor.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { core.serialExecutor.asUnownedSerialExecutor() }

    /// The executor preference of every task that works on this loop.
    public nonisolated var taskExecutor: any TaskExecutor { core.taskExecutor }

    /// What carries out requests, in words for a log line: `io_uring (...)`, or `threads (why)`.
    public nonisolated var engineDescription: String { core.engineDescription }

    /// Whether requests go through io_uring.
    public nonisolated var usesRing: Bool { core.usesRing }

    /// Whether the calling thread is this loop's.
    public nonisolated var isCurrent: Bool { core.isCurrentThread }

    /// Runs `body` isolated to this loop, with the executor preference set, and returns what it returns.
    public nonisolated func run<Value: Sendable, Failure: Error>(
        _ body: @Sendable (isolated IOThread) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        core.userArrived()
        // Only after the preference has ended does nothing of this call return to the loop.
        defer { core.userLeft() }
        return try await withTaskExecutorPreference(core.taskExecutor) { () async throws(Failure) -> Value in
            try await self.perform(body)
        }
    }

    /// Starts a task isolated to this loop, with the executor preference set.
    @discardableResult
    public nonisolated func task<Value: Sendable>(
        _ body: @escaping @Sendable (isolated IOThread) async -> Value
    ) -> Task<Value, Never> {
        core.userArrived()
        return Task(executorPreference: core.taskExecutor) {
            defer { self.core.userLeft() }
            return await self.perform(body)
        }
    }

    private func perform<Value: Sendable, Failure: Error>(
        _ body: @Sendable (isolated IOThread) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        try await body(self)
    }

    /// Ends the thread as soon as no task of `run` or `task` is left and no request or timer is pending. Nothing is cancelled here: who
    /// made the tasks cancels them first.
    ///
    /// A request that the kernel or a disk never completes cannot be recalled. When `deadline` passes first, the thread is left behind,
    /// idle and detached: late completions still find their tasks, memory that the kernel may write to stays mapped, and the process can
    /// end at any time, since nothing waits for the thread. After a clean stop the loop must not be used any more.
    /// - Returns: whether the thread has ended.
    @discardableResult
    public nonisolated func stop(within deadline: Duration = .seconds(10)) async -> Bool {
        await core.stop(within: deadline)
    }
}
