/// What the wire shows of a job, and what the registry goes by: all of it follows from the state.
extension JobStateMachine {
    // MARK: What shows

    /// Where the job is in its life.
    var status: JobStatus {
        switch state {
        case .undefined: .undefined
        case .created: .created
        case .active(let active): active.status
        case .waiting: .waiting
        case .pending: .pending
        case .aborting: .aborting
        case .concluded: .concluded
        case .null: .null
        }
    }

    /// Whether clients see the job.
    var isVisible: Bool { status != .undefined && status != .null }

    /// Whether the job may be completed, paused or not.
    var isReady: Bool { state.active?.isReady ?? false }

    /// Whether the body is at work at this moment, or hangs.
    var isBusy: Bool { state.active?.body == .busy }

    /// Whether anybody wants the job paused; a created job counts as paused.
    var isPauseWanted: Bool { status == .created || state.pauses?.isWanted ?? false }

    /// Whether the user, or an error policy in the user's name, wants the job paused.
    var isPausedByUser: Bool { state.pauses?.user ?? false }

    /// What was accepted and has not taken effect: a cancel before a pause before a completion.
    var pendingRequest: PendingRequest? {
        switch state {
        case .created(_, endsWithGroup: true), .waiting(endsWithGroup: true), .pending(endsWithGroup: true): .cancel
        case .created(let pauses, endsWithGroup: false): pauses.user ? .pause : nil
        case .active(let active): active.pendingRequest
        case .undefined, .waiting, .pending, .aborting, .concluded, .null: nil
        }
    }

    /// How the job ends, once that is known.
    var end: JobEnd? {
        switch state {
        case .aborting(let end), .concluded(let end), .null(let end): end
        case .undefined, .created, .active, .waiting, .pending: nil
        }
    }

    // MARK: What the registry goes by

    /// Whether the body's tasks are to stay parked.
    var shallPause: Bool { state.active?.shallPause ?? false }

    /// What a ready body has been asked for.
    var completionRequest: CompletionRequest { state.active?.completionRequest ?? .none }

    /// Whether the job was cancelled by force, or its group takes it along.
    var isCancelled: Bool {
        switch state {
        case .created(_, let endsWithGroup), .waiting(let endsWithGroup), .pending(let endsWithGroup): endsWithGroup
        case .active(let active): active.isCancelled
        case .aborting(let end), .concluded(let end), .null(let end): end.isCancelled
        case .undefined: false
        }
    }

    /// Whether the body's `run` is out of the way: returned, given up, or never to be entered.
    var isBodyOver: Bool { !isAttended || state.active?.hasEnded ?? true }

    /// Whether nothing that the body does has been given up.
    var isAttended: Bool { attendance == .attended }

    /// When the body was given up, while it has not come back.
    var abandonedSince: UInt64? {
        if case .abandoned(let since) = attendance { since } else { nil }
    }
}
