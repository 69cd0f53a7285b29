import BlockJobs
import Jobs
import QAPI

extension CommandTable {
    /// The verbs of block jobs alone, and their query.
    mutating func registerBlockJobCommands(on jobs: JobRegistry) {
        register(BlockJobPause.self, on: jobs) { command, jobs in try jobs.pause(command.device, via: .blockJob) }
        register(BlockJobResume.self, on: jobs) { command, jobs in try jobs.resume(command.device, via: .blockJob) }
        register(BlockJobComplete.self, on: jobs) { command, jobs in try jobs.complete(command.device, via: .blockJob) }
        register(BlockJobDismiss.self, on: jobs) { command, jobs in try jobs.dismiss(command.id, via: .blockJob) }
        register(BlockJobSetSpeed.self, on: jobs) { command, jobs in try jobs.setSpeed(command.device, command.speed) }
        register(
            BlockJobCancel.self, on: jobs,
            outOfBand: { command, jobs in try jobs.requestCancel(command.device, force: command.force ?? false, via: .blockJob) },
            waiting: { command, jobs, replyIsDue in
                try await jobs.cancel(command.device, force: command.force ?? false, via: .blockJob, replyIsDue: replyIsDue)
            })
        register(BlockJobFinalize.self, on: jobs, waiting: { command, jobs in try await jobs.finalize(command.id, via: .blockJob) })
        register(BlockJobChange.self, on: jobs) { command, jobs in
            try jobs.change(command.arguments.id, JobChange(command.arguments.variant))
        }
        register(QueryBlockJobs.self, on: jobs) { _, jobs in jobs.blockJobs.map { QAPI.BlockJobInfo($0) } }
    }
}

extension JobChange {
    /// The change that these options ask for; nil for a type of job that knows none.
    fileprivate init?(_ options: BlockJobChangeOptions.Variant) {
        guard case .mirror(let mirror) = options else { return nil }
        self = .mirror(writeBlocking: mirror.copyMode == .writeBlocking)
    }
}
