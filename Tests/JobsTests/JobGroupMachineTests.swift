import Testing

@testable import Jobs

/// Every state of a group by every event, and random lives of whole groups with their jobs' machines.
@Suite struct JobGroupMachineTests {
    enum State: String, CaseIterable, Sendable {
        case open, pending, preparing, preparingCancelled, committing, aborting, over
    }

    enum Event: String, CaseIterable, Sendable {
        case add, finalize, cancel
    }

    typealias Action = JobGroupMachine.Action

    /// A group of two members, 1 and the newer 2, in this state.
    static func group(in state: State) throws -> JobGroupMachine {
        var group = JobGroupMachine()
        try group.add(serial: 1, finalizesItself: true)
        try group.add(serial: 2, finalizesItself: false)
        switch state {
        case .open: return group
        case .aborting, .over:
            _ = group.abort()
            if state == .over { for serial in [2, 1] { group.leave(serial: serial) } }
            return group
        case .pending, .preparing, .preparingCancelled, .committing:
            for serial in [1, 2] { _ = group.memberSucceeded(serial: serial) }
        }
        if state == .pending { return group }
        _ = try group.finalize()
        if state == .preparingCancelled { _ = try group.cancel() }
        if state == .committing { for serial in [2, 1] { _ = group.prepared(serial: serial, true) } }
        return group
    }

    @Test(arguments: State.allCases) func `what is next in every state`(state: State) throws {
        let expected: JobGroupMachine.Step? =
            switch state {
            case .open, .pending, .over: nil
            case .preparing, .preparingCancelled: .prepare(serial: 2)
            case .committing: .commit(serial: 2)
            case .aborting: .takeDown(serial: 2)
            }
        let group = try Self.group(in: state)
        #expect(group.nextStep == expected)
        #expect(group.isEmpty == (state == .over))
    }

    private static func apply(_ event: Event, to group: inout JobGroupMachine) -> Result<[Action]?, JobGroupMachine.Refusal> {
        do throws(JobGroupMachine.Refusal) {
            switch event {
            case .add: try group.add(serial: 3, finalizesItself: true)
            case .finalize: return .success(try group.finalize())
            case .cancel:
                switch try group.cancel() {
                case .member: return .success(nil)
                case .group(let actions): return .success(actions)
                }
            }
            return .success([])
        } catch {
            return .failure(error)
        }
    }

    @Test(arguments: State.allCases, Event.allCases) func `every request in every state`(state: State, event: Event) throws {
        var group = try Self.group(in: state)
        let expected: Result<[Action]?, JobGroupMachine.Refusal> =
            switch (event, state) {
            case (.add, .open): .success([])
            case (.add, _): .failure(.closed)
            case (.finalize, .pending): .success([.begin])
            case (.finalize, _): .failure(.notPending)
            // With nil the cancel is the member's own matter.
            case (.cancel, .open), (.cancel, .pending): .success(nil)
            case (.cancel, .preparing), (.cancel, .preparingCancelled): .success([.takeAlong, .limitPreparation(serial: 2)])
            case (.cancel, .committing): .failure(.committing)
            case (.cancel, .aborting), (.cancel, .over): .success([])
            }
        #expect(Self.apply(event, to: &group) == expected)
    }

    @Test(arguments: [State.open, .pending, .aborting, .over]) func `a member that fails takes the others along once`(state: State) throws {
        var group = try Self.group(in: state)
        let goesDown = state == .aborting || state == .over
        #expect(group.abort() == (goesDown ? [] : [.takeAlong, .begin]))
        #expect(group.abort() == [])
    }

    @Test(arguments: [true, false], [true, false]) func `all are prepared before any commits`(isPrepared: Bool, isCancelled: Bool) throws {
        var group = try Self.group(in: .preparing)
        #expect(group.prepared(serial: 2, true) == [])
        #expect(group.nextStep == .prepare(serial: 1))
        if isCancelled { #expect(try group.cancel() == .group([.takeAlong, .limitPreparation(serial: 1)])) }
        let commits = isPrepared && !isCancelled
        #expect(group.prepared(serial: 1, isPrepared) == (commits ? [] : [.takeAlong]))
        #expect(group.nextStep == (commits ? .commit(serial: 2) : .takeDown(serial: 2)))
        group.leave(serial: 2)
        #expect(group.nextStep == (commits ? .commit(serial: 1) : .takeDown(serial: 1)))
        group.leave(serial: 1)
        #expect(group.nextStep == nil && group.isEmpty)
    }

    @Test(arguments: [true, false]) func `a group whose members all finalize themselves does so`(finalizesItself: Bool) throws {
        var group = JobGroupMachine()
        for serial in 1...3 { try group.add(serial: serial, finalizesItself: serial != 2 || finalizesItself) }
        #expect(group.serials == [3, 2, 1])
        #expect(group.memberSucceeded(serial: 2) == [])
        #expect(group.memberSucceeded(serial: 1) == [])
        #expect(group.memberSucceeded(serial: 3) == (finalizesItself ? [.becomePending, .begin] : [.becomePending]))
        #expect(group.nextStep == (finalizesItself ? .prepare(serial: 3) : nil))
    }

    @Test func `a discarded member is no longer waited for`() throws {
        var group = JobGroupMachine()
        for serial in 1...2 { try group.add(serial: serial, finalizesItself: true) }
        group.leave(serial: 2)
        #expect(group.memberSucceeded(serial: 1) == [.becomePending, .begin])
    }
}
