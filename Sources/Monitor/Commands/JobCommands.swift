import Jobs
import QAPI
import QMP

extension CommandTable {
    /// The verbs of every job, and the query.
    mutating func registerJobCommands(on monitor: StorageMonitor) {
        register(JobPause.self, on: monitor) { (command, monitor) throws(QMPError) in
            try monitor.inRegistry { (jobs) throws(JobError) in try jobs.pause(command.id, via: .job) }
            return EmptyReply()
        }
        register(JobResume.self, on: monitor) { (command, monitor) throws(QMPError) in
            try monitor.inRegistry { (jobs) throws(JobError) in try jobs.resume(command.id, via: .job) }
            return EmptyReply()
        }
        register(JobComplete.self, on: monitor) { (command, monitor) throws(QMPError) in
            try monitor.inRegistry { (jobs) throws(JobError) in try jobs.complete(command.id, via: .job) }
            return EmptyReply()
        }
        register(JobDismiss.self, on: monitor) { (command, monitor) throws(QMPError) in
            try monitor.inRegistry { (jobs) throws(JobError) in try jobs.dismiss(command.id, via: .job) }
            return EmptyReply()
        }
        register(
            JobCancel.self, on: monitor,
            waiting: { (command, monitor, replyIsDue) async throws(QMPError) in
                try await monitor.waitingForRegistry { (jobs) async throws(JobError) in
                    try await jobs.cancel(command.id, force: true, via: .job, replyIsDue: replyIsDue)
                }
                return EmptyReply()
            },
            outOfBand: { (command, monitor) throws(QMPError) in
                try monitor.inRegistry { (jobs) throws(JobError) in try jobs.requestCancel(command.id, force: true, via: .job) }
                return EmptyReply()
            })
        registerWaiting(JobFinalize.self, on: monitor) { (command, monitor) async throws(QMPError) in
            try await monitor.waitingForRegistry { (jobs) async throws(JobError) in try await jobs.finalize(command.id, via: .job) }
            return EmptyReply()
        }
        register(QueryJobs.self, on: monitor) { (_, monitor) throws(QMPError) in
            try monitor.inRegistry { (registry) throws(JobError) in registry.jobs }.map { QAPI.JobInfo($0) }
        }
    }
}
