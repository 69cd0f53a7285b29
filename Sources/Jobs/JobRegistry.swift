internal import Synchronization
internal import Waiting

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

    var table = JobTable()
    private var lastSerial = 0
    /// Whether the daemon ends: no new jobs.
    var isClosing = false
    /// How long each commit may take while the daemon ends, in nanoseconds; nil for as long as it likes.
    var commitLimit: UInt64?

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

    /// Serial numbers serve jobs and groups alike; none is used twice.
    func nextSerial() -> Int {
        lastSerial += 1
        return lastSerial
    }

    /// The job is no longer seen; its handle stays good for a body that still hangs.
    func remove(_ job: Job) {
        table.remove(job)
        job.settleStart()
    }

    // MARK: What machines decide

    /// Does what a job's machine decided, in its order.
    func carryOut(_ actions: [JobStateMachine.Action], for job: Job) {
        publish(job)
        job.group.waiters.wakeAll()
        for action in actions {
            switch action {
            case .announce(let status): tell(.statusChange(id: job.handle.id, status: status), of: job)
            case .tellReady: if job.parameters.type.isBlockJob { tell(.ready(job.report), of: job) }
            case .tellEnd(let end): tell(end, of: job)
            case .enterBody: enterBody(of: job)
            case .skipBody: bodyEnded(job, .cancelled)
            case .cancelBody: cancelBody(of: job)
            case .wakeBody: wakeParked(job)
            case .userResumed:
                job.ioStatus = .ok
                job.body.userResumed()
            case .cleanUp: cleanUp(job)
            case .joinGroup:
                job.settleStart()
                carryOut(job.group.machine.memberSucceeded(serial: job.handle.serial), of: job.group)
            case .abortGroup: carryOut(job.group.machine.abort(), of: job.group)
            }
        }
    }

    /// Shows the body what it may read without a hop.
    private func publish(_ job: Job) {
        let machine = job.machine
        if machine.isCancelled { job.context.cancelled.store(true, ordering: .releasing) }
        job.context.attention.store(machine.shallPause || job.context.isCancelled, ordering: .releasing)
        let request = machine.completionRequest
        if request != .none { job.context.request.store(request.rawValue, ordering: .releasing) }
    }

    // MARK: Telling

    /// Tells an event, or keeps it until the job's turn comes.
    func tell(_ event: JobEvent, of job: Job) {
        if !job.heldEvents.take(event) { events(event) }
    }

    /// The job's turn to speak has come, as far as this reason goes.
    func release(_ reason: HeldEvents.Reason, of job: Job) {
        for event in job.heldEvents.release(reason) { events(event) }
    }

    private func tell(_ end: JobEnd, of job: Job) {
        guard job.parameters.type.isBlockJob else { return }
        switch end {
        case .neverStarted: break
        case .succeeded: tell(.completed(job.report, error: nil), of: job)
        case .failed(let failure): tell(.completed(job.report, error: failure.message), of: job)
        case .cancelled: tell(.cancelled(job.report), of: job)
        }
    }

    // MARK: Waiting

    /// Waits for something in the life of a group's members, which every change of theirs lets the waiter look at again.
    /// - Returns: false when `nanoseconds` have passed first.
    @discardableResult
    func wait(for group: JobGroup, within nanoseconds: UInt64?, until condition: () -> Bool) async -> Bool {
        if condition() { return true }
        let bound = WaitBound()
        let timer = nanoseconds.map { nanoseconds in
            clock.schedule(at: moment(in: nanoseconds)) { [self] in
                assumeIsolated { _ in
                    bound.hasPassed = true
                    group.waiters.wakeAll()
                }
            }
        }
        defer { timer?.cancel() }
        return await group.waiters.wait { condition() ? true : bound.hasPassed ? false : nil }
    }

    /// The time of the registry's clock after so many nanoseconds.
    func moment(in nanoseconds: UInt64) -> UInt64 {
        let (sum, overflow) = clock.now.addingReportingOverflow(nanoseconds)
        return overflow ? .max : sum
    }
}

/// Whether the bound on one wait has passed. Unchecked: touched on the registry's executor only.
private final class WaitBound: @unchecked Sendable {
    var hasPassed = false
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
