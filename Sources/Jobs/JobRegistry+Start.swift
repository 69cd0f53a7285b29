internal import Waiting

/// From creation to the body's start, and the pauses that drains ask for.
extension JobRegistry {
    /// Makes a group for the jobs of one transaction. With `.individual` its jobs have nothing to do with each other.
    public func makeGroup(completionMode: CompletionMode) -> JobGroup {
        JobGroup(completionMode: completionMode, serial: nextSerial())
    }

    /// Checks that a job with this id could be created now.
    /// - Throws: `.invalidID` in QEMU's words: malformed, or taken; `.closing`.
    public func validate(newID id: String) throws(JobError) {
        guard !isClosing else { throw JobError(.closing, "The daemon is shutting down") }
        guard JobParameters.isWellFormed(id: id) else { throw JobError(.invalidID, "Invalid job ID '\(id)'") }
        guard table.job(id) == nil else { throw .idTaken(id) }
    }

    /// Makes a job. It then waits for `start`, or for `discard` when what was to be prepared for it failed.
    /// - Throws: as `validate(newID:)`; `.invalidArgument` on a negative speed (the job is then seen as created and gone); `.refused`
    ///   when the group has already been cancelled.
    public func create(
        _ parameters: JobParameters, in group: JobGroup? = nil, body: any JobBody
    ) throws(JobError) -> JobHandle {
        try validate(newID: parameters.id)
        let handle = JobHandle(id: parameters.id, serial: nextSerial())
        let joined = group.flatMap { $0.completionMode == .grouped ? $0 : nil } ?? makeGroup(completionMode: .individual)
        do throws(JobGroupMachine.Refusal) {
            try joined.machine.add(serial: handle.serial, finalizesItself: parameters.autoFinalize)
        } catch {
            throw JobError(.refused, "The jobs of this transaction have been cancelled")
        }
        let job = Job(handle: handle, parameters: parameters, body: body, registry: self, group: joined)
        table.add(job)
        carryOut(job.machine.create(), for: job)
        guard parameters.speed >= 0 else {
            discard(handle)
            throw .negativeSpeed
        }
        return handle
    }

    /// Forgets a created job: the command that made it failed. Its body is not called. (created, null.) Nothing on a job that is gone.
    public func discard(_ handle: JobHandle) {
        guard let job = table[handle.serial], job.machine.status == .created else { return }
        release(.group, of: job)
        job.group.machine.leave(serial: handle.serial)
        carryOut(job.machine.discard(), for: job)
        remove(job)
    }

    /// Shows a job that is refused: what it needs is not to be had, and QEMU finds that out when the job exists already. (created, null.)
    /// - Throws: as `create(_:in:body:)`.
    public func createAndDiscard(_ parameters: JobParameters) throws(JobError) {
        discard(try create(parameters, body: NoBody()))
    }

    /// Ends a created job because its transaction failed; its whole group goes, with `abort` and `clean`. (aborting, concluded, null.)
    public func abort(_ handle: JobHandle) async {
        guard let job = table[handle.serial], job.machine.status == .created else { return }
        cancelIfPossible(job)
        await conclusion(of: job)
    }

    /// Starts a created job. Within an internal pause it is running, then paused, and its body is entered at the end of that. Nothing on a
    /// job that is gone, or about to go: a client may have cancelled it, or another of its group, meanwhile.
    public func start(_ handle: JobHandle) {
        guard let job = table[handle.serial], job.machine.status == .created else { return }
        carryOut(job.machine.start(), for: job)
    }

    /// Starts a created job and returns when its body has called `started()`, or has parked, or has succeeded; or when the job has
    /// concluded, if it failed.
    public func startAndWait(_ handle: JobHandle) async {
        guard let job = table[handle.serial], job.machine.status == .created else { return }
        let starter = Job.Starter()
        job.starter = starter
        carryOut(job.machine.start(), for: job)
        await starter.settled.wait()
        job.starter = nil
        starter.hasGoneOn.resolve(())
    }

    /// Parks the job until the matching `drainEnd`; counts, and has nothing to do with pauses of the user. Nothing on a job that has ended.
    public func drainBegin(_ handle: JobHandle) {
        guard let job = table[handle.serial] else { return }
        carryOut(job.machine.drainBegin(), for: job)
    }

    /// Undoes one `drainBegin`.
    public func drainEnd(_ handle: JobHandle) {
        guard let job = table[handle.serial] else { return }
        carryOut(job.machine.drainEnd(), for: job)
    }

    /// Starts the body's task on the executor that it prefers.
    func enterBody(of job: Job) {
        let body = job.body
        let context = job.context
        Task.detached(executorPreference: body.taskExecutor) {
            var failure: JobFailure?
            do throws(JobFailure) {
                try await body.run(context)
            } catch {
                failure = error
            }
            await context.registry.bodyReturned(context.handle, failure)
        }
    }
}

extension JobError {
    static func idTaken(_ id: String) -> JobError { JobError(.invalidID, "Job ID '\(id)' already in use") }

    static let negativeSpeed = JobError(.invalidArgument, "Parameter 'speed' expects a non-negative value")
}

/// The body of a job that never starts.
private final class NoBody: JobBody {
    func run(_ context: JobContext) async throws(JobFailure) {}
}
