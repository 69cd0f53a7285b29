import Synchronization

/// A body's way to its registry: where it may be paused and cancelled, how it paces itself, and what it has to say.
///
/// A body with several tasks that call the parking members (`checkpoint`, `rateLimit`, `waitForBudget`, `sleep`, `idle`,
/// `waitForCompletionRequest`) at the same time declares their number with `setWorkers(_:)`: the job is idle, and can be paused, when all of them are parked. While a body
/// waits for its workers its own task does not count.
///
/// The parking members throw `.cancelled` once the job is cancelled by force, and also when the Swift task that called them is cancelled
/// (so that a failing task group does not wait for siblings that sleep).
public final class JobContext: Sendable {
    let registry: JobRegistry
    let handle: JobHandle
    let spawnExecutor: (any TaskExecutor)?
    /// How far the job is.
    public let progress = JobProgress()

    /// Raised while a pause or a cancel by force is asked: the one word that a checkpoint reads.
    let attention = Atomic<Bool>(false)
    let cancelled = Atomic<Bool>(false)
    let limiter: SharedRateLimiter
    let request = Atomic<Int>(0)
    let wakePending = Atomic<Bool>(false)
    let tickets = Atomic<Int>(0)

    init(registry: JobRegistry, handle: JobHandle, speed: Int64, executor: (any TaskExecutor)?) {
        self.registry = registry
        self.handle = handle
        limiter = SharedRateLimiter(speed: speed)
        spawnExecutor = executor
    }

    /// Whether the job was cancelled by force: the body stops as soon as it can.
    public var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    /// Whether `checkpoint()` would do anything: a pause or a cancel by force is asked. One atomic load, from any thread.
    public var isInterrupted: Bool { attention.load(ordering: .acquiring) }

    /// What a ready job has been asked for; stays once it is not `.none`, but a soft cancel may take the place of a completion.
    public var completionRequest: CompletionRequest { CompletionRequest(rawValue: request.load(ordering: .acquiring)) ?? .none }

    /// The limit at this moment in bytes a second, 0 for none.
    public var speedLimit: Int64 { limiter.speed }

    /// How much to move at once under the limit of this moment: a multiple of `granularity`, at least that and at most `maximum`.
    public func preferredChunk(granularity: Int, maximum: Int) -> Int {
        RateLimiter.preferredChunk(speed: speedLimit, granularity: granularity, maximum: maximum)
    }

    /// The registry's clock, in nanoseconds.
    public var now: UInt64 { registry.clock.now }

    /// A moment at which the job may be paused or cancelled: nothing of the calling task is in flight. One atomic load when
    /// nothing is asked.
    public func checkpoint() async throws(JobFailure) {
        guard attention.load(ordering: .acquiring) else { return }
        try await park(.checkpoint)
    }

    /// Waits until `bytes` may be moved under the speed limit, and is a checkpoint. Call it before moving them. Without a limit it costs
    /// two atomic loads. A change of speed takes effect at once, for those who wait already too.
    public func rateLimit(_ bytes: Int) async throws(JobFailure) {
        if limiter.speed == 0 { return try await checkpoint() }
        try await park(.limiter(bytes: bytes))
    }

    /// Takes `bytes` from the speed limit without waiting, from any thread; for tasks that must not park, whose coordinator then calls
    /// `waitForBudget()`.
    /// - Returns: false when they may not be moved yet, and nothing was taken.
    public func takeBudget(_ bytes: Int) -> Bool {
        limiter.speed == 0 || limiter.admit(bytes, now: now) == .admitted
    }

    /// Parks until the speed limit lets anything move. It takes nothing: follow it with `takeBudget(_:)`.
    public func waitForBudget() async throws(JobFailure) {
        try await park(.budget)
    }

    /// Parks until `deadline` on the registry's clock.
    public func sleep(until deadline: UInt64) async throws(JobFailure) {
        try await park(.sleep(until: deadline))
    }

