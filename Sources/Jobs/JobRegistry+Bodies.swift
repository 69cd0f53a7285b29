internal import Waiting

/// What a body says to the registry: its end, that it has started or converged, and what has failed.
extension JobRegistry {
    /// The body's `run` has returned.
    func bodyReturned(_ handle: JobHandle, _ failure: JobFailure?) {
        guard let job = table[handle.serial] else { return }
        bodyEnded(job, failure)
    }

    /// The body is over, or never began: the job goes on to its end, alone or with its group.
    func bodyEnded(_ job: Job, _ failure: JobFailure?) {
        // A body that left tasks behind has no more use for them.
        releaseParked(job)
        clearDeadline(of: job)
        carryOut(job.machine.bodyEnded(failure), for: job)
    }

    /// Returns when whoever waits for the start has been resumed, so that a reply sent from there comes before anything else the body does.
    func bodyHasStarted(_ handle: JobHandle) async {
        guard let starter = table[handle.serial]?.starter, starter.settled.value == nil else { return }
        starter.settled.resolve(())
        await starter.hasGoneOn.wait()
    }

    /// - Returns: false when the job is paused at this moment, so that the caller has to wait.
    func bodyIsReady(_ handle: JobHandle) throws(JobFailure) -> Bool {
        guard let job = table[handle.serial], !job.machine.isBodyOver, !job.context.isCancelled else { throw .cancelled }
        return becomeReady(job)
    }

    private func becomeReady(_ job: Job) -> Bool {
        if job.machine.status == .paused { return false }
        carryOut(job.machine.becomeReady(), for: job)
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
            tell(.error(device: job.handle.id, operation: operation, action: action, suppressed: suppressed), of: job)
        }
        if action == .stop {
            if job.ioStatus == .ok { job.ioStatus = failure.isOutOfSpace ? .nospace : .failed }
            carryOut(job.machine.stopOnError(), for: job)
        }
        return ErrorReport(action: action)
    }
}
