/// From creation to the body's start, and the pauses that drains ask for.
extension JobRegistry {
    /// Makes a group for the jobs of one transaction. With `.individual` its jobs have nothing to do with each other.
    public func makeGroup(completionMode: CompletionMode) -> JobGroup {
        JobGroup(completionMode: completionMode, state: JobGroupState(serial: nextSerial()))
    }

    /// Checks that a job with this id could be created now.
    /// - Throws: `.invalidID` in QEMU's words: malformed, or taken; `.closing`.
    public func validate(newID id: String) throws(JobError) {
        guard !isClosing else { throw JobError(.closing, "The daemon is shutting down") }
        guard JobParameters.isWellFormed(id: id) else { throw JobError(.invalidID, "Invalid job ID '\(id)'") }
        guard find(id) == nil else { throw JobError(.invalidID, "Job ID '\(id)' already in use") }
    }

    /// Makes a job. It then waits for `start`, or for `discard` when what was to be prepared for it failed.
    /// - Throws: as `validate(newID:)`; `.invalidArgument` on a negative speed (the job is then seen as created and gone); `.refused`
    ///   when the group has already been cancelled.
    public func create(
        _ parameters: JobParameters, in group: JobGroup? = nil, body: any JobBody
    ) throws(JobError) -> JobHandle {
        try validate(newID: parameters.id)
        let groupState = state(of: group)
        guard groupState.phase == .open else {
            throw JobError(.refused, "The jobs of this transaction have been cancelled")
        }
        let handle = JobHandle(id: parameters.id, serial: nextSerial())
        let context = JobContext(
            registry: self, handle: handle, speed: max(0, parameters.speed), executor: body.taskExecutor)
        var checked = parameters
        checked.speed = max(0, parameters.speed)
        let job = Job(handle: handle, parameters: checked, body: body, context: context, group: groupState)
        all.append(job)
        bySerial[handle.serial] = job
        groupState.members.insert(job, at: 0)
        carryOut(job.machine.create(), for: job)
        guard parameters.speed >= 0 else {
            discard(handle)
            throw .negativeSpeed
        }
        return handle
    }

    /// Forgets a created job: the command that made it failed. Its body is not called. (created, null.) Nothing on a job that is gone.
    public func discard(_ handle: JobHandle) {
        guard let job = bySerial[handle.serial], job.machine.status == .created else { return }
        emitDeferred(of: job)
        leaveGroup(job)
        carryOut(job.machine.discard(), for: job)
        remove(job)
    }

    /// Ends a created job because its transaction failed; its whole group goes, with `abort` and `clean`. (aborting, concluded, null.)
    public func abort(_ handle: JobHandle) async {
        guard let job = bySerial[handle.serial], job.machine.status == .created else { return }
        cancelByForce(job)
        await conclusion(of: job)
    }

    /// Starts a created job. Within an internal pause it is running, then paused, and its body is entered at the end of that. Nothing on a
    /// job that is gone, or about to go: a client may have cancelled it, or another of its group, meanwhile.
    public func start(_ handle: JobHandle) {
        guard let job = bySerial[handle.serial], job.machine.status == .created, job.group.phase == .open else { return }
        job.wasStarted = true
        carryOut(job.machine.start(), for: job)
    }

    /// Starts a created job and returns when its body has called `started()`, or has parked, or has succeeded; or when the job has
    /// concluded, if it failed.
    public func startAndWait(_ handle: JobHandle) async {
        guard let job = bySerial[handle.serial], job.machine.status == .created else { return }
        start(handle)
        let gate = makeGate()
        job.startGates.append(gate)
        _ = await wait(at: gate)
        open(&job.startedGates)
    }

    /// Parks the job until the matching `drainEnd`; counts, and has nothing to do with pauses of the user. Nothing on a job that has ended.
    public func drainBegin(_ handle: JobHandle) {
        guard let job = bySerial[handle.serial] else { return }
        carryOut(job.machine.drainBegin(), for: job)
        openQuiescenceGates(of: job)
    }

    /// Undoes one `drainBegin`.
    public func drainEnd(_ handle: JobHandle) {
        guard let job = bySerial[handle.serial] else { return }
        carryOut(job.machine.drainEnd(), for: job)
    }

    /// Returns when the job's body is parked, or has ended, or was not started.
    public func quiesced(_ handle: JobHandle) async {
        guard let job = bySerial[handle.serial] else { return }
        await quiesced(job, within: nil)
    }

    /// As `quiesced(_:)` with a bound in nanoseconds.
    func quiesced(_ job: Job, within nanoseconds: UInt64?) async {
        guard job.machine.isBusy, !job.isBodyOver else { return }
        let gate = makeGate()
        job.quiescenceGates.append(gate)
        _ = await wait(at: gate, within: nanoseconds)
    }

    /// Returns when the job has concluded, with how it ended; nil for success, and for a job that is gone.
    public func conclusion(of handle: JobHandle) async -> JobFailure? {
        guard let job = bySerial[handle.serial] else { return nil }
        await conclusion(of: job)
        return job.machine.failure
    }

    /// - Returns: false when `nanoseconds` have passed first.
    @discardableResult
    func conclusion(of job: Job, within nanoseconds: UInt64? = nil) async -> Bool {
        switch job.machine.status {
        case .concluded, .null: return true
        case .undefined, .created, .running, .paused, .ready, .standby, .waiting, .pending, .aborting: break
        }
        let gate = makeGate()
        job.conclusionGates.append(gate)
        return await wait(at: gate, within: nanoseconds)
    }

    /// The job that a client sees under this id.
    func find(_ id: String) -> Job? {
        all.job(id)
    }

    /// The job is no longer seen; its handle stays good for a body that still hangs.
    func remove(_ job: Job) {
        all.remove(job)
        if job.abandonedAt == nil { bySerial[job.handle.serial] = nil }
        open(&job.conclusionGates)
        open(&job.startGates)
        open(&job.quiescenceGates)
    }

    private func state(of group: JobGroup?) -> JobGroupState {
        guard let group, group.completionMode == .grouped else { return JobGroupState(serial: 0) }
        return group.state
    }

    func leaveGroup(_ job: Job) {
        job.group.members.removeAll { $0 === job }
    }
}

extension JobError {
    static let negativeSpeed = JobError(.invalidArgument, "Parameter 'speed' expects a non-negative value")
}
