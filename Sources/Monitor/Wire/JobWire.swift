import Jobs
import QAPI

extension QAPI.JobInfo {
    /// A job as `query-jobs` shows it.
    init(_ job: Jobs.JobInfo) {
        self.init(
            id: job.id, type: .init(sameAs: job.type), status: .init(sameAs: job.status), currentProgress: job.currentProgress,
            totalProgress: job.totalProgress, error: job.error, xPendingRequest: job.pendingRequest.map { .init(sameAs: $0) })
    }
}

extension QAPI.BlockJobInfo {
    /// A block job as `query-block-jobs` shows it.
    init(_ job: Jobs.BlockJobInfo) {
        self.init(
            variant: Self.variant(of: job), device: job.device, len: job.len, offset: job.offset, busy: job.busy, paused: job.paused,
            speed: job.speed,
            ioStatus: .init(sameAs: job.ioStatus), ready: job.ready, status: .init(sameAs: job.status),
            autoFinalize: job.autoFinalize, autoDismiss: job.autoDismiss, error: job.error)
    }

    private static func variant(of job: Jobs.BlockJobInfo) -> Variant {
        switch job.type {
        case .mirror: .mirror(BlockJobInfoMirror(activelySynced: job.activelySynced ?? false))
        case .commit: .commit
        case .stream: .stream
        case .backup: .backup
        case .create, .amend, .snapshotLoad, .snapshotSave, .snapshotDelete:
            preconditionFailure("a \(job.type.rawValue) job is no block job")
        }
    }
}
