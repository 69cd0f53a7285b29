/// How jobs end: all of a group, or none. The newest member is always first.
extension JobRegistry {
    /// A member's body has succeeded. After the last one the group is pending, and finalizes itself if nobody is to be asked.
    func memberSucceeded(_ group: JobGroupState) {
        guard group.members.allSatisfy({ $0.machine.status == .waiting }) else { return }
        for job in group.members {
            carryOut(job.machine.becomePending(), for: job)
            if !job.parameters.autoFinalize, job.parameters.type.isBlockJob {
                emit(.pending(type: job.parameters.type, id: job.handle.id), of: job)
            }
        }
        if group.members.allSatisfy(\.parameters.autoFinalize) { startFinalizing(group) }
    }

    /// Prepares every member, then commits every member; or aborts them all.
    func startFinalizing(_ group: JobGroupState) {
        group.phase = .preparing
        Task { await withTaskExecutorPreference(tasks) { await finalizeMembers(group) } }
    }

    private func finalizeMembers(_ group: JobGroupState) async {
        for job in group.members {
            let failure = await prepare(job)
            if let failure, !group.isCancelled {
                carryOut(job.machine.fail(failure), for: job)
                return await takeDown(group, cause: job)
            }
            if group.isCancelled { return await takeDown(group, cause: nil) }
        }
        group.phase = .committing
        for job in group.members {
            if await !commit(job) {
                markAbandoned(job)
                carryOut(job.machine.fail(.notApplied), for: job)
            }
            conclude(job)
        }
        open(&group.gates)
    }

    /// Applies one member's result. Once the daemon is about to end, that is under the abandonment deadline: nothing else can take a commit
    /// back, and a disk that is merely slow shall not.
    /// - Returns: whether it has been applied in time.
    private func commit(_ job: Job) async -> Bool {
        let gate = makeGate()
        Task {
            await withTaskExecutorPreference(tasks) {
                await job.body.commit()
                await job.body.clean()
            }
            if job.abandonedAt == nil {
                finish(gate, true)
            } else {
                abandonmentOver(job)
            }
        }
        job.group.commitGate = gate
        defer { job.group.commitGate = nil }
        return await wait(at: gate, within: job.group.commitLimit)
    }

    /// Asks one member whether it can commit; a cancel meanwhile puts the answer under the abandonment deadline.
    private func prepare(_ job: Job) async -> JobFailure? {
        let gate = makeGate()
        let answer = PrepareAnswer()
        Task {
            await withTaskExecutorPreference(tasks) {
                do throws(JobFailure) {
                    try await job.body.prepare()
                } catch {
                    answer.failure = error
                }
            }
            if job.abandonedAt == nil {
                finish(gate, true)
            } else {
                cleanUpAbandoned(job)
            }
        }
        job.group.prepareGate = gate
        defer { job.group.prepareGate = nil }
        if await wait(at: gate) { return answer.failure }
        markAbandoned(job)
        return .cancelled
    }

    /// Begins to end the whole group without its results.
    ///
    /// - Parameter cause: the member that failed or was cancelled and has said so already; the others are cancelled by force. They
    ///   stop at once, but what they have to say waits for their turn, so that the order of the events is always the same.
    func startAborting(_ group: JobGroupState, cause: Job?) {
        guard group.phase == .open else { return }
        beginAborting(group, cause: cause)
        Task { await withTaskExecutorPreference(tasks) { await finishAborting(group) } }
    }

    private func takeDown(_ group: JobGroupState, cause: Job?) async {
        beginAborting(group, cause: cause)
        await finishAborting(group)
    }

    private func beginAborting(_ group: JobGroupState, cause: Job?) {
        group.phase = .aborting
        for job in group.members where job !== cause {
            job.deferredEvents = []
            job.wasCancelled = true
            switch job.machine.status {
            case .running, .paused, .ready, .standby:
                // Never refused in these states.
                if let actions = try? job.machine.cancel(force: true) { carryOut(actions, for: job) }
            case .undefined, .created, .waiting, .pending, .aborting, .concluded, .null:
                break
            }
        }
    }

    private func finishAborting(_ group: JobGroupState) async {
        while let job = group.members.first {
            emitDeferred(of: job)
            if !job.isBodyOver {
                let gate = makeGate()
                job.turnGates.append(gate)
                _ = await wait(at: gate)
            }
            var failure = JobFailure.cancelled
            if case .failed(let own) = job.bodyEnd { failure = own }
            carryOut(job.machine.fail(failure), for: job)
            if job.abandonedAt == nil { await undo(job) }
            conclude(job)
        }
        open(&group.gates)
    }

    /// Calls `abort` and `clean`, and doesn't wait for them for ever.
    private func undo(_ job: Job) async {
        let gate = makeGate()
        Task {
            await withTaskExecutorPreference(tasks) {
                await job.body.abort()
                await job.body.clean()
            }
            if job.abandonedAt == nil {
                finish(gate, true)
            } else {
                abandonmentOver(job)
            }
        }
        if await wait(at: gate, within: deadlines.abandonment) { return }
        markAbandoned(job)
    }

    /// The job is over: tells how it ended, and forgets it when nobody is to be asked.
    private func conclude(_ job: Job) {
        if job.wasStarted, job.parameters.type.isBlockJob {
            emit(job.wasCancelled ? .cancelled(job.report) : .completed(job.report, error: job.machine.failure?.message), of: job)
        }
        leaveGroup(job)
        carryOut(job.machine.conclude(), for: job)
        open(&job.conclusionGates)
        open(&job.startGates)
        if job.parameters.autoDismiss || !job.wasStarted { forget(job) }
    }

    /// A concluded job goes away.
    func forget(_ job: Job) {
        // Only a concluded job is ever forgotten.
        guard let actions = try? job.machine.dismiss() else { return }
        carryOut(actions, for: job)
        remove(job)
    }
}

/// What a member's `prepare` said. Bound to the registry.
private final class PrepareAnswer {
    var failure: JobFailure?
}
