/// Decides what a job does next. No I/O, no lock, never suspends; its owner carries out the actions in the order given.
///
/// What the wire shows is derived from the one private state, so it cannot disagree with it. Events that cannot happen in a state are
/// programming errors and trap; what a client may ask at any time throws a `Refusal`.
public struct JobStateMachine: Sendable, Equatable {
    /// What the owner has to do.
    public enum Action: Sendable, Equatable {
        /// Tell the new status.
        case announce(JobStatus)
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
        /// Abort the whole group.
        case abortGroup
    }

    /// Why a verb is refused.
    public enum Refusal: Error, Sendable, Equatable {
        /// The verb table says no.
        case verb(JobVerb, JobStatus)
        /// There is a user pause already.
        case alreadyPaused
        /// There is no user pause.
        case notPaused
        /// A cancelled job cannot be completed.
        case cannotComplete
    }

    /// Who wants the job paused: the user, and each drain in progress.
    private struct Pauses: Equatable {
        var user = false
        var drains = 0
        var isWanted: Bool { user || drains > 0 }
    }

    /// How far the body is, as far as pauses and cancels care.
    private enum Body: Equatable {
        /// Paused before its first instruction.
        case unentered
        /// At work, perhaps with requests in flight.
        case busy
        /// All its tasks are parked for reasons of their own.
        case idle
        /// All its tasks are parked, and stay so.
        case paused
    }

    private enum Request: Equatable {
        case none, complete, softCancel, forceCancel
    }

    private struct Active: Equatable {
        var isReady = false
        var body: Body
        var pauses: Pauses
        var request = Request.none

        /// A cancel by force overrides every pause.
        var shallPause: Bool { pauses.isWanted && request != .forceCancel }
        var status: JobStatus {
            switch body {
            case .unentered, .paused: isReady ? .standby : .paused
            case .busy, .idle: isReady ? .ready : .running
            }
        }
    }

    private enum State: Equatable {
        case undefined
        case created(Pauses)
        case active(Active)
        case waiting
        case pending
        case aborting(JobFailure)
        case concluded(JobFailure?)
        case null(JobFailure?)
    }

    private var state = State.undefined

    /// A job that does not exist yet.
    public init() {}

    // MARK: What the wire shows

