public import Jobs
public import QAPI

/// The schema's event for what a job told.
public func wireEvent(_ event: JobEvent) -> any QAPIEvent {
    switch event {
    case .statusChange(let id, let status):
        JobStatusChangeEvent(id: id, status: .init(sameAs: status))
    case .completed(let report, let error):
        BlockJobCompletedEvent(
            type: .init(sameAs: report.type), device: report.device, len: report.len, offset: report.offset, speed: report.speed,
            error: error)
    case .cancelled(let report):
        BlockJobCancelledEvent(
            type: .init(sameAs: report.type), device: report.device, len: report.len, offset: report.offset, speed: report.speed)
    case .ready(let report):
        BlockJobReadyEvent(
            type: .init(sameAs: report.type), device: report.device, len: report.len, offset: report.offset, speed: report.speed)
    case .pending(let type, let id):
        BlockJobPendingEvent(type: .init(sameAs: type), id: id)
    case .error(let device, let operation, let action, _):
        BlockJobErrorEvent(device: device, operation: .init(sameAs: operation), action: .init(sameAs: action))
    }
}
