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
        let end = moment(in: nanoseconds)
        let newestFirst = table.newestFirst
        for job in newestFirst { drainBegin(job.handle) }
        let pauseEnd = moment(in: nanoseconds / 4)
        for job in newestFirst { await quiesced(job.handle, within: left(until: pauseEnd)) }
        // Who could not be paused hangs in the disk. Its deadline begins now, not when its turn comes, and leaves time for the rest.
        let hanging = newestFirst.filter { $0.machine.isBusy && !$0.machine.isBodyOver }
        // A group's members are cancelled when its turn comes: their order is the group's.
        let alone = newestFirst.filter { $0.group.completionMode == .individual }
        for job in alone { job.heldEvents.hold(.shutdown) }
        for job in hanging {
            cancelIfPossible(job)
            if job.deadline != nil { limit(job, to: left(until: end) / 2) }
        }
        for job in alone { cancelIfPossible(job) }
        limitCommits(to: min(left(until: end) / 2, deadlines.abandonment))
        for job in newestFirst {
            release(.shutdown, of: job)
            cancelIfPossible(job)
            if await conclusion(of: job, within: left(until: end)) { forget(job) }
        }
        return table.newestFirst.map(\.handle)
    }

    /// Returns when the job's body is parked, or has ended, or was not started, or `nanoseconds` have passed.
    func quiesced(_ handle: JobHandle, within nanoseconds: UInt64? = nil) async {
        guard let job = table[handle.serial] else { return }
        await wait(for: job.group, within: nanoseconds) { !job.machine.isBusy || job.machine.isBodyOver }
    }

    /// A commit cannot be cancelled, but its job can be given up when its disk hangs.
    private func limitCommits(to nanoseconds: UInt64) {
        commitLimit = nanoseconds
        for job in table.newestFirst where job.group.machine.nextStep == .commit(serial: job.handle.serial) {
            limit(job, to: nanoseconds)
        }
    }

    private func left(until end: UInt64) -> UInt64 {
        let now = clock.now
        return end > now ? end - now : 0
    }
}
