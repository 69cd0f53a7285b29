import Jobs
import Logging

/// What an operator reads of jobs.
enum JobLog {
    /// Notes what a job did, if it matters to an operator.
    static func note(_ event: JobEvent, in log: Logger) {
        switch event {
        case .statusChange(let id, .created): log.notice("job '\(id)' begins")
        case .statusChange(let id, .concluded): log.notice("job '\(id)' has concluded")
        case .completed(let report, let error?): log.warning("job '\(report.device)' has failed: \(error)")
        case .completed(let report, nil): log.notice("job '\(report.device)' has completed")
        case .cancelled(let report): log.notice("job '\(report.device)' is cancelled")
        case .error(let device, let operation, let action, _):
            log.warning("job '\(device)' has met an error of a \(operation.rawValue): \(action.rawValue)")
        case .statusChange, .ready, .pending: break
        }
    }
}