    /// Where the job is in its life.
    public var status: JobStatus {
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

    /// What was accepted and has not taken effect: a cancel before a pause before a completion.
    public var pendingRequest: PendingRequest? {
        switch state {
        case .created(let pauses): return pauses.user ? .pause : nil
        case .active(let active):
            switch active.request {
            case .softCancel, .forceCancel: return .cancel
            case .none, .complete:
                if active.pauses.user, active.body == .busy || active.body == .idle { return .pause }
                return active.request == .complete ? .complete : nil
            }
        case .undefined, .waiting, .pending, .aborting, .concluded, .null: return nil
        }
    }

    /// Why the job failed, once that is known.
    public var failure: JobFailure? {
        switch state {
        case .aborting(let failure): failure
        case .concluded(let failure), .null(let failure): failure
        case .undefined, .created, .active, .waiting, .pending: nil
        }
    }

    /// Whether anybody wants the job paused; a created job counts as paused.
    public var isPauseWanted: Bool {
        switch state {
        case .created: true
        case .active(let active): active.pauses.isWanted
        case .undefined, .waiting, .pending, .aborting, .concluded, .null: false
        }
    }

    /// Whether the user, or an error policy in the user's name, wants the job paused.
    public var isPausedByUser: Bool {
        switch state {
        case .created(let pauses): pauses.user
        case .active(let active): active.pauses.user
        case .undefined, .waiting, .pending, .aborting, .concluded, .null: false
        }
    }

    /// Whether the body is at work at this moment.
    public var isBusy: Bool {
        if case .active(let active) = state { active.body == .busy } else { false }
    }

    /// Whether the body's tasks are to stay parked.
    public var shallPause: Bool {
        if case .active(let active) = state { active.shallPause } else { false }
    }

    /// Whether the body has been cancelled by force.
    public var isCancelledByForce: Bool {
        if case .active(let active) = state { active.request == .forceCancel } else { false }
    }

    /// What a ready body has been asked for.
    public var completionRequest: CompletionRequest {
        guard case .active(let active) = state else { return .none }
        switch active.request {
        case .none, .forceCancel: return .none
        case .complete: return .complete
        case .softCancel: return .cancelSoftly
        }
    }

    // MARK: Life

    /// The job exists.
    public mutating func create() -> [Action] {
        guard case .undefined = state else { impossible() }
        state = .created(Pauses())
        return [.announce(.created)]
    }

    /// The job starts; within a pause its body is entered when that ends.
    public mutating func start() -> [Action] {
        guard case .created(let pauses) = state else { impossible() }
        state = .active(Active(body: pauses.isWanted ? .unentered : .busy, pauses: pauses))
        return [.announce(.running), pauses.isWanted ? .announce(.paused) : .enterBody]
    }

    /// The command that made the job failed before it started.
    public mutating func discard() -> [Action] {
        guard case .created = state else { impossible() }
        state = .null(nil)
        return [.announce(.null)]
    }

    /// All tasks of the body are parked now.
    public mutating func bodyParked() -> [Action] {
        guard case .active(var active) = state, active.body == .busy else { impossible() }
        active.body = active.shallPause ? .paused : .idle
        state = .active(active)
        return active.shallPause ? [.announce(active.status)] : []
    }

    /// A task of the body goes on.
    public mutating func bodyUnparked() -> [Action] {
        guard case .active(var active) = state, active.body != .unentered else { impossible() }
        let wasPaused = active.body == .paused
        active.body = .busy
        state = .active(active)
        return wasPaused ? [.announce(active.status)] : []
    }

    /// The body has converged. Not within a pause: its transitions come one by one.
    public mutating func becomeReady() -> [Action] {
        guard case .active(var active) = state, active.body == .busy || active.body == .idle, !active.isReady else { impossible() }
        active.isReady = true
        state = .active(active)
        return [.announce(.ready)]
    }

    /// An error policy stops the job in the user's name.
    public mutating func stopOnError() {
        guard case .active(var active) = state else { impossible() }
        active.pauses.user = true
        state = .active(active)
    }

    /// The body has done its work. One that was cancelled by force has not, whatever it thinks.
    public mutating func bodySucceeded() -> [Action] {
        guard case .active(let active) = state, active.body == .busy, active.request != .forceCancel else { impossible() }
        state = .waiting
        return [.announce(.waiting)]
    }

    /// Every job of the group has done its work.
    public mutating func becomePending() -> [Action] {
        guard case .waiting = state else { impossible() }
        state = .pending
        return [.announce(.pending)]
    }

    /// The job fails: its body did, or its preparation, or its group takes it along. The first failure stays.
    public mutating func fail(_ failure: JobFailure) -> [Action] {
        switch state {
        case .created, .waiting, .pending:
            state = .aborting(failure)
            return [.announce(.aborting)]
        case .active(let active):
            guard active.body == .busy || active.body == .idle else { impossible() }
            state = .aborting(failure)
            return [.announce(.aborting)]
        case .aborting:
            return []
        case .undefined, .concluded, .null:
            impossible()
        }
    }

    /// The job's changes are applied, or undone.
    public mutating func conclude() -> [Action] {
        switch state {
        case .pending: state = .concluded(nil)
        case .aborting(let failure): state = .concluded(failure)
        case .undefined, .created, .active, .waiting, .concluded, .null: impossible()
        }
        return [.announce(.concluded)]
    }

    // MARK: Internal pauses

    /// A drain begins.
    public mutating func drainBegin() -> [Action] {
        switch state {
        case .created(var pauses):
            pauses.drains += 1
            state = .created(pauses)
            return []
        case .active(var active):
            active.pauses.drains += 1
            return park(active)
        case .undefined, .waiting, .pending, .aborting, .concluded, .null:
            return []
        }
    }

    /// A drain ends.
    public mutating func drainEnd() -> [Action] {
        switch state {
        case .created(var pauses):
            guard pauses.drains > 0 else { impossible() }
            pauses.drains -= 1
            state = .created(pauses)
            return []
        case .active(var active):
            // A drain may have begun before the job's end and end after it, never the other way round.
            guard active.pauses.drains > 0 else { impossible() }
            active.pauses.drains -= 1
            return unpark(active)
        case .undefined, .waiting, .pending, .aborting, .concluded, .null:
            return []
        }
    }

    // MARK: Verbs

    /// The user pauses the job.
    public mutating func pause() throws(Refusal) -> [Action] {
        switch state {
        case .created(var pauses):
            guard !pauses.user else { throw .alreadyPaused }
            pauses.user = true
            state = .created(pauses)
            return []
        case .active(var active):
            guard !active.pauses.user else { throw .alreadyPaused }
            active.pauses.user = true
            return park(active)
        case .undefined, .waiting, .pending, .aborting, .concluded, .null:
            throw .verb(.pause, status)
        }
    }

    /// The user undoes the pause.
    public mutating func resume() throws(Refusal) -> [Action] {
        switch state {
        case .created(var pauses):
            guard pauses.user else { throw .notPaused }
            pauses.user = false
            state = .created(pauses)
            return [.userResumed]
        case .active(var active):
            guard active.pauses.user else { throw .notPaused }
            active.pauses.user = false
            return [.userResumed] + unpark(active)
        case .undefined, .waiting, .pending, .aborting, .concluded, .null:
            throw .notPaused
        }
    }

    /// The job shall end without its result; a soft cancel lets a ready body end cleanly.
    public mutating func cancel(force: Bool) throws(Refusal) -> [Action] {
        switch state {
        case .created, .waiting, .pending:
            return [.abortGroup]
        case .active(var active):
            guard active.request != .forceCancel else { return [] }
            guard force else {
                active.request = .softCancel
                state = .active(active)
                return active.shallPause ? [] : [.wakeBody]
            }
            var actions: [Action] = active.pauses.user ? [.userResumed] : []
            active.pauses.user = false
            active.request = .forceCancel
            switch active.body {
            case .busy, .idle:
                actions.append(.cancelBody)
            case .paused:
                active.body = .idle
                actions += [.announce(active.status), .cancelBody]
            case .unentered:
                active.body = .busy
                actions += [.announce(active.status), .skipBody]
            }
            state = .active(active)
            return actions
        case .undefined, .aborting, .concluded, .null:
            throw .verb(.cancel, status)
        }
    }

    /// A ready job shall end with its result.
    public mutating func complete() throws(Refusal) -> [Action] {
        guard case .active(var active) = state, active.isReady else { throw .verb(.complete, status) }
        switch active.request {
        case .softCancel, .forceCancel: throw .cannotComplete
        case .none, .complete: active.request = .complete
        }
        state = .active(active)
        return active.shallPause ? [] : [.wakeBody]
    }

    /// Whether the job may be finalized; doing so is the group's matter.
    public func checkFinalize() throws(Refusal) { try check(.finalize) }

    /// Whether the speed may be changed.
    public func checkSetSpeed() throws(Refusal) { try check(.setSpeed) }

    /// Whether an option may be changed.
    public func checkChange() throws(Refusal) { try check(.change) }

    /// The result is no longer needed.
    public mutating func dismiss() throws(Refusal) -> [Action] {
        guard case .concluded(let failure) = state else { throw .verb(.dismiss, status) }
        state = .null(failure)
        return [.announce(.null)]
    }

    // MARK: Steps that verbs and drains share

    private func check(_ verb: JobVerb) throws(Refusal) {
        guard status.accepts(verb) else { throw .verb(verb, status) }
    }

    /// A pause was added: an idle body is paused at once, a busy one when it parks.
    private mutating func park(_ changed: Active) -> [Action] {
        var active = changed
        defer { state = .active(active) }
        guard active.shallPause, active.body == .idle else { return [] }
        active.body = .paused
        return [.announce(active.status)]
    }

    /// A pause was taken away: after the last one the body goes on.
    private mutating func unpark(_ changed: Active) -> [Action] {
        var active = changed
        defer { state = .active(active) }
        guard !active.pauses.isWanted, active.request != .forceCancel else { return [] }
        switch active.body {
        case .busy, .idle:
            return [.wakeBody]
        case .paused:
            active.body = .idle
            return [.announce(active.status), .wakeBody]
        case .unentered:
            active.body = .busy
            return [.announce(active.status), .enterBody]
        }
    }

    private func impossible(_ event: StaticString = #function) -> Never {
        fatalError("\(event) in state \(state)")
    }
}
