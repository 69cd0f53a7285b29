public import BlockGraph
public import Jobs
public import QAPI

/// Something that the daemon tells of itself.
public enum DaemonEvent: Sendable {
    /// What a job did.
    case job(JobEvent)
    /// What a node met.
    case node(NodeEvent)
    /// What a command's handler tells, in the schema's form already.
    case schema(any QAPIEvent)

    /// The schema's form, as clients see it.
    public var wire: any QAPIEvent {
        switch self {
        case .job(let event): wireEvent(event)
        case .node(let event): wireEvent(event)
        case .schema(let event): event
        }
    }

    /// The most that clients hear of events that come as often as a disk is read: one of each key in `EventOutlet.period`, as in QEMU. Nil for an
    /// event that is always told.
    var throttleKey: EventThrottleKey? {
        switch self {
        case .node(.quorumFailure): EventThrottleKey(name: QuorumFailureEvent.name, subject: "")
        case .node(.quorumReportBad(_, _, let node, _, _)): EventThrottleKey(name: QuorumReportBadEvent.name, subject: node)
        case .job, .node(.imageCorrupted), .schema: nil
        }
    }
}