    /// Parks for `nanoseconds`.
    public func sleep(nanoseconds: UInt64) async throws(JobFailure) {
        try await sleep(until: now &+ nanoseconds)
    }

    /// Parks until `wake()`, a completion request, or `deadline`, whichever is first. A `wake()` since the last `idle` counts.
    public func idle(until deadline: UInt64? = nil) async throws(JobFailure) {
        try await park(.idle(until: deadline))
    }

    /// Ends the current or else the next `idle`. Callable from anywhere; cheap when already called.
    public func wake() {
        if wakePending.exchange(true, ordering: .acquiringAndReleasing) { return }
        let context = self
        Task.detached(executorPreference: spawnExecutor) { await context.registry.wakeIdle(context.handle) }
    }

    /// Parks a ready job until it is asked to end.
    public func waitForCompletionRequest() async throws(JobFailure) -> CompletionRequest {
        try await park(.completionRequest)
        return completionRequest
    }

    /// The body has converged: the job is ready. Once only.
    public func ready() async throws(JobFailure) {
        while try await !registry.bodyIsReady(handle) { try await park(.checkpoint) }
    }

    /// `ready()` and `idle()` with nothing in between: who acts on BLOCK_JOB_READY finds an idle job.
    public func readyThenIdle() async throws(JobFailure) {
        let ticket = tickets.wrappingAdd(1, ordering: .relaxed).newValue
        while true {
            guard let outcome = await registry.readyThenIdle(handle, ticket: ticket) else {
                try await park(.checkpoint)
                continue
            }
            if outcome == .cancelled { throw .cancelled }
            return
        }
    }

    /// What can fail at once has not failed: whoever waits in `JobRegistry.startAndWait(_:)` goes on.
    public func started() async {
        await registry.bodyHasStarted(handle)
    }

    /// A request failed: applies the error policy of its side, sends BLOCK_JOB_ERROR, and says what to do.
    ///
    /// - `.report`: throw `failure`.
    /// - `.ignore`: go on. At most `ErrorEventBudget.perSecond` events a second are sent; beyond that the event is only counted (its
    ///   successor and JobInfo say how many) and this call takes 10 ms, so that a permanent error cannot spin.
    /// - `.stop`: the job has been paused as if by a user, its io-status tells why, and has been resumed; try again. The pause is a checkpoint:
    ///   nothing of the calling task may be in flight.
    /// - Throws: `.cancelled` as a checkpoint would.
    public func report(_ failure: JobFailure, operation: IOOperation) async throws(JobFailure) -> ErrorAction {
        let ticket = tickets.wrappingAdd(1, ordering: .relaxed).newValue
        let (report, outcome) = await cancellable(ticket) {
            await $0.registry.bodyReports($0.handle, failure, operation, ticket: ticket)
        }
        if outcome == .cancelled { throw .cancelled }
        if let pace = report.pace { try await sleep(until: pace) }
        return report.action
    }

    /// From now on `count` tasks (at least one) call the parking members at the same time. Call it while none of them is parked, or from
    /// a task of the body that itself is not counted.
    public func setWorkers(_ count: Int) async {
        await registry.setWorkers(handle, count)
    }

    /// One worker has ended and will not park again.
    public func workerEnded() async {
        await registry.workerEnded(handle)
    }

    private func park(_ reason: ParkReason) async throws(JobFailure) {
        let ticket = tickets.wrappingAdd(1, ordering: .relaxed).newValue
        let outcome = await cancellable(ticket) { await $0.registry.park($0.handle, ticket: ticket, reason) }
        if outcome == .cancelled { throw .cancelled }
    }

    /// Does what may park under `ticket`, and gives that up when the calling task is cancelled.
    private func cancellable<Value: Sendable>(_ ticket: Int, _ parking: (JobContext) async -> Value) async -> Value {
        let context = self
        return await withTaskCancellationHandler {
            await parking(context)
        } onCancel: {
            Task.detached(executorPreference: context.spawnExecutor) {
                await context.registry.giveUpParking(context.handle, ticket: ticket)
            }
        }
    }
}
