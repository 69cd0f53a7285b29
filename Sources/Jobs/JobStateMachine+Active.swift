extension JobStateMachine {
    /// Who wants the job paused: the user, and each drain in progress.
    struct Pauses: Equatable {
        var user = false
        var drains = 0
        var isWanted: Bool { user || drains > 0 }
    }

    /// A job that was started and whose body has neither succeeded nor failed in the job's own name.
    struct Active: Equatable {
        /// How far the body is, as far as pauses and cancels care.
        enum Body: Equatable {
            /// Paused before its first instruction.
            case unentered
            /// At work, perhaps with requests in flight.
            case busy
            /// All its tasks are parked for reasons of their own.
            case idle
            /// All its tasks are parked, and stay so.
            case paused
            /// Over, while the job waits for its turn in a group that goes down.
            case ended(JobFailure?)
        }

        /// What was asked of the body; the later ones take the place of the earlier.
        enum Request: String, CaseIterable, Codable {
            case none, complete, softCancel
            /// A cancel by force of a client's.
            case forceCancel
            /// A cancel by force because the group goes down: the job says how it ended when its turn comes.
            case endWithGroup
        }

        private(set) var isReady = false
        private(set) var body: Body
        private(set) var pauses: Pauses
        private(set) var request = Request.none

        /// A job that starts now.
        init(pauses: Pauses) {
            body = pauses.isWanted ? .unentered : .busy
            self.pauses = pauses
        }

        /// A job that was at work when the daemon ended; its body is to be entered anew.
        init(isReady: Bool, isPausedByUser: Bool, request: Request) {
            self.isReady = isReady
            self.request = request
            pauses = Pauses(user: isPausedByUser)
            body = .busy
            if shallPause { body = .unentered }
        }

        /// Whether a cancel by force was accepted.
        var isCancelled: Bool {
            switch request {
            case .forceCancel, .endWithGroup: true
            case .none, .complete, .softCancel: false
            }
        }

        /// A cancel by force overrides every pause.
        var shallPause: Bool { pauses.isWanted && !isCancelled }

        var hasEnded: Bool {
            if case .ended = body { true } else { false }
        }

        var status: JobStatus {
            switch body {
            case .unentered, .paused: isReady ? .standby : .paused
            case .busy, .idle, .ended: isReady ? .ready : .running
            }
        }

        var pendingRequest: PendingRequest? {
            switch request {
            case .softCancel, .forceCancel, .endWithGroup: return .cancel
            case .none, .complete:
                if pauses.user, body == .busy || body == .idle { return .pause }
                return request == .complete ? .complete : nil
            }
        }

        var completionRequest: CompletionRequest {
            switch request {
            case .none, .forceCancel, .endWithGroup: .none
            case .complete: .complete
            case .softCancel: .cancelSoftly
            }
        }

        // MARK: The body. Each returns nil where the event cannot happen.

        mutating func park() -> [Action]? {
            guard body == .busy else { return nil }
            body = shallPause ? .paused : .idle
            return shallPause ? [.announce(status)] : []
        }

        mutating func unpark() -> [Action]? {
            switch body {
            case .unentered, .ended: return nil
            case .busy, .idle: body = .busy
            case .paused:
                body = .busy
                return [.announce(status)]
            }
            return []
        }

        mutating func becomeReady() -> [Action]? {
            guard body == .busy || body == .idle else { return nil }
            // A restored job may have been ready before; clients know it then.
            guard !isReady else { return [] }
            isReady = true
            return [.announce(.ready), .tellReady]
        }

        mutating func end(_ failure: JobFailure?) {
            body = .ended(failure)
        }

        // MARK: Pauses

        /// An error policy pauses in the user's name; the body is parked by the call that reported the error.
        mutating func pauseOnError() {
            pauses.user = true
        }

        mutating func pause() throws(Refusal) -> [Action] {
            guard !pauses.user else { throw .alreadyPaused }
            pauses.user = true
            return pauseIfIdle()
        }

        mutating func resume() throws(Refusal) -> [Action] {
            guard pauses.user else { throw .notPaused }
            pauses.user = false
            return [.userResumed] + goOnIfUnpaused()
        }

        mutating func drainBegin() -> [Action] {
            pauses.drains += 1
            return pauseIfIdle()
        }

        mutating func drainEnd() -> [Action]? {
            guard pauses.drains > 0 else { return nil }
            pauses.drains -= 1
            return goOnIfUnpaused()
        }

        /// A pause was added: an idle body is paused at once, a busy one when it parks.
        private mutating func pauseIfIdle() -> [Action] {
            guard shallPause, body == .idle else { return [] }
            body = .paused
            return [.announce(status)]
        }

        /// A pause was taken away: after the last one the body goes on.
        private mutating func goOnIfUnpaused() -> [Action] {
            guard !pauses.isWanted, !isCancelled else { return [] }
            switch body {
            case .busy, .idle:
                return [.wakeBody]
            case .paused:
                body = .idle
                return [.announce(status), .wakeBody]
            case .unentered:
                body = .busy
                return [.announce(status), .enterBody]
            case .ended:
                return []
            }
        }

        // MARK: Requests

        mutating func complete() throws(Refusal) -> [Action] {
            guard isReady else { throw .verb(.complete, status) }
            switch request {
            case .softCancel, .forceCancel, .endWithGroup: throw .cannotComplete
            case .none, .complete: request = .complete
            }
            return shallPause ? [] : [.wakeBody]
        }

        mutating func cancelSoftly() -> [Action] {
            guard !isCancelled else { return [] }
            request = .softCancel
            return shallPause ? [] : [.wakeBody]
        }

        /// - Parameter asGroup: whether the group goes down, rather than a client cancelling this job.
        mutating func cancelByForce(asGroup: Bool) -> [Action] {
            let wasCancelled = isCancelled
            if asGroup || !wasCancelled { request = asGroup ? .endWithGroup : .forceCancel }
            guard !wasCancelled else { return [] }
            var actions: [Action] = pauses.user ? [.userResumed] : []
            pauses.user = false
            switch body {
            case .busy, .idle:
                actions.append(.cancelBody)
            case .paused:
                body = .idle
                actions += [.announce(status), .cancelBody]
            case .unentered:
                body = .busy
                actions += [.announce(status), .skipBody]
            case .ended:
                break
            }
            return actions
        }
    }
}
