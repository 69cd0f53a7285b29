/// What a job does. It knows neither QMP nor ids.
///
/// Calls, in order: `run`; then, when it succeeded and so did its whole group, `prepare` of every member and `commit` of every member;
/// when anything failed or was cancelled, `abort` instead; `clean` always last. A job that is cancelled before it started gets `abort`
/// and `clean` alone; one that was discarded gets nothing. No two calls of the async members ever overlap.
/// `run` is called on `taskExecutor`; everything else on the registry's executor, which it must not block.
public protocol JobBody: AnyObject, Sendable {
    /// Where `run` is executed: the task is made with this as its preference. Nil for the global pool.
    nonisolated var taskExecutor: (any TaskExecutor)? { get }

    /// Does the work and returns when it is done, having nothing in flight.
    /// - Throws: what went wrong; `.cancelled` as a checkpoint threw it.
    func run(_ context: JobContext) async throws(JobFailure)

    /// The last moment to fail: makes sure that `commit` can be carried out. Each member of the group is asked before any commits.
    func prepare() async throws(JobFailure)

    /// Applies the result: the change to the graph, the bitmap's new content.
    func commit() async

    /// Undoes what the job did.
    func abort() async

    /// Gives back what the job held, whatever its end was.
    func clean() async

    /// Whether a soft cancel shall end the job by its own means (`JobContext.completionRequest` turns to `.cancelSoftly`) rather than by
    /// force. By default only force is known.
    func acceptsSoftCancel(isReady: Bool) -> Bool

    /// A cancel by force was accepted: recall what can be recalled of the requests in flight.
    func cancelRequested()

    /// A user pause is about to be undone.
    func userResumed()

    /// Changes an option under way.
    /// - Throws: `.invalidArgument` when it cannot be changed; by default nothing can.
    func change(_ change: JobChange) throws(JobError)

    /// The job is being concluded without its body. What it holds stays held: `abort` and `clean` are called when the body has returned.
    func abandoned()

    /// An abandoned body has returned, and `abort` and `clean` have been called.
    func returned()

    /// For a mirror: whether every write now reaches the target before it is acknowledged. Nil for other types.
    var isActivelySynced: Bool? { get }
}

extension JobBody {
    /// The global pool.
    public nonisolated var taskExecutor: (any TaskExecutor)? { nil }
    /// Nothing to prepare.
    public func prepare() async throws(JobFailure) {}
    /// Nothing to apply.
    public func commit() async {}
    /// Nothing to undo.
    public func abort() async {}
    /// Nothing to give back.
    public func clean() async {}
    /// Only force is known.
    public func acceptsSoftCancel(isReady: Bool) -> Bool { false }
    /// Nothing to recall.
    public func cancelRequested() {}
    /// Nothing to do.
    public func userResumed() {}
    /// Nothing can be changed.
    public func change(_ change: JobChange) throws(JobError) {
        throw JobError(.invalidArgument, "Job type does not support change")
    }
    /// Nothing to do.
    public func abandoned() {}
    /// Nothing to do.
    public func returned() {}
    /// Not a mirror.
    public var isActivelySynced: Bool? { nil }
}

/// A change to an option of a job under way.
public enum JobChange: Sendable, Equatable {
    /// A mirror's copy mode; `writeBlocking` false stands for `background`.
    case mirror(writeBlocking: Bool)

    /// The type of job that it is meant for.
    public var type: JobType {
        switch self {
        case .mirror: .mirror
        }
    }
}

/// What a ready job has been asked for.
public enum CompletionRequest: Int, Sendable {
    /// Nothing yet.
    case none
    /// End with the result: a mirror pivots.
    case complete
    /// End cleanly without it: a mirror leaves a consistent copy and does not pivot.
    case cancelSoftly
}
