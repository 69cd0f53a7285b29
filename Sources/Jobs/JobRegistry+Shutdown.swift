/// The end of the daemon.
extension JobRegistry {
    /// Cancels and dismisses everything, newest first, and takes no new jobs. Returns at the latest after `nanoseconds`, even if
    /// disks hang.
    ///
    /// First every job is paused, as far as a quarter of the time allows; then all are cancelled, and stop side by side, while what they have
    /// to say comes one after the other. So each that works says `paused running aborting BLOCK_JOB_CANCELLED concluded null`.
    /// - Returns: the jobs that have not concluded by then.
    @discardableResult
    public func cancelAll(within nanoseconds: UInt64) async -> [JobHandle] {
        isClosing = true
        let (sum, overflow) = clock.now.addingReportingOverflow(nanoseconds)
        let end = overflow ? .max : sum
        let newestFirst = all.newestFirst
        for job in newestFirst { drainBegin(job.handle) }
        let pauseEnd = clock.now &+ nanoseconds / 4
        for job in newestFirst { await quiesced(job, within: left(until: pauseEnd)) }
        // Who could not be paused hangs in the disk. Its deadline begins now, not when its turn comes, and leaves time for the rest.
        let hanging = newestFirst.filter { $0.machine.isBusy && !$0.isBodyOver }
        for job in newestFirst where job.group.serial == 0 { holdEvents(of: job) }
        for job in hanging {
            cancelByForce(job)
            hasten(job, to: left(until: end) / 2)
        }
        for job in newestFirst where job.waitsForItsTurn { cancelIfPossible(job) }
        for job in newestFirst { limitCommit(of: job.group, to: left(until: end) / 2) }
        for job in newestFirst {
            job.waitsForItsTurn = false
            emitDeferred(of: job)
            // A group's members are cancelled when its turn comes: their order is the group's.
            cancelIfPossible(job)
            if await conclusion(of: job, within: left(until: end)) { forget(job) }
        }
        return all.newestFirst.map(\.handle)
    }

    private func holdEvents(of job: Job) {
        job.waitsForItsTurn = true
        job.deferredEvents = job.deferredEvents ?? []
    }

    private func cancelIfPossible(_ job: Job) {
        if job.machine.status.accepts(.cancel) { cancelByForce(job) }
    }

    /// A commit cannot be cancelled, but its job can be given up when its disk hangs.
    private func limitCommit(of group: JobGroupState, to nanoseconds: UInt64) {
        guard group.phase == .committing else { return }
        let limit = min(nanoseconds, deadlines.abandonment)
        group.commitLimit = limit
        if let gate = group.commitGate { self.limit(gate, to: limit) }
    }

    private func left(until end: UInt64) -> UInt64 {
        let now = clock.now
        return end > now ? end - now : 0
    }

    /// Gives a cancelled body up sooner than its deadline says.
    private func hasten(_ job: Job, to nanoseconds: UInt64) {
        guard nanoseconds < deadlines.abandonment, job.abandonTimer != nil else { return }
        let serial = job.handle.serial
        job.abandonTimer?.cancel()
        job.abandonTimer = clock.schedule(at: clock.now &+ nanoseconds) { [self] in
            assumeIsolated { $0.abandonBody(serial) }
        }
    }
}
