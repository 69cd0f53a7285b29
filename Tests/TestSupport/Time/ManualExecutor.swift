/// An executor that runs when the test says so, on the test's own thread: what is enqueued first runs first, and nothing runs in between.
///
/// It has two faces with one queue: actors live on it itself, and tasks take its `tasks` as their preference. So a whole control plane with
/// its jobs runs in one determined order, and `runUntilIdle()` returns when nothing more can happen without the test.
public final class ManualExecutor: SerialExecutor {
    fileprivate enum Work: Sendable {
        /// Of an actor that lives here.
        case isolated(UnownedJob)
        /// Of a task that prefers to run here.
        case preferring(UnownedJob, TaskFace)
        case call(@Sendable () -> Void)
    }

    /// The face for `Task(executorPreference:)`.
    public final class TaskFace: TaskExecutor {
        fileprivate let queue = Guarded<[Work]>([])
        fileprivate init() {}
        /// Queues a step of a task that prefers this executor.
        public func enqueue(_ job: consuming ExecutorJob) {
            let unowned = UnownedJob(job)
            queue.withLock { $0.append(.preferring(unowned, self)) }
        }
    }

    private let isRunning = Guarded(false)

    /// Nothing to do yet.
    public init() {}

    /// Queues a step of an actor that lives here.
    public func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        append(.isolated(unowned))
    }

    /// Prefer this for tasks that shall run here.
    public let tasks = TaskFace()

    private func append(_ work: Work) {
        tasks.queue.withLock { $0.append(work) }
    }

    /// This executor as actors name it.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    /// Traps unless the executor runs.
    public func checkIsolated() { precondition(isRunning.withLock { $0 }, "not on the manual executor") }
    /// Whether the executor runs; only its own steps can ask meanwhile.
    public func isIsolatingCurrentContext() -> Bool? { isRunning.withLock { $0 } }

    /// Calls `action` in its turn.
    public func call(_ action: @escaping @Sendable () -> Void) {
        append(.call(action))
    }

    /// Runs everything that is enqueued, and what that enqueues.
    public func runUntilIdle() {
        let wasRunning = isRunning.withLock { isRunning in
            defer { isRunning = true }
            return isRunning
        }
        precondition(!wasRunning, "the executor runs already")
        defer { isRunning.withLock { $0 = false } }
        while true {
            let batch = tasks.queue.withLock { queue in
                defer { queue = [] }
                return queue
            }
            if batch.isEmpty { return }
            for work in batch { perform(work) }
        }
    }

    private func perform(_ work: Work) {
        switch work {
        case .isolated(let job): job.runSynchronously(on: asUnownedSerialExecutor())
        case .preferring(let job, let face): job.runSynchronously(on: face.asUnownedTaskExecutor())
        case .call(let action): action()
        }
    }

    /// Starts `operation` as a task on this executor; it runs at the next `runUntilIdle()`.
    @discardableResult
    public func task<Value: Sendable>(_ operation: @escaping @Sendable () async -> Value) -> Task<Value, Never> {
        Task.detached(executorPreference: tasks) { await operation() }
    }

    /// Runs `operation` and everything that it causes.
    /// - Returns: its value, or nil when it still waits for something.
    public func run<Value: Sendable>(_ operation: @escaping @Sendable () async -> Value) -> Value? {
        let box = Box<Value>()
        task {
            let value = await operation()
            box.value.withLock { $0 = value }
        }
        runUntilIdle()
        return box.value.withLock { $0 }
    }

    private final class Box<Value: Sendable>: Sendable {
        let value = Guarded<Value?>(nil)
    }
}
