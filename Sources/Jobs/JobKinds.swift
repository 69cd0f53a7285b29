/// What a job does; the raw values are the names on the wire.
public enum JobType: String, Sendable, CaseIterable, Codable {
    /// Moves an overlay's data into its backing chain.
    case commit
    /// Moves a backing chain's data into an overlay.
    case stream
    /// Keeps a target equal to a source until told otherwise.
    case mirror
    /// Copies a source as it was when the job started.
    case backup
    /// Creates an image.
    case create
    /// Changes an image's options.
    case amend
    /// Goes back to an internal snapshot.
    case snapshotLoad = "snapshot-load"
    /// Makes an internal snapshot.
    case snapshotSave = "snapshot-save"
    /// Removes an internal snapshot.
    case snapshotDelete = "snapshot-delete"

    /// Whether the `block-job-*` commands, `query-block-jobs` and the `BLOCK_JOB_*` events know it.
    public var isBlockJob: Bool {
        switch self {
        case .commit, .stream, .mirror, .backup: true
        case .create, .amend, .snapshotLoad, .snapshotSave, .snapshotDelete: false
        }
    }
}

/// Where a job is in its life; the raw values are the names on the wire.
public enum JobStatus: String, Sendable, CaseIterable, Codable {
    /// Not yet created; never seen by a client.
    case undefined
    /// Exists, not started.
    case created
    /// Its body works.
    case running
    /// Its body is parked and has nothing in flight.
    case paused
    /// Its body has converged and may be completed.
    case ready
    /// Ready, and paused.
    case standby
    /// Its body has succeeded; others of its group have not yet.
    case waiting
    /// Its whole group has succeeded; waits for finalize.
    case pending
    /// Failed or cancelled; its changes are being undone.
    case aborting
    /// Over; the result stays until it is dismissed.
    case concluded
    /// Gone; never seen in a query.
    case null

    /// The transition table: whether a job in this status may next be in `next`.
    public func mayBecome(_ next: JobStatus) -> Bool {
        switch self {
        case .undefined: next == .created
        case .created: next == .running || next == .aborting || next == .null
        case .running: next == .paused || next == .ready || next == .waiting || next == .aborting
        case .paused: next == .running
        case .ready: next == .standby || next == .waiting || next == .aborting
        case .standby: next == .ready
        case .waiting: next == .pending || next == .aborting
        case .pending: next == .aborting || next == .concluded
        case .aborting: next == .aborting || next == .concluded
        case .concluded: next == .null
        case .null: false
        }
    }

    /// The verb table: whether a job in this status takes `verb` at all.
    public func accepts(_ verb: JobVerb) -> Bool {
        switch (verb, self) {
        case (.cancel, .created), (.cancel, .running), (.cancel, .paused), (.cancel, .ready), (.cancel, .standby),
            (.cancel, .waiting), (.cancel, .pending):
            true
        case (.pause, .created), (.pause, .running), (.pause, .paused), (.pause, .ready), (.pause, .standby):
            true
        case (.resume, .created), (.resume, .running), (.resume, .paused), (.resume, .ready), (.resume, .standby):
            true
        case (.setSpeed, .created), (.setSpeed, .running), (.setSpeed, .paused), (.setSpeed, .ready), (.setSpeed, .standby):
            true
        case (.change, .running), (.change, .paused), (.change, .ready), (.change, .standby):
            true
        case (.complete, .ready), (.complete, .standby), (.finalize, .pending), (.dismiss, .concluded):
            true
        case (.cancel, _), (.pause, _), (.resume, _), (.setSpeed, _), (.change, _), (.complete, _), (.finalize, _), (.dismiss, _):
            false
        }
    }
}

/// What a client may ask of a job; the raw values are the names in error messages.
public enum JobVerb: String, Sendable, CaseIterable {
    /// End it without its result.
    case cancel
    /// Park it.
    case pause
    /// Undo a pause.
    case resume
    /// Limit its bytes a second.
    case setSpeed = "set-speed"
    /// End a ready job with its result.
    case complete
    /// Apply the graph changes of a pending job.
    case finalize
    /// Forget a concluded job.
    case dismiss
    /// Change an option of a job under way.
    case change
}

/// Which commands a verb came through: they differ in which jobs they find, and in how they say that there is none.
public enum JobCommandFamily: Sendable, CaseIterable {
    /// `job-pause` and its kind: any job.
    case job
    /// `block-job-pause` and its kind: block jobs only.
    case blockJob
}

/// A request that was accepted but has not taken effect yet; the raw values are those of the member `x-pending-request`.
public enum PendingRequest: String, Sendable, CaseIterable {
    /// The body has not come back yet.
    case cancel
    /// The body has not reached a checkpoint yet.
    case pause
    /// The body has not ended yet.
    case complete
}
