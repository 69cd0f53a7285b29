/// What happens between the registry and a body: its start, its end, its cancellation, and giving it up.
extension JobRegistry {
    /// Starts the body's task on the executor that it prefers.
    func enterBody(of job: Job) {
        let body = job.body
        let context = job.context
        Task.detached(executorPreference: body.taskExecutor) {
            let end: BodyEnd
            do throws(JobFailure) {
                try await body.run(context)
                end = .succeeded
            } catch {
                end = .failed(error)
            }
            await context.registry.bodyReturned(context.handle, end)
        }
    }

    /// The body's `run` has returned.
    func bodyReturned(_ handle: JobHandle, _ end: BodyEnd) {
        guard let job = bySerial[handle.serial] else { return }
        if job.abandonedAt == nil {
            bodyEnded(job, end)
        } else {
            job.bodyEnd = end
            cleanUpAbandoned(job)
        }
    }

    /// The body is over, or never began: the job goes on to its end, alone or with its group.
    func bodyEnded(_ job: Job, _ end: BodyEnd) {
        // A body that left tasks behind has no more use for them.
        releaseParked(job)
        job.bodyEnd = end
        job.abandonTimer?.cancel()
        job.abandonTimer = nil
        openQuiescenceGates(of: job)
        guard job.group.phase == .open else {
            // The group is going down already: it takes this member when its turn comes.
            open(&job.turnGates)
            return
        }
        let failure: JobFailure? =
            switch end {
            case .failed(let failure): failure
            case .succeeded: job.machine.isCancelledByForce ? .cancelled : nil
            }
        if let failure {
            carryOut(job.machine.fail(failure), for: job)
            startAborting(job.group, cause: job)
        } else {
            open(&job.startGates)
            carryOut(job.machine.bodySucceeded(), for: job)
            memberSucceeded(job.group)
        }
    }

    /// A cancel by force was accepted: the body is told, what is parked goes on, and the clock runs.
    func cancelBody(of job: Job) {
        job.wasCancelled = true
        job.body.cancelRequested()
        let serial = job.handle.serial
        job.abandonTimer?.cancel()
        job.abandonTimer = clock.schedule(at: clock.now &+ deadlines.abandonment) { [self] in
            assumeIsolated { $0.abandonBody(serial) }
        }
        releaseParked(job)
    }

    /// The body did not come back in time: the job ends without it.
    func abandonBody(_ serial: Int) {
        guard let job = bySerial[serial], job.bodyEnd == nil, job.abandonedAt == nil else { return }
        markAbandoned(job)
        openQuiescenceGates(of: job)
        if job.group.phase == .open {
            carryOut(job.machine.fail(.cancelled), for: job)
            startAborting(job.group, cause: job)
        } else {
            open(&job.turnGates)
        }
    }

    /// From now on the job's body, or its `prepare` or `abort`, is on its own.
    func markAbandoned(_ job: Job) {
        job.abandonTimer?.cancel()
        job.abandonTimer = nil
        job.abandonedAt = clock.now
        job.body.abandoned()
    }

    /// What was given up has come back: undo and give back what it held.
    func cleanUpAbandoned(_ job: Job) {
        releaseParked(job)
        Task {
            await withTaskExecutorPreference(tasks) {
                await job.body.abort()
                await job.body.clean()
            }
            abandonmentOver(job)
        }
    }

    /// Nothing of an abandoned job is left.
    func abandonmentOver(_ job: Job) {
        job.abandonedAt = nil
        if !all.contains(job) { bySerial[job.handle.serial] = nil }
        job.body.returned()
    }

    // MARK: What a body says

    /// - Returns: false when the job is paused at this moment, so that the caller has to wait.
    func bodyIsReady(_ handle: JobHandle) throws(JobFailure) -> Bool {
        guard let job = working(handle) else { throw .cancelled }
        return becomeReady(job)
    }

    private func becomeReady(_ job: Job) -> Bool {
        if job.machine.status == .paused { return false }
        carryOut(job.machine.becomeReady(), for: job)
        if job.parameters.type.isBlockJob { emit(.ready(job.report), of: job) }
        return true
    }

    /// - Returns: nil when the job is paused and so cannot become ready.
    func readyThenIdle(_ handle: JobHandle, ticket: Int) async -> ParkOutcome? {
        var isReady = false
        let outcome = await park(handle, ticket: ticket, .idle(until: nil)) { job in
            isReady = becomeReady(job)
            return isReady
        }
        return outcome == .proceed && !isReady ? nil : outcome
    }

    /// Returns when whoever waits for the start has been resumed, so that a reply sent from there comes before anything else the body does.
    func bodyHasStarted(_ handle: JobHandle) async {
        guard let job = bySerial[handle.serial], !job.startGates.isEmpty else { return }
        let gate = makeGate()
        job.startedGates.append(gate)
        open(&job.startGates)
        _ = await wait(at: gate)
    }

    /// What a report has led to.
    struct ErrorReport: Sendable {
        /// What the caller is to do.
        var action: ErrorAction
        /// Until when it has to sleep before that.
        var pace: UInt64?
    }

    /// Applies the policy. With `.stop` the caller is parked in the same turn, so that who acts on BLOCK_JOB_ERROR finds the job paused.
    /// - Returns: what to do, and what became of the pause.
    func bodyReports(
        _ handle: JobHandle, _ failure: JobFailure, _ operation: IOOperation, ticket: Int
    ) async -> (ErrorReport, ParkOutcome) {
        // What fails because it was recalled is no news, but stays the reason.
        var report = ErrorReport(action: .report)
        let outcome = await park(handle, ticket: ticket, .checkpoint) { job in
            report = applyPolicy(job, failure, operation)
            return report.action == .stop
        }
        return (report, report.action == .stop ? outcome : .proceed)
    }

    private func applyPolicy(_ job: Job, _ failure: JobFailure, _ operation: IOOperation) -> ErrorReport {
        let policy =
            switch operation {
            case .read: job.parameters.onSourceError
            case .write: job.parameters.onTargetError
            }
        let action = policy.action(for: failure)
        var suppressed = 0
        if action == .ignore {
            guard let count = job.errorBudget.take(now: clock.now) else {
                return ErrorReport(action: action, pace: clock.now &+ ErrorEventBudget.pace)
            }
            suppressed = count
        }
        if job.parameters.type.isBlockJob {
            emit(.error(device: job.handle.id, operation: operation, action: action, suppressed: suppressed), of: job)
        }
        if action == .stop {
            if job.ioStatus == .ok { job.ioStatus = failure.isOutOfSpace ? .nospace : .failed }
            job.machine.stopOnError()
            carryOut([], for: job)
        }
        return ErrorReport(action: action)
    }

    /// The job, while its body has a say.
    private func working(_ handle: JobHandle) -> Job? {
        guard let job = bySerial[handle.serial], !job.isBodyOver, !job.context.isCancelled else { return nil }
        return job
    }
}
