/// One job in the registry's books: the machine that decides, and what it decides about.
///
/// Bound to the registry: touched on its executor only.
final class Job {
    let handle: JobHandle
    let body: any JobBody
    let context: JobContext
    let group: JobGroupState
    var parameters: JobParameters
    var machine = JobStateMachine()
    var ioStatus = JobIOStatus.ok
    var errorBudget = ErrorEventBudget()

    /// Whether the job ever started: only then its end is told by BLOCK_JOB_COMPLETED or _CANCELLED, and its result kept.
    var wasStarted = false
    /// Whether a cancel by force, of a client or of the group, was accepted: its end is then told as BLOCK_JOB_CANCELLED.
    var wasCancelled = false
    /// How the body ended; the outer nil: it has not, or was never entered.
    var bodyEnd: BodyEnd?
    /// When the job was given up while its body hung; nil again when the body has come back.
    var abandonedAt: UInt64?

    /// The tasks of the body that wait, in the order in which they came.
    var parked: [ParkedTask] = []
    /// How many tasks of the body may park at the same time.
    var workers = 1
    /// When the first of the parked tasks is to be looked at again.
    var parkTimer: (any JobTimer)?
    /// When a cancelled body is given up.
    var abandonTimer: (any JobTimer)?

    /// While the group is being aborted, a member's events wait for its turn.
    var deferredEvents: [JobEvent]?
    /// While the daemon ends, jobs stop side by side but tell of it one after the other.
    var waitsForItsTurn = false
    /// Resumed when the start has succeeded or the job has concluded.
    var startGates: [Int] = []
    /// Resumed when whoever waited for the start goes on.
    var startedGates: [Int] = []
    /// Resumed when the body is parked or has ended.
    var quiescenceGates: [Int] = []
    /// Resumed when the job has concluded.
    var conclusionGates: [Int] = []
    /// Resumed when the body has ended or was given up: the group waits for it.
    var turnGates: [Int] = []

    init(handle: JobHandle, parameters: JobParameters, body: any JobBody, context: JobContext, group: JobGroupState) {
        self.handle = handle
        self.parameters = parameters
        self.body = body
        self.context = context
        self.group = group
    }

    /// Whether the body is out of the way: returned, given up, or never to be entered.
    var isBodyOver: Bool {
        if bodyEnd != nil || abandonedAt != nil { return true }
        switch machine.status {
        case .undefined, .created, .waiting, .pending, .aborting, .concluded, .null: return true
        case .running, .paused, .ready, .standby: return false
        }
    }

    var report: BlockJobReport {
        let (current, total) = context.progress.snapshot
        return BlockJobReport(
            type: parameters.type, device: handle.id, len: total, offset: current, speed: parameters.speed)
    }
}

/// How a body's `run` ended.
enum BodyEnd: Sendable, Equatable {
    case succeeded
    case failed(JobFailure)
}

/// A task of a body that waits in the registry.
struct ParkedTask {
    let ticket: Int
    let reason: ParkReason
    let continuation: UnsafeContinuation<ParkOutcome, Never>
}

/// Jobs that end together. A job on its own is a group of one.
///
/// Bound to the registry: touched on its executor only.
final class JobGroupState {
    /// How far the end of the group is.
    enum Phase: Equatable {
        /// Some member is still at work, or the group waits for finalize.
        case open
        /// Members are asked, one by one, whether they can commit; a cancel still aborts.
        case preparing
        /// Results are being applied; there is no way back.
        case committing
        /// Members are being taken down.
        case aborting
    }

    /// Zero for a job on its own.
    let serial: Int
    var phase = Phase.open
    /// The newest first: the order in which everything is done to them. Concluded members leave.
    var members: [Job] = []
    /// The `prepare` under way, which a cancel puts under a deadline.
    var prepareGate: Int?
    /// The `commit` under way, which the daemon's end puts under a deadline.
    var commitGate: Int?
    /// How long each `commit` may take, in nanoseconds; nil for as long as it likes.
    var commitLimit: UInt64?
    /// A cancel came while members were being prepared.
    var isCancelled = false
    /// Resumed when the last member has concluded.
    var gates: [Int] = []

    init(serial: Int) {
        self.serial = serial
    }
}

/// Names one job for ever, while its id may be used again once it is gone.
public struct JobHandle: Sendable, Hashable {
    /// The id that clients use.
    public let id: String
    /// Counts the jobs of one registry; never used again.
    public let serial: Int
}

/// Names a group of jobs while it is put together; see `JobRegistry.makeGroup(completionMode:)`.
///
/// Unchecked: the registry alone touches `state`, on its executor.
public struct JobGroup: @unchecked Sendable {
    /// How its jobs end.
    public let completionMode: CompletionMode
    /// Outlives its members: who comes when they have been taken down must not begin anew.
    let state: JobGroupState
}
