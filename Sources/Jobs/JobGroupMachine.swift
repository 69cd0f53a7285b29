/// Decides how the jobs of a group end: all with their results, or none. A job on its own is a group of one.
///
/// No I/O, never suspends. Its owner carries out the actions in order; from `begin` on it takes one `nextStep` after the other, and reports each.
struct JobGroupMachine: Equatable {
    /// What the owner has to do.
    enum Action: Equatable {
        /// Every member is pending now.
        case becomePending
        /// Take along every member that has not said how it ends.
        case takeAlong
        /// The preparation under way may hang: bound it.
        case limitPreparation(serial: Int)
        /// Begin to take the steps.
        case begin
    }

    /// What is to be done next, one member at a time, the newest first.
    enum Step: Equatable {
        /// Ask the member whether it can commit, then say `prepared(serial:_:)`.
        case prepare(serial: Int)
        /// Commit the member, conclude it, then say `leave(serial:)`.
        case commit(serial: Int)
        /// Wait for the member's body, undo what it did, conclude it, then say `leave(serial:)`.
        case takeDown(serial: Int)
    }

    /// Whose matter a cancel is.
    enum Cancel: Equatable {
        /// The member's own, which says so by itself.
        case member
        /// The group's.
        case group([Action])
    }

    /// Why a request is refused.
    enum Refusal: Error, Equatable {
        /// The group takes no new members: it has begun to end.
        case closed
        /// Not every member has done its work, or finalize was asked for already.
        case notPending
        /// Results are being applied; there is no way back.
        case committing
    }

    private struct Member: Equatable {
        let serial: Int
        let finalizesItself: Bool
        var isDone: Bool
    }

    private enum State: Equatable {
        /// Some member is still at work, or not started.
        case open
        /// All have done their work; the group waits for finalize.
        case pending
        /// The first `count` members can commit; a cancel still aborts.
        case preparing(count: Int, isCancelled: Bool)
        /// Results are being applied.
        case committing
        /// Members are being taken down.
        case aborting
    }

    /// How far a group was when the daemon ended.
    enum Stage: String, CaseIterable, Codable {
        /// Waiting for its members, or for finalize.
        case open
        /// Finalize was accepted; no result has been applied.
        case preparing
        /// Some results may have been applied.
        case committing
        /// Members are being taken down.
        case aborting
    }

    private var state = State.open
    /// The newest first. Concluded members leave.
    private var members: [Member] = []

    /// A group without members.
    init() {}

    /// The members that have not concluded, the newest first.
    var serials: [Int] { members.map(\.serial) }

    /// Whether every member has concluded.
    var isEmpty: Bool { members.isEmpty }

    /// What to keep of the group for a restart.
    var stage: Stage {
        switch state {
        case .open, .pending: .open
        case .preparing(_, isCancelled: false): .preparing
        case .committing: .committing
        case .aborting, .preparing(_, isCancelled: true): .aborting
        }
    }

    /// What to do next; nil while the group waits, and when it is over.
    var nextStep: Step? {
        switch state {
        case .open, .pending: nil
        case .preparing(let count, _): .prepare(serial: members[count].serial)
        case .committing: members.first.map { .commit(serial: $0.serial) }
        case .aborting: members.first.map { .takeDown(serial: $0.serial) }
        }
    }

    // MARK: Members

    /// One more job belongs to the group.
    mutating func add(serial: Int, finalizesItself: Bool) throws(Refusal) {
        guard case .open = state else { throw .closed }
        members.insert(Member(serial: serial, finalizesItself: finalizesItself, isDone: false), at: 0)
    }

    /// A member has concluded, or was discarded before it started.
    mutating func leave(serial: Int) {
        if case .preparing = state { impossible() }
        members.removeAll { $0.serial == serial }
    }

    /// A member of a restored group, and where it was; a concluded job is none.
    mutating func add(restored record: JobStateMachine.Record, serial: Int, finalizesItself: Bool) {
        if record.endsWithGroup { state = .aborting }
        members.insert(Member(serial: serial, finalizesItself: finalizesItself, isDone: record.isDone), at: 0)
    }

    // MARK: Events

    /// A restored group goes on from the stage that it was in, as far as its members allow. Preparations begin anew.
    mutating func takeUp(from stage: Stage) -> [Action] {
        guard !members.isEmpty else { return [] }
        let isDone = members.allSatisfy(\.isDone)
        if stage == .open, state == .open { return isDone ? allDone() : [] }
        guard isDone, state == .open, stage != .aborting else {
            state = .aborting
            return [.takeAlong, .begin]
        }
        state = stage == .committing ? .committing : .preparing(count: 0, isCancelled: false)
        return [.becomePending, .begin]
    }

    /// A member has done its work.
    mutating func memberSucceeded(serial: Int) -> [Action] {
        guard case .open = state, let index = members.firstIndex(where: { $0.serial == serial && !$0.isDone }) else { impossible() }
        members[index].isDone = true
        return members.allSatisfy(\.isDone) ? allDone() : []
    }

    private mutating func allDone() -> [Action] {
        guard members.allSatisfy(\.finalizesItself) else {
            state = .pending
            return [.becomePending]
        }
        state = .preparing(count: 0, isCancelled: false)
        return [.becomePending, .begin]
    }

    /// A member has failed or was cancelled, and takes the others along; nothing when they go down already.
    mutating func abort() -> [Action] {
        switch state {
        case .open, .pending:
            state = .aborting
            return [.takeAlong, .begin]
        case .aborting:
            return []
        case .preparing, .committing:
            impossible()
        }
    }

    /// A client finalizes a member, and so all.
    mutating func finalize() throws(Refusal) -> [Action] {
        guard case .pending = state else { throw .notPending }
        state = .preparing(count: 0, isCancelled: false)
        return [.begin]
    }

    /// A member is to be cancelled by force.
    mutating func cancel() throws(Refusal) -> Cancel {
        switch state {
        case .open, .pending:
            return .member
        case .preparing(let count, _):
            state = .preparing(count: count, isCancelled: true)
            return .group([.takeAlong, .limitPreparation(serial: members[count].serial)])
        case .committing:
            throw .committing
        case .aborting:
            return .group([])
        }
    }

    /// A member can commit, or cannot, or was given up.
    mutating func prepared(serial: Int, _ isPrepared: Bool) -> [Action] {
        guard case .preparing(let count, let isCancelled) = state, members[count].serial == serial else { impossible() }
        guard isPrepared, !isCancelled else {
            state = .aborting
            return [.takeAlong]
        }
        state = count + 1 < members.count ? .preparing(count: count + 1, isCancelled: false) : .committing
        return []
    }

    private func impossible(_ event: StaticString = #function) -> Never {
        fatalError("\(event) in state \(state)")
    }
}
