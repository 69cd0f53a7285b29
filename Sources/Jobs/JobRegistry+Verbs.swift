/// What clients may ask. Every verb either takes effect, or is accepted and shown as pending, or throws in QEMU's words.
extension JobRegistry {
    /// Pauses a job: at once when it is idle, else when its tasks have reached their checkpoints.
    public func pause(_ id: String, via family: JobCommandFamily) throws(JobError) {
        let job = try find(id, via: family)
        try carryOut(for: job) { machine throws(JobStateMachine.Refusal) in try machine.pause() }
    }

    /// Undoes a pause of the user.
    public func resume(_ id: String, via family: JobCommandFamily) throws(JobError) {
        let job = try find(id, via: family)
        try carryOut(for: job) { machine throws(JobStateMachine.Refusal) in try machine.resume() }
    }

    /// Asks a ready job to end with its result; one in standby does so when it is resumed.
    public func complete(_ id: String, via family: JobCommandFamily) throws(JobError) {
        let job = try find(id, via: family)
        try carryOut(for: job) { machine throws(JobStateMachine.Refusal) in try machine.complete() }
    }

    /// Forgets a concluded job.
    public func dismiss(_ id: String, via family: JobCommandFamily) throws(JobError) {
        let job = try find(id, via: family)
        try carryOut(for: job) { machine throws(JobStateMachine.Refusal) in try machine.dismiss() }
        remove(job)
    }

    /// Limits a block job to `speed` bytes a second, 0 for no limit; those who wait in the limiter feel it at once.
    public func setSpeed(_ id: String, _ speed: Int64) throws(JobError) {
        let job = try find(id, via: .blockJob)
        try ask(job) { (job) throws(JobStateMachine.Refusal) in try job.machine.check(.setSpeed) }
        guard speed >= 0 else { throw .negativeSpeed }
        job.parameters.speed = speed
        job.context.limiter.setSpeed(speed, now: clock.now)
        wakeParked(job)
    }

    /// Changes an option of a block job under way.
    /// - Parameter change: nil is one of a type of job that knows none.
    public func change(_ id: String, _ change: JobChange?) throws(JobError) {
        let job = try find(id, via: .blockJob)
        try ask(job) { (job) throws(JobStateMachine.Refusal) in try job.machine.check(.change) }
        guard let change, job.parameters.type == change.type else {
            throw JobError(.invalidArgument, "Job type does not support change")
        }
        try job.body.change(change)
    }

    /// Cancels a job. An idle job has concluded when this returns (or `JobDeadlines.cancel` has passed); one with requests in
    /// flight, or a ready one, concludes later. `job-cancel` always means force.
    ///
    /// - Parameter replyIsDue: called, at most once, when the reply has to be sent before this returns: a ready job that is idle answers
    ///   first and then concludes, but who sent the verb sees nothing in between. Without it, a ready job's cancel returns at once.
    public func cancel(
        _ id: String, force: Bool, via family: JobCommandFamily, replyIsDue: (@Sendable () -> Void)? = nil
    ) async throws(JobError) {
        let job = try find(id, via: family)
        let (status, wasIdle) = (job.machine.status, !job.machine.isBusy)
        try cancel(job, force: force, via: family)
        switch status {
        case .ready, .standby:
            guard wasIdle, job.machine.isCancelled, let replyIsDue else { return }
            replyIsDue()
        case .running, .paused:
            guard wasIdle else { return }
        case .undefined, .created, .waiting, .pending, .aborting, .concluded, .null:
            break
        }
        await conclusion(of: job.group, within: deadlines.cancel)
    }

    /// As `cancel(_:force:via:)` without the wait.
    public func requestCancel(_ id: String, force: Bool, via family: JobCommandFamily) throws(JobError) {
        try cancel(try find(id, via: family), force: force, via: family)
    }

    /// Finalizes a pending job and its group; they have concluded when this returns (or `JobDeadlines.finalize` has passed).
    public func finalize(_ id: String, via family: JobCommandFamily) async throws(JobError) {
        let job = try find(id, via: family)
        try finalize(job)
        await conclusion(of: job.group, within: deadlines.finalize)
    }

