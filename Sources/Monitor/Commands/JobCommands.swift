import Jobs
import QAPI

extension CommandTable {
    /// The verbs of every job, and the query.
    mutating func registerJobCommands(on jobs: JobRegistry) {
        register(JobPause.self, on: jobs) { command, jobs in try jobs.pause(command.id, via: .job) }
        register(JobResume.self, on: jobs) { command, jobs in try jobs.resume(command.id, via: .job) }
        register(JobComplete.self, on: jobs) { command, jobs in try jobs.complete(command.id, via: .job) }
        register(JobDismiss.self, on: jobs) { command, jobs in try jobs.dismiss(command.id, via: .job) }
        register(
            JobCancel.self, on: jobs, outOfBand: { command, jobs in try jobs.requestCancel(command.id, force: true, via: .job) },
            waiting: { command, jobs, replyIsDue in try await jobs.cancel(command.id, force: true, via: .job, replyIsDue: replyIsDue) })
        register(JobFinalize.self, on: jobs, waiting: { command, jobs in try await jobs.finalize(command.id, via: .job) })
        register(QueryJobs.self, on: jobs) { _, jobs in jobs.jobs.map { QAPI.JobInfo($0) } }
    }
}
