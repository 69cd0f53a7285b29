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
        try carryOut(for: job) { machine throws(JobStateMachine.Refusal) in
            try machine.checkSetSpeed()
            return []
        }
        guard speed >= 0 else { throw .negativeSpeed }
        job.parameters.speed = speed
        job.context.limiter.setSpeed(speed, now: clock.now)
        wakeParked(job)
    }

    /// Changes an option of a block job under way.
    /// - Parameter change: nil is one of a type of job that knows none.
    public func change(_ id: String, _ change: JobChange?) throws(JobError) {
        let job = try find(id, via: .blockJob)
        try carryOut(for: job) { machine throws(JobStateMachine.Refusal) in
            try machine.checkChange()
            return []
        }
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
        let status = job.machine.status
        let wasIdle = !job.machine.isBusy
        try requestCancel(id, force: force, via: family)
        switch status {
        case .ready, .standby:
            guard wasIdle, job.wasCancelled, let replyIsDue else { return }
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
        let job = try find(id, via: family)
        let status = job.machine.status
        let isReady = status == .ready || status == .standby
        var byForce = true
        if family == .blockJob, !force {
            guard !job.machine.isPausedByUser else {
                throw JobError(.refused, "The block job for device '\(id)' is currently paused")
            }
            byForce = !job.body.acceptsSoftCancel(isReady: isReady)
        }
        guard status.accepts(.cancel), job.group.phase != .committing else {
            throw JobError(refusing: .verb(.cancel, status), for: job)
        }
        if byForce {
            cancelByForce(job)
        } else {
            try carryOut(for: job) { machine throws(JobStateMachine.Refusal) in try machine.cancel(force: false) }
        }
    }

    /// Finalizes a pending job and its group; they have concluded when this returns (or `JobDeadlines.finalize` has passed).
    public func finalize(_ id: String, via family: JobCommandFamily) async throws(JobError) {
        let group = try find(id, via: family).group
        try requestFinalize(id, via: family)
        await conclusion(of: group, within: deadlines.finalize)
    }

    /// As `finalize(_:via:)` without the wait.
    public func requestFinalize(_ id: String, via family: JobCommandFamily) throws(JobError) {
        let job = try find(id, via: family)
        try carryOut(for: job) { machine throws(JobStateMachine.Refusal) in
            try machine.checkFinalize()
            return []
        }
        guard job.group.phase == .open else { throw JobError(refusing: .verb(.finalize, job.machine.status), for: job) }
        startFinalizing(job.group)
    }

    // MARK: What verbs share

    /// Cancels a job that the verb table lets cancel, whatever it is doing.
    func cancelByForce(_ job: Job) {
        switch job.group.phase {
        case .open: break
        case .preparing:
            job.group.isCancelled = true
            if let gate = job.group.prepareGate { limit(gate, to: deadlines.abandonment) }
            return
        case .committing, .aborting:
            return
        }
        job.wasCancelled = true
        if job.machine.status == .created {
            carryOut(job.machine.fail(.cancelled), for: job)
            startAborting(job.group, cause: job)
        } else if let actions = try? job.machine.cancel(force: true) {
            carryOut(actions, for: job)
        }
    }

    /// - Returns: false when `nanoseconds` have passed first.
    @discardableResult
    func conclusion(of group: JobGroupState, within nanoseconds: UInt64) async -> Bool {
        guard !group.members.isEmpty else { return true }
        let gate = makeGate()
        group.gates.append(gate)
        return await wait(at: gate, within: nanoseconds)
    }

    private func find(_ id: String, via family: JobCommandFamily) throws(JobError) -> Job {
        let job = find(id)
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

    /// Asks the machine, then does what it says or says why not.
    private func carryOut(
        for job: Job, _ verb: (inout JobStateMachine) throws(JobStateMachine.Refusal) -> [JobStateMachine.Action]
    ) throws(JobError) {
        let actions: [JobStateMachine.Action]
        do throws(JobStateMachine.Refusal) {
            actions = try verb(&job.machine)
        } catch {
            throw JobError(refusing: error, for: job)
        }
        carryOut(actions, for: job)
    }
}

extension JobError {
    /// A refusal in QEMU's words.
    init(refusing refusal: JobStateMachine.Refusal, for job: Job) {
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
