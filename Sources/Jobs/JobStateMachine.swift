/// Decides what a job does next. No I/O, no lock, never suspends; its owner carries out the actions in the order given.
///
/// What the wire shows is derived from the state, so it cannot disagree with it. Events that cannot happen in a state are
/// programming errors and trap; what a client may ask at any time throws a `Refusal`.
struct JobStateMachine: Equatable {
    /// What the owner has to do.
    enum Action: Equatable {
        /// Tell the new status.
        case announce(JobStatus)
        /// Tell that the body has converged.
        case tellReady
        /// Tell how the job ended.
        case tellEnd(JobEnd)
        /// Start the body's task.
        case enterBody
        /// The body will never be entered: treat it as having ended with `.cancelled`.
        case skipBody
        /// The body has been cancelled by force: tell it, wake what is parked, start the deadline.
        case cancelBody
        /// What is parked may have reason to go on.
        case wakeBody
        /// A user pause has been undone: reset the io-status, tell the body.
        case userResumed
        /// The body has come back after it was given up: have it undo its work and give back what it holds.
        case cleanUp
        /// The job has done its work: the group goes on when all have.
        case joinGroup
        /// Abort the whole group.
        case abortGroup
    }

    /// Why a verb is refused.
    enum Refusal: Error, Equatable {
        /// The verb table says no, or the group does.
        case verb(JobVerb, JobStatus)
        /// There is a user pause already.
        case alreadyPaused
        /// There is no user pause.
        case notPaused
        /// A cancelled job cannot be completed.
        case cannotComplete
    }

    /// Whether the registry waits for what the body is doing. It stands beside the state, since a body that hangs outlives its job.
    enum Attendance: Equatable {
        case attended
        /// The body, or one of its ends, did not come back in time.
        case abandoned(since: UInt64)
        /// It came back later and was cleaned up.
        case cleanedUp
    }

    private(set) var state = State.undefined
    private(set) var attendance = Attendance.attended

    /// A job that does not exist yet.
    init() {}

    /// A job as it was. Nothing is in flight after a restart, so a pause that was still to come has taken effect; a body that was at work,
    /// or was cancelled, waits for `takeUp()`.
    init(restoring record: Record) {
        state = State(restoring: record)
    }

    // MARK: Life

    /// The job exists.
    mutating func create() -> [Action] {
        guard case .undefined = state else { impossible() }
        return become(.created(Pauses(), endsWithGroup: false))
    }

    /// The job starts; within a pause its body is entered when that ends. Nothing when it goes down with its group.
    mutating func start() -> [Action] {
        guard case .created(let pauses, let endsWithGroup) = state else { impossible() }
        if endsWithGroup { return [] }
        let active = Active(pauses: pauses)
        state = .active(active)
        return [.announce(.running), active.body == .unentered ? .announce(.paused) : .enterBody]
    }

    /// A restored job goes on: its body is entered anew, unless it is paused; a cancelled one ends without.
    func takeUp() -> [Action] {
        guard let active = state.active, active.body == .busy else { return [] }
        return [active.isCancelled ? .skipBody : .enterBody]
    }

    /// The command that made the job failed before it started.
    mutating func discard() -> [Action] {
        guard case .created = state else { impossible() }
        return become(.null(.neverStarted(nil)))
    }

    /// All tasks of the body are parked now.
    mutating func bodyParked() -> [Action] { changeActive { $0.park() } }

    /// A task of the body goes on.
    mutating func bodyUnparked() -> [Action] { changeActive { $0.unpark() } }

    /// The body has converged. Not within a pause: its transitions come one by one.
    mutating func becomeReady() -> [Action] { changeActive { $0.becomeReady() } }

    /// An error policy stops the job in the user's name.
    mutating func stopOnError() -> [Action] {
        changeActive { active in
            active.pauseOnError()
            return []
        }
    }

