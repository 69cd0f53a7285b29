import Jobs
import Logging
import Monitor
import QAPI

/// Carries the registry's events to the clients: the registry is made first, since the monitor, which the server needs, needs it.
///
/// Confined to the control queue.
final class JobEventRelay: @unchecked Sendable {
    /// Where events go; there are none before there is a server.
    weak var server: MonitorServer?

    /// Where an operator reads what jobs do.
    var log: Logger?

    func send(_ event: JobEvent) {
        note(event)
        send(wireEvent(event))
    }

    private func note(_ event: JobEvent) {
        switch event {
        case .statusChange(let id, .created): log?.notice("job '\(id)' begins")
        case .statusChange(let id, .concluded): log?.notice("job '\(id)' has concluded")
        case .completed(let report, let error?): log?.warning("job '\(report.device)' has failed: \(error)")
        case .completed(let report, nil): log?.notice("job '\(report.device)' has completed")
        case .cancelled(let report): log?.notice("job '\(report.device)' is cancelled")
        case .error(let device, let operation, let action, _):
            log?.warning("job '\(device)' has met an error of a \(operation.rawValue): \(action.rawValue)")
        case .statusChange, .ready, .pending: break
        }
    }

    func send(_ event: any QAPIEvent) { server?.broadcast(type(of: event).name, data: event) }
}