    /// As `finalize(_:via:)` without the wait.
    public func requestFinalize(_ id: String, via family: JobCommandFamily) throws(JobError) {
        try finalize(try find(id, via: family))
    }

    // MARK: What verbs share

    private func find(_ id: String, via family: JobCommandFamily) throws(JobError) -> Job {
        let job = table.job(id)
        switch family {
        case .job:
            guard let job else { throw JobError(.jobNotFound, "Job not found") }
            return job
        case .blockJob:
            guard let job, job.parameters.type.isBlockJob else {
                throw JobError(.blockJobNotFound, "Block job '\(id)' not found")
            }
            return job
        }
    }

    /// A soft cancel of a job whose body knows none is by force, too.
    private func cancel(_ job: Job, force: Bool, via family: JobCommandFamily) throws(JobError) {
        if family == .blockJob, !force {
            guard !job.machine.isPausedByUser else {
                throw JobError(.refused, "The block job for device '\(job.handle.id)' is currently paused")
            }
            if job.body.acceptsSoftCancel(isReady: job.machine.isReady) {
                return try carryOut(for: job) { (machine) throws(JobStateMachine.Refusal) in try machine.cancel(force: false) }
            }
        }
        try ask(job) { (job) throws(JobStateMachine.Refusal) in try cancelByForce(job) }
    }

    private func cancelByForce(_ job: Job) throws(JobStateMachine.Refusal) {
        try job.machine.check(.cancel)
        switch try askGroup(of: job, .cancel, { (group) throws(JobGroupMachine.Refusal) in try group.cancel() }) {
        case .member: carryOut(try job.machine.cancel(force: true), for: job)
        case .group(let actions): carryOut(actions, of: job.group)
        }
    }

    /// Cancels a job by force, unless it is too late for that.
    func cancelIfPossible(_ job: Job) {
        do throws(JobStateMachine.Refusal) {
            try cancelByForce(job)
        } catch {
            // It ends by itself.
        }
    }

    private func finalize(_ job: Job) throws(JobError) {
        try ask(job) { (job) throws(JobStateMachine.Refusal) in
            try job.machine.check(.finalize)
            carryOut(
                try askGroup(of: job, .finalize) { (group) throws(JobGroupMachine.Refusal) in try group.finalize() }, of: job.group)
        }
    }

    /// Returns when every member has concluded, or `nanoseconds` have passed.
    private func conclusion(of group: JobGroup, within nanoseconds: UInt64) async {
        await wait(for: group, within: nanoseconds) { group.machine.isEmpty }
    }

    /// Asks the machine, then does what it says or says why not.
    private func carryOut(
        for job: Job, _ verb: (inout JobStateMachine) throws(JobStateMachine.Refusal) -> [JobStateMachine.Action]
    ) throws(JobError) {
        try ask(job) { (job) throws(JobStateMachine.Refusal) in carryOut(try verb(&job.machine), for: job) }
    }

    /// What the group refuses, the job refuses.
    private func askGroup<Answer>(
        of job: Job, _ verb: JobVerb, _ question: (inout JobGroupMachine) throws(JobGroupMachine.Refusal) -> Answer
    ) throws(JobStateMachine.Refusal) -> Answer {
        do throws(JobGroupMachine.Refusal) {
            return try question(&job.group.machine)
        } catch {
            throw .verb(verb, job.machine.status)
        }
    }

    /// Says a refusal in QEMU's words.
    private func ask(_ job: Job, _ question: (Job) throws(JobStateMachine.Refusal) -> Void) throws(JobError) {
        do throws(JobStateMachine.Refusal) {
            try question(job)
        } catch {
            throw JobError(refusing: error, for: job)
        }
    }
}

extension JobError {
    /// A refusal in QEMU's words.
    fileprivate init(refusing refusal: JobStateMachine.Refusal, for job: Job) {
        let id = job.handle.id
        switch refusal {
        case .verb(let verb, let status):
            self.init(.refused, "Job '\(id)' in state '\(status.rawValue)' cannot accept command verb '\(verb.rawValue)'")
        case .alreadyPaused:
            self.init(.refused, "Job is already paused")
        case .notPaused:
            self.init(.refused, "Can't resume a job that was not paused")
        case .cannotComplete:
            self.init(.refused, "The active block job '\(id)' cannot be completed")
        }
    }
}
