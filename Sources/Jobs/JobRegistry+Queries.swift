/// What there is. Snapshots: nothing of the registry leaves it.
extension JobRegistry {
    /// Every job, the newest first.
    public var jobs: [JobInfo] { table.newestFirst.map(info) }

    /// Every block job, the newest first.
    public var blockJobs: [BlockJobInfo] {
        table.newestFirst.filter(\.parameters.type.isBlockJob).map(blockInfo)
    }

    /// The job of this handle, while it exists.
    public func info(_ handle: JobHandle) -> JobInfo? {
        existing(handle).map(info)
    }

    /// What it would take to start this job again, while it exists.
    public func record(_ handle: JobHandle) -> JobRecord? {
        guard let job = existing(handle) else { return nil }
        return JobRecord(job)
    }

    /// The jobs whose bodies still hang, the newest first.
    public var abandonedJobs: [AbandonedJob] {
        table.all.compactMap { job in
            job.machine.abandonedSince.map { AbandonedJob(handle: job.handle, type: job.parameters.type, since: $0) }
        }.sorted { $0.handle.serial > $1.handle.serial }
    }

    /// Whether this job was concluded without its body, and the body has not returned.
    public func isAbandoned(_ handle: JobHandle) -> Bool {
        table[handle.serial]?.machine.abandonedSince != nil
    }

    private func existing(_ handle: JobHandle) -> Job? {
        guard let job = table[handle.serial], job.machine.isVisible else { return nil }
        return job
    }

    private func info(_ job: Job) -> JobInfo {
        let (current, total) = job.context.progress.snapshot
        return JobInfo(
            id: job.handle.id, type: job.parameters.type, status: job.machine.status, currentProgress: current, totalProgress: total,
            error: job.machine.end?.failure?.message, pendingRequest: job.machine.pendingRequest,
            suppressedErrors: job.errorBudget.suppressed)
    }

    /// The ids of jobs that have not concluded, the oldest first.
    public var unfinishedJobs: [String] {
        table.newestFirst.reversed().filter { ![.concluded, .null].contains($0.machine.status) }.map(\.handle.id)
    }

    private func blockInfo(_ job: Job) -> BlockJobInfo {
        let (current, total) = job.context.progress.snapshot
        return BlockJobInfo(
            type: job.parameters.type, device: job.handle.id, len: total, offset: current,
            busy: job.machine.isBusy, paused: job.machine.isPauseWanted, speed: job.parameters.speed,
            ioStatus: job.ioStatus, ready: job.machine.isReady, status: job.machine.status,
            autoFinalize: job.parameters.autoFinalize, autoDismiss: job.parameters.autoDismiss,
            error: job.machine.end?.failure?.message, activelySynced: job.body.isActivelySynced)
    }
}
