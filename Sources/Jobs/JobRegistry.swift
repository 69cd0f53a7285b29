import Synchronization

/// All jobs: it makes them, carries verbs to them, and tells what happens to them.
///
/// It lives on the executor that it is given, the control plane's, so that whoever is there already calls it without a hop. It waits for
/// no disk: bodies run elsewhere and come back through their `JobContext`.
public actor JobRegistry {
    let executor: any SerialExecutor
    /// What the registry's own tasks prefer. Without it each of their continuations would resume on the global pool first.
    let tasks: any TaskExecutor
    /// For tasks of others that wait for the registry, or for another actor of its executor: as a preference it saves them two hops.
    public nonisolated var taskExecutor: any TaskExecutor { tasks }
    nonisolated let clock: any JobClock
    let deadlines: JobDeadlines
    private let events: @Sendable (JobEvent) -> Void

    /// The jobs that clients see.
    var all = JobList()
    /// Every job that a client sees or whose body may still call.
    var bySerial: [Int: Job] = [:]
    /// Waits in progress; see `wait(at:within:)`.
    var gates: [Int: Gate] = [:]
    var lastSerial = 0
    var isClosing = false

    /// - Parameters:
    ///   - executor: where the registry lives.
    ///   - tasks: the same place as a preference of tasks; nil makes one, which costs a hop at each switch between actors.
    ///   - clock: what its deadlines and limits go by; calls back on `executor`.
    ///   - deadlines: the bounds on its waits.
    ///   - events: gets each event, on `executor`, in order, before the verb that caused it returns. It must not call the registry.
    public init(
        executor: any SerialExecutor, tasks: (any TaskExecutor)? = nil, clock: any JobClock, deadlines: JobDeadlines = JobDeadlines(),
        events: @escaping @Sendable (JobEvent) -> Void
    ) {
        self.executor = executor
        self.tasks = tasks ?? RegistryTasks(executor)
        self.clock = clock
        self.deadlines = deadlines
        self.events = events
    }

    /// The executor given at creation.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Serial numbers serve jobs, groups and gates alike; none is used twice.
    func nextSerial() -> Int {
        lastSerial += 1
        return lastSerial
    }

    /// Does what a machine decided, in its order.
    func carryOut(_ actions: [JobStateMachine.Action], for job: Job) {
        publish(job)
        for action in actions {
            switch action {
            case .announce(let status): emit(.statusChange(id: job.handle.id, status: status), of: job)
            case .enterBody: enterBody(of: job)
            case .skipBody: bodyEnded(job, .failed(.cancelled))
            case .cancelBody: cancelBody(of: job)
            case .wakeBody: wakeParked(job)
            case .userResumed:
                job.ioStatus = .ok
                job.body.userResumed()
            case .abortGroup: startAborting(job.group, cause: nil)
            }
        }
    }

    /// Shows the body what it may read without a hop.
    private func publish(_ job: Job) {
        let machine = job.machine
        if machine.isCancelledByForce { job.context.cancelled.store(true, ordering: .releasing) }
        job.context.attention.store(machine.shallPause || job.context.isCancelled, ordering: .releasing)
        let request = machine.completionRequest
        if request != .none { job.context.request.store(request.rawValue, ordering: .releasing) }
    }

    /// Tells an event, or keeps it until the job's turn comes.
    func emit(_ event: JobEvent, of job: Job) {
        if job.deferredEvents != nil {
            job.deferredEvents?.append(event)
        } else {
            events(event)
        }
    }

    /// Tells the events that were kept, unless the end of the daemon has not come to this job yet.
    func emitDeferred(of job: Job) {
        guard !job.waitsForItsTurn else { return }
        let deferred = job.deferredEvents ?? []
        job.deferredEvents = nil
        for event in deferred { events(event) }
    }
}

/// A serial executor as a preference of tasks, where there is no better one.
private final class RegistryTasks: TaskExecutor {
    private let executor: any SerialExecutor

    init(_ executor: any SerialExecutor) {
        self.executor = executor
    }

    func enqueue(_ job: consuming ExecutorJob) {
        executor.enqueue(job)
    }
}
