internal import Waiting

/// What does not come back: the deadlines of a cancelled body and of the ends of a body, and what follows.
extension JobRegistry {
    /// A cancel by force was accepted: the body is told, what is parked goes on, and the clock runs.
    func cancelBody(of job: Job) {
        job.body.cancelRequested()
        limit(job, to: deadlines.abandonment)
        releaseParked(job)
    }

    /// Gives up what the body is doing when it is not over in so many nanoseconds. An earlier deadline stays.
    func limit(_ job: Job, to nanoseconds: UInt64) {
        let at = moment(in: nanoseconds)
        if let earlier = job.deadline, earlier.at <= at { return }
        clearDeadline(of: job)
        let serial = job.handle.serial
        let timer = clock.schedule(at: at) { [self] in
            assumeIsolated { $0.deadlinePassed(serial) }
        }
        job.deadline = Job.Deadline(at: at, timer: timer)
    }

    func clearDeadline(of job: Job) {
        job.deadline?.timer.cancel()
        job.deadline = nil
    }

    /// From now on what the body is doing is on its own, and the job ends without it.
    private func deadlinePassed(_ serial: Int) {
        guard let job = table[serial], job.deadline != nil else { return }
        clearDeadline(of: job)
        let actions = job.machine.abandon(at: clock.now)
        job.body.abandoned()
        carryOut(actions, for: job)
        job.call?.resolve(.abandoned)
    }

    /// What was given up has come back: undo and give back what it held.
    func cleanUp(_ job: Job) {
        releaseParked(job)
        Task {
            await withTaskExecutorPreference(tasks) {
                await job.body.abort()
                await job.body.clean()
            }
            cleanedUp(job)
        }
    }

    /// Nothing of an abandoned job is left.
    func cleanedUp(_ job: Job) {
        job.machine.cleanedUp()
        if !job.machine.isVisible { table.remove(job) }
        job.body.returned()
    }
}
