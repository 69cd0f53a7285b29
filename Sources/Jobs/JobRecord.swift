/// What the registry knows of a job and needs to take it up again, as a versioned value. What only the body knows (its arguments,
/// its cursor) is stored next to it by whoever stores it.
public struct JobRecord: Sendable, Equatable, Codable {
    /// The layout of this value; raised with every change that an older reader would misread.
    public static let currentVersion = 1

    /// The layout that this value was written in.
    public var version: Int
    /// As given at creation, with the speed of today.
    public var parameters: JobParameters
    /// Jobs with the same number end together; nil for a job on its own.
    public var group: Int?
    /// Whether an error has stopped it.
    public var ioStatus: JobIOStatus
    /// How far the end of the group was, or that of the job on its own.
    let groupStage: JobGroupMachine.Stage
    /// Where the job was.
    let state: JobStateMachine.Record

    /// The status that the job has when it is restored. Nothing is in flight then, so a pause that was still to come has taken effect.
    public var status: JobStatus { JobStateMachine(restoring: state).status }

    /// Whether a client, or an error policy, has paused it.
    public var isPausedByUser: Bool { JobStateMachine(restoring: state).isPausedByUser }

    /// Whether a client has asked a ready job to complete.
    public var isCompleting: Bool { JobStateMachine(restoring: state).completionRequest == .complete }
}

extension JobRecord {
    /// The record of a job that clients see.
    init?(_ job: Job) {
        guard let state = job.machine.record else { return nil }
        self.init(
            version: Self.currentVersion, parameters: job.parameters,
            group: job.group.completionMode == .grouped ? job.group.serial : nil, ioStatus: job.ioStatus,
            groupStage: job.group.machine.stage, state: state)
    }
}
