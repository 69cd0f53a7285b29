internal import Waiting

/// One job in the registry's books: the machine that decides, and what it decides about.
///
/// Bound to the registry: touched on its executor only.
final class Job {
    let handle: JobHandle
    let body: any JobBody
    let context: JobContext
    let group: JobGroup
    var parameters: JobParameters
    var machine: JobStateMachine
    var ioStatus = JobIOStatus.ok
    var errorBudget = ErrorEventBudget()
    /// Where the tasks of the body wait.
    var parking = Parking()
    /// What the job has to say, while its turn has not come.
    var heldEvents = HeldEvents()
    /// When what the body is doing is given up.
    var deadline: Deadline?
    /// The one of the body's ends that is under way.
    var call: Outcome<BodyCallEnd>?
    /// The command that waits for the job's start.
    var starter: Starter?

    /// A job that does not exist yet. A negative speed counts as none.
    init(handle: JobHandle, parameters: JobParameters, body: any JobBody, registry: JobRegistry, group: JobGroup) {
        self.handle = handle
        self.parameters = parameters
        self.parameters.speed = max(0, parameters.speed)
        self.body = body
        self.group = group
        machine = JobStateMachine()
        context = JobContext(registry: registry, handle: handle, speed: self.parameters.speed, executor: body.taskExecutor)
    }

    /// A job as it was when it was recorded; `JobStateMachine.takeUp()` lets it go on.
    convenience init(restoring record: JobRecord, handle: JobHandle, body: any JobBody, registry: JobRegistry, group: JobGroup) {
        self.init(handle: handle, parameters: record.parameters, body: body, registry: registry, group: group)
        machine = JobStateMachine(restoring: record.state)
        ioStatus = record.ioStatus
    }

    var report: BlockJobReport {
        let (current, total) = context.progress.snapshot
        return BlockJobReport(
            type: parameters.type, device: handle.id, len: total, offset: current, speed: parameters.speed)
    }

    /// The start has succeeded, or the job is over.
    func settleStart() {
        starter?.settled.resolve(())
    }

    /// When a call of the registry's clock is to come.
    struct Deadline {
        let at: UInt64
        let timer: any JobTimer
    }

    /// A command that waits until the job's start has succeeded or the job is over, and the body that lets it go first.
    struct Starter {
        let settled = Outcome<Void>()
        let hasGoneOn = Outcome<Void>()
    }
}

/// Names one job for ever, while its id may be used again once it is gone.
public struct JobHandle: Sendable, Hashable {
    /// The id that clients use.
    public let id: String
    /// Counts the jobs of one registry; never used again.
    public let serial: Int
}
