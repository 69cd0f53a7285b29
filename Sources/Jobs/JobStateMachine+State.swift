extension JobStateMachine {
    /// Where the job is, with what matters there. `endsWithGroup`: the group goes down, and the job says so when its turn comes.
    enum State: Equatable {
        case undefined
        case created(Pauses, endsWithGroup: Bool)
        case active(Active)
        case waiting(endsWithGroup: Bool)
        case pending(endsWithGroup: Bool)
        case aborting(JobEnd)
        case concluded(JobEnd)
        case null(JobEnd)

        var active: Active? {
            if case .active(let active) = self { active } else { nil }
        }

        var pauses: Pauses? {
            switch self {
            case .created(let pauses, _): pauses
            case .active(let active): active.pauses
            case .undefined, .waiting, .pending, .aborting, .concluded, .null: nil
            }
        }
    }

    /// What of a state outlives the daemon: all but the drains and how far the body was, which end with the process.
    enum Record: Equatable, Codable, Sendable {
        case created(isPausedByUser: Bool, endsWithGroup: Bool)
        case active(isReady: Bool, isPausedByUser: Bool, request: Active.Request)
        case waiting(endsWithGroup: Bool)
        case pending(endsWithGroup: Bool)
        case aborting(JobEnd)
        case concluded(JobEnd)

        /// Whether the group goes down.
        var endsWithGroup: Bool {
            switch self {
            case .created(_, let endsWithGroup), .waiting(let endsWithGroup), .pending(let endsWithGroup): endsWithGroup
            case .active(_, _, let request): request == .endWithGroup
            case .aborting: true
            case .concluded: false
            }
        }

        /// Whether the job has done its work.
        var isDone: Bool {
            switch self {
            case .waiting, .pending: true
            case .created, .active, .aborting, .concluded: false
            }
        }
    }
}

extension JobStateMachine {
    /// What to keep of the job for a restart; nil where there is none.
    var record: Record? {
        switch state {
        case .created(let pauses, let endsWithGroup): .created(isPausedByUser: pauses.user, endsWithGroup: endsWithGroup)
        case .active(let active): .active(isReady: active.isReady, isPausedByUser: active.pauses.user, request: active.request)
        case .waiting(let endsWithGroup): .waiting(endsWithGroup: endsWithGroup)
        case .pending(let endsWithGroup): .pending(endsWithGroup: endsWithGroup)
        case .aborting(let end): .aborting(end)
        case .concluded(let end): .concluded(end)
        case .undefined, .null: nil
        }
    }
}

extension JobStateMachine.State {
    init(restoring record: JobStateMachine.Record) {
        self =
            switch record {
            case .created(let isPausedByUser, let endsWithGroup):
                .created(JobStateMachine.Pauses(user: isPausedByUser), endsWithGroup: endsWithGroup)
            case .active(let isReady, let isPausedByUser, let request):
                .active(JobStateMachine.Active(isReady: isReady, isPausedByUser: isPausedByUser, request: request))
            case .waiting(let endsWithGroup): .waiting(endsWithGroup: endsWithGroup)
            case .pending(let endsWithGroup): .pending(endsWithGroup: endsWithGroup)
            case .aborting(let end): .aborting(end)
            case .concluded(let end): .concluded(end)
            }
    }
}
