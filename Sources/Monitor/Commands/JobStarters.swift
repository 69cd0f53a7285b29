import BlockJobs
import QAPI

extension CommandTable {
    /// What starts jobs, alone or all-or-none.
    mutating func registerJobStarters(on jobs: BlockJobStarter) {
        register(BlockdevCreate.self, on: jobs, waiting: { command, jobs in try await jobs.startCreate(CreateOptions(command)) })
        register(BlockdevBackup.self, on: jobs, waiting: { command, jobs in try await jobs.startBackup(BackupOptions(command)) })
        register(BlockdevMirror.self, on: jobs, waiting: { command, jobs in try await jobs.startMirror(MirrorOptions(command)) })
        register(QAPI.Transaction.self, on: jobs, waiting: { command, jobs in try await jobs.run(JobTransaction(command)) })
    }
}
