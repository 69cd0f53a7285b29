internal import Jobs

/// A job's way into the registry: created, then started or aborted.
struct JobCreation: Sendable {
    let parameters: JobParameters
    private let registry: JobRegistry
    private let group: JobGroup?
    private var stage = Stage.none

    private enum Stage {
        case none
        case created(JobHandle)
        /// Started while its source is drained.
        case startedDrained(JobHandle)
    }

    init(_ parameters: JobParameters, in registry: JobRegistry, group: JobGroup? = nil) {
        self.parameters = parameters
        self.registry = registry
        self.group = group
    }

    /// Gives the registry the job. Where it is refused, what the body holds is given back.
    mutating func create(_ body: any StartableJob) async throws(BlockJobError) {
        do throws(JobError) {
            stage = .created(try await registry.create(parameters, in: group, body: body))
        } catch {
            await body.release()
            throw BlockJobError(error)
        }
    }

    /// Shows clients a job that comes and goes: what QEMU refuses when the job exists already.
    func createAndDiscard() async throws(BlockJobError) {
        do throws(JobError) {
            try await registry.createAndDiscard(parameters)
        } catch {
            throw BlockJobError(error)
        }
    }

    /// Starts the job and returns when it says that it has started.
    func startAndWait() async {
        if case .created(let job) = stage { await registry.startAndWait(job) }
    }

    /// Starts the job while its source is drained: it is entered and paused at once, until `drainEnd`.
    mutating func startDrained() async {
        guard case .created(let job) = stage else { return }
        stage = .startedDrained(job)
        await registry.drainBegin(job)
        await registry.start(job)
    }

    /// Lets a job go on that was started drained.
    func drainEnd() async {
        if case .startedDrained(let job) = stage { await registry.drainEnd(job) }
    }

    /// The transaction has failed.
    func abort() async {
        if case .created(let job) = stage { await registry.abort(job) }
    }
}
