import BlockJobs
import Jobs
import QAPI
import QMP

extension CommandTable {
    /// The verbs of block jobs alone, and their query.
    mutating func registerBlockJobCommands(on monitor: StorageMonitor) {
        register(BlockJobPause.self, on: monitor) { (command, monitor) throws(QMPError) in
            try monitor.inRegistry { (jobs) throws(JobError) in try jobs.pause(command.device, via: .blockJob) }
            return EmptyReply()
        }
        register(BlockJobResume.self, on: monitor) { (command, monitor) throws(QMPError) in
            try monitor.inRegistry { (jobs) throws(JobError) in try jobs.resume(command.device, via: .blockJob) }
            return EmptyReply()
        }
        register(BlockJobComplete.self, on: monitor) { (command, monitor) throws(QMPError) in
            try monitor.inRegistry { (jobs) throws(JobError) in try jobs.complete(command.device, via: .blockJob) }
            return EmptyReply()
        }
        register(BlockJobDismiss.self, on: monitor) { (command, monitor) throws(QMPError) in
            try monitor.inRegistry { (jobs) throws(JobError) in try jobs.dismiss(command.id, via: .blockJob) }
            return EmptyReply()
        }
        register(BlockJobSetSpeed.self, on: monitor) { (command, monitor) throws(QMPError) in
            try monitor.inRegistry { (jobs) throws(JobError) in try jobs.setSpeed(command.device, command.speed) }
            return EmptyReply()
        }
        registerWaitingVerbs(on: monitor)
        registerChange(on: monitor)
        register(QueryBlockJobs.self, on: monitor) { (_, monitor) throws(QMPError) in
            try monitor.inRegistry { (registry) throws(JobError) in registry.blockJobs }.map { QAPI.BlockJobInfo($0) }
        }
    }

    private mutating func registerWaitingVerbs(on monitor: StorageMonitor) {
        register(
            BlockJobCancel.self, on: monitor,
            waiting: { (command, monitor, replyIsDue) async throws(QMPError) in
                try await monitor.waitingForRegistry { (jobs) async throws(JobError) in
                    try await jobs.cancel(command.device, force: command.force ?? false, via: .blockJob, replyIsDue: replyIsDue)
                }
                return EmptyReply()
            },
            outOfBand: { (command, monitor) throws(QMPError) in
                try monitor.inRegistry { (jobs) throws(JobError) in
                    try jobs.requestCancel(command.device, force: command.force ?? false, via: .blockJob)
                }
                return EmptyReply()
            })
        registerWaiting(BlockJobFinalize.self, on: monitor) { (command, monitor) async throws(QMPError) in
            try await monitor.waitingForRegistry { (jobs) async throws(JobError) in try await jobs.finalize(command.id, via: .blockJob) }
            return EmptyReply()
        }
    }
    private mutating func registerChange(on monitor: StorageMonitor) {
        register(BlockJobChange.self, on: monitor) { (command, monitor) throws(QMPError) in
            let change = JobChange(command.arguments.variant)
            try monitor.inRegistry { (jobs) throws(JobError) in try jobs.change(command.arguments.id, change) }
            return EmptyReply()
        }
    }
}

extension JobChange {
    /// The change that these options ask for; nil for a type of job that knows none.
    fileprivate init?(_ options: BlockJobChangeOptions.Variant) {
        guard case .mirror(let mirror) = options else { return nil }
        self = .mirror(writeBlocking: mirror.copyMode == .writeBlocking)
    }
}