    /// The body's `run` has returned, with nil if it has done its work. One that was cancelled by force has not, whatever it thinks.
    mutating func bodyEnded(_ failure: JobFailure?) -> [Action] {
        guard isAttended else {
            if case .active = state {
                _ = changeActive { active in
                    active.end(failure); return []
                }
            }
            return [.cleanUp]
        }
        guard case .active(var active) = state, active.body == .busy || active.body == .idle else { impossible() }
        switch active.request {
        case .endWithGroup:
            active.end(failure)
            state = .active(active)
            return []
        case .forceCancel:
            return become(.aborting(.cancelled(failure ?? .cancelled))) + [.abortGroup]
        case .none, .complete, .softCancel:
            guard let failure else { return become(.waiting(endsWithGroup: false)) + [.joinGroup] }
            return become(.aborting(.failed(failure))) + [.abortGroup]
        }
    }

    // MARK: The end, in the group

    /// Every job of the group has done its work.
    mutating func becomePending() -> [Action] {
        guard case .waiting(endsWithGroup: false) = state else { impossible() }
        return become(.pending(endsWithGroup: false))
    }

    /// The body cannot commit. A cancel that came meanwhile is the reason that counts.
    mutating func prepareFailed(_ failure: JobFailure) -> [Action] {
        guard case .pending(let endsWithGroup) = state else { impossible() }
        return endsWithGroup ? [] : become(.aborting(.failed(failure)))
    }

    /// The group goes down. Who has not said how it ends stops at once, and says so when its turn comes.
    mutating func takeAlong() -> [Action] {
        switch state {
        case .created(let pauses, _): state = .created(pauses, endsWithGroup: true)
        case .waiting: state = .waiting(endsWithGroup: true)
        case .pending: state = .pending(endsWithGroup: true)
        case .active: return changeActive { $0.cancelByForce(asGroup: true) }
        case .aborting: break
        case .undefined, .concluded, .null: impossible()
        }
        return []
    }

    /// The job's turn has come in a group that goes down; its body is over.
    mutating func takeTurn() -> [Action] {
        guard isBodyOver else { impossible() }
        switch state {
        case .created(_, endsWithGroup: true):
            return become(.aborting(.neverStarted(.cancelled)))
        case .waiting(endsWithGroup: true), .pending(endsWithGroup: true):
            return become(.aborting(.cancelled(.cancelled)))
        case .active(let active):
            // What fails because it was recalled is no news, but stays the reason.
            guard case .ended(let failure?) = active.body else { return become(.aborting(.cancelled(.cancelled))) }
            return become(.aborting(.cancelled(failure)))
        case .aborting:
            return []
        case .undefined, .created, .waiting, .pending, .concluded, .null:
            impossible()
        }
    }

    /// The job's changes are applied, or undone.
    mutating func conclude() -> [Action] {
        switch state {
        case .pending(endsWithGroup: false): state = .concluded(.succeeded)
        case .aborting(let end): state = .concluded(end)
        case .undefined, .created, .active, .waiting, .pending, .concluded, .null: impossible()
        }
        return (end.map { [.tellEnd($0)] } ?? []) + [.announce(.concluded)]
    }

    /// A concluded job goes away; nothing on one that is gone.
    mutating func forget() -> [Action] {
        guard case .concluded(let end) = state else { return [] }
        return become(.null(end))
    }

    // MARK: Giving up

    /// What the body is doing (its `run` after a cancel, or one of its ends) did not come back in time: the job goes on without it.
    mutating func abandon(at now: UInt64) -> [Action] {
        guard isAttended else { impossible() }
        attendance = .abandoned(since: now)
        switch state {
        case .active(let active):
            switch active.request {
            case .forceCancel: return become(.aborting(.cancelled(.cancelled))) + [.abortGroup]
            case .endWithGroup: return []
            case .none, .complete, .softCancel: impossible()
            }
        case .pending(endsWithGroup: true):
            // It was preparing: that has a bound only once it is cancelled.
            return []
        case .pending(endsWithGroup: false):
            // It was committing, which no cancel stops.
            return become(.aborting(.failed(.notApplied)))
        case .aborting:
            return []
        case .undefined, .created, .waiting, .concluded, .null:
            impossible()
        }
    }

    /// What was given up has come back, and has undone its work and given back what it held.
    mutating func cleanedUp() {
        guard case .abandoned = attendance else { impossible() }
        attendance = .cleanedUp
    }

    // MARK: Internal pauses

