import BlockJobs
import QAPI
import QMP

extension CommandTable {
    /// What starts jobs, alone or all-or-none.
    mutating func registerJobStarters(on monitor: StorageMonitor) {
        registerWaiting(BlockdevCreate.self, on: monitor) { (command, monitor) async throws(QMPError) in
            let options = try CreateOptions(command)
            try await monitor.waitingForBlockJobs { (jobs) async throws(BlockJobError) in try await jobs.startCreate(options) }
            return EmptyReply()
        }
        registerWaiting(BlockdevBackup.self, on: monitor) { (command, monitor) async throws(QMPError) in
            try await monitor.waitingForBlockJobs { (jobs) async throws(BlockJobError) in
                try await jobs.startBackup(BackupOptions(command))
            }
            return EmptyReply()
        }
        registerWaiting(BlockdevMirror.self, on: monitor) { (command, monitor) async throws(QMPError) in
            try await monitor.waitingForBlockJobs { (jobs) async throws(BlockJobError) in try await jobs.startMirror(MirrorOptions(command))
            }
            return EmptyReply()
        }
        registerWaiting(QAPI.Transaction.self, on: monitor) { (command, monitor) async throws(QMPError) in
            try await monitor.waitingForBlockJobs { (jobs) async throws(BlockJobError) in try await jobs.run(JobTransaction(command)) }
            return EmptyReply()
        }
    }
}
