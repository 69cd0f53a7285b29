internal import Waiting

/// How jobs end: all of a group, or none. The group's machine says what is next, a task of the registry does it.
extension JobRegistry {
    /// Does what a group's machine decided, in its order.
    func carryOut(_ actions: [JobGroupMachine.Action], of group: JobGroup) {
        for action in actions {
            switch action {
            case .becomePending: becomePending(group)
            case .takeAlong: takeAlong(group)
            case .limitPreparation(let serial): if let job = table[serial] { limit(job, to: deadlines.abandonment) }
            case .begin: Task { await withTaskExecutorPreference(tasks) { await end(group) } }
            }
        }
    }

    private func becomePending(_ group: JobGroup) {
        // Of a restored group some may be so already.
        for job in members(of: group) where job.machine.status == .waiting {
            carryOut(job.machine.becomePending(), for: job)
            if !job.parameters.autoFinalize, job.parameters.type.isBlockJob {
                tell(.pending(type: job.parameters.type, id: job.handle.id), of: job)
            }
        }
    }

    /// Who has not said how it ends stops at once, but what it has to say waits for its turn, so that the order of the events is always the same.
    private func takeAlong(_ group: JobGroup) {
        for job in members(of: group) {
            if job.machine.end == nil { job.heldEvents.hold(.group) }
            carryOut(job.machine.takeAlong(), for: job)
        }
    }

    private func members(of group: JobGroup) -> [Job] {
        group.machine.serials.compactMap { table[$0] }
    }

    /// Takes one step after the other, until all members have concluded.
    private func end(_ group: JobGroup) async {
        while let step = group.machine.nextStep, let job = table[step.serial] {
            switch step {
            case .prepare: await prepare(job)
            case .commit: await commit(job)
            case .takeDown: await takeDown(job)
            }
        }
    }

    /// Asks one member whether it can commit. A cancel meanwhile puts the answer under the abandonment deadline.
    private func prepare(_ job: Job) async {
        let end = await call(.prepare, of: job, within: nil)
        if case .returned(let failure?) = end { carryOut(job.machine.prepareFailed(failure), for: job) }
        carryOut(job.group.machine.prepared(serial: job.handle.serial, end == .returned(nil)), of: job.group)
    }

    /// Applies one member's result. Once the daemon is about to end, that has a bound: nothing else can take a commit back, and a disk that is
    /// merely slow shall not.
    private func commit(_ job: Job) async {
        _ = await call(.commit, of: job, within: commitLimit)
        conclude(job)
    }

    /// Ends one member without its result, when its body is out of the way.
    private func takeDown(_ job: Job) async {
        release(.group, of: job)
        await wait(for: job.group, within: nil) { job.machine.isBodyOver }
        carryOut(job.machine.takeTurn(), for: job)
        // What was given up is undone when it comes back.
        if job.machine.isAttended { _ = await call(.undo, of: job, within: deadlines.abandonment) }
        conclude(job)
    }

    /// The job is over: tells how it ended, and forgets it when nobody is to be asked.
    private func conclude(_ job: Job) {
        job.group.machine.leave(serial: job.handle.serial)
        carryOut(job.machine.conclude(), for: job)
        job.settleStart()
        if job.parameters.autoDismiss || job.machine.end?.wasStarted == false { forget(job) }
    }

    /// A concluded job goes away; nothing on one that is gone.
    func forget(_ job: Job) {
        guard job.machine.status == .concluded else { return }
        carryOut(job.machine.forget(), for: job)
        remove(job)
    }

    /// Returns when the job has concluded.
    /// - Returns: false when `nanoseconds` have passed first.
    @discardableResult
    func conclusion(of job: Job, within nanoseconds: UInt64? = nil) async -> Bool {
        await wait(for: job.group, within: nanoseconds) { job.machine.status == .concluded || job.machine.status == .null }
    }

    // MARK: The ends of a body

    /// Has the body do one of its ends on a task of its own, and returns when that is over or was given up.
    private func call(_ call: BodyCall, of job: Job, within nanoseconds: UInt64?) async -> BodyCallEnd {
        let outcome = Outcome<BodyCallEnd>()
        job.call = outcome
        if let nanoseconds { limit(job, to: nanoseconds) }
        Task {
            let failure = await withTaskExecutorPreference(tasks) { await call.perform(on: job.body) }
            if job.machine.isAttended {
                clearDeadline(of: job)
                outcome.resolve(.returned(failure))
            } else if call == .prepare {
                cleanUp(job)
            } else {
                cleanedUp(job)
            }
        }
        let end = await outcome.wait()
        job.call = nil
        // One that was set when the call had just returned.
        clearDeadline(of: job)
        return end
    }
}

/// One of the body's ends.
private enum BodyCall {
    case prepare, commit, undo

    /// - Returns: why it failed; only a preparation can.
    func perform(on body: any JobBody) async -> JobFailure? {
        switch self {
        case .prepare:
            do throws(JobFailure) {
                try await body.prepare()
            } catch {
                return error
            }
            return nil
        case .commit:
            await body.commit()
        case .undo:
            await body.abort()
        }
        await body.clean()
        return nil
    }
}

/// What became of one of the body's ends.
enum BodyCallEnd: Equatable {
    case returned(JobFailure?)
    case abandoned
}

extension JobGroupMachine.Step {
    /// The member that it is about.
    var serial: Int {
        switch self {
        case .prepare(let serial), .commit(let serial), .takeDown(let serial): serial
        }
    }
}