    /// A drain begins.
    mutating func drainBegin() -> [Action] {
        switch state {
        case .created(var pauses, let endsWithGroup):
            pauses.drains += 1
            state = .created(pauses, endsWithGroup: endsWithGroup)
            return []
        case .active:
            return changeActive { $0.drainBegin() }
        case .undefined, .waiting, .pending, .aborting, .concluded, .null:
            return []
        }
    }

    /// A drain ends. It may have begun before the job's end and end after it, never the other way round.
    mutating func drainEnd() -> [Action] {
        switch state {
        case .created(var pauses, let endsWithGroup):
            guard pauses.drains > 0 else { impossible() }
            pauses.drains -= 1
            state = .created(pauses, endsWithGroup: endsWithGroup)
            return []
        case .active:
            return changeActive { $0.drainEnd() }
        case .undefined, .waiting, .pending, .aborting, .concluded, .null:
            return []
        }
    }

    // MARK: Verbs

    /// The user pauses the job.
    mutating func pause() throws(Refusal) -> [Action] {
        switch state {
        case .created(var pauses, let endsWithGroup):
            guard !pauses.user else { throw .alreadyPaused }
            pauses.user = true
            state = .created(pauses, endsWithGroup: endsWithGroup)
            return []
        case .active:
            return try askActive { (active) throws(Refusal) in try active.pause() }
        case .undefined, .waiting, .pending, .aborting, .concluded, .null:
            throw .verb(.pause, status)
        }
    }

    /// The user undoes the pause.
    mutating func resume() throws(Refusal) -> [Action] {
        switch state {
        case .created(var pauses, let endsWithGroup):
            guard pauses.user else { throw .notPaused }
            pauses.user = false
            state = .created(pauses, endsWithGroup: endsWithGroup)
            return [.userResumed]
        case .active:
            return try askActive { (active) throws(Refusal) in try active.resume() }
        case .undefined, .waiting, .pending, .aborting, .concluded, .null:
            throw .notPaused
        }
    }

    /// The job shall end without its result; a soft cancel lets a ready body end cleanly. One that is at work ends when its body has.
    mutating func cancel(force: Bool) throws(Refusal) -> [Action] {
        switch state {
        case .created(_, endsWithGroup: false):
            return become(.aborting(.neverStarted(.cancelled))) + [.abortGroup]
        case .waiting(endsWithGroup: false), .pending(endsWithGroup: false):
            return [.abortGroup]
        case .created, .waiting, .pending:
            return []
        case .active:
            return changeActive { force ? $0.cancelByForce(asGroup: false) : $0.cancelSoftly() }
        case .undefined, .aborting, .concluded, .null:
            throw .verb(.cancel, status)
        }
    }

    /// A ready job shall end with its result.
    mutating func complete() throws(Refusal) -> [Action] {
        guard case .active = state else { throw .verb(.complete, status) }
        return try askActive { (active) throws(Refusal) in try active.complete() }
    }

    /// The result is no longer needed.
    mutating func dismiss() throws(Refusal) -> [Action] {
        try check(.dismiss)
        return forget()
    }

    /// Whether the verb table lets the job be asked this; for verbs that are the group's or the owner's matter.
    func check(_ verb: JobVerb) throws(Refusal) {
        guard status.accepts(verb) else { throw .verb(verb, status) }
    }

    // MARK: Steps that events share

    private mutating func become(_ next: State) -> [Action] {
        state = next
        return [.announce(status)]
    }

    /// - Parameter change: gives nil where the event cannot happen.
    private mutating func changeActive(_ change: (inout Active) -> [Action]?, event: StaticString = #function) -> [Action] {
        guard case .active(var active) = state, let actions = change(&active) else { impossible(event) }
        state = .active(active)
        return actions
    }

    private mutating func askActive(_ verb: (inout Active) throws(Refusal) -> [Action]) throws(Refusal) -> [Action] {
        guard case .active(var active) = state else { impossible() }
        let actions = try verb(&active)
        state = .active(active)
        return actions
    }

    private func impossible(_ event: StaticString = #function) -> Never {
        fatalError("\(event) in state \(state)")
    }
}
