import Testing

@testable import Jobs

/// Every way in which a job may end, from every status: how it ended, whether it was cancelled, what still hangs, and who has been told.
@Suite struct JobEndTests {
    /// What happens to a job that is at work.
    enum Cause: String, CaseIterable, Sendable {
        case bodyFails, cancelled, cancelledAndFails, cancelledAndHangs
        case groupGoesDown, groupGoesDownAndBodyFails, groupGoesDownAndBodyHangs, cancelledThenGroupGoesDown

        var isOfGroup: Bool {
            switch self {
            case .bodyFails, .cancelled, .cancelledAndFails, .cancelledAndHangs: false
            case .groupGoesDown, .groupGoesDownAndBodyFails, .groupGoesDownAndBodyHangs, .cancelledThenGroupGoesDown: true
            }
        }
        var hangs: Bool { self == .cancelledAndHangs || self == .groupGoesDownAndBodyHangs }
    }

    private static func strike(_ cause: Cause, _ machine: inout JobStateMachine) throws -> [JobStateMachine.Action] {
        switch cause {
        case .bodyFails:
            let woken = machine.isBusy ? [] : machine.bodyUnparked()
            return woken + machine.bodyEnded(ioError)
        case .cancelled: return try machine.cancel(force: true) + machine.bodyEnded(nil)
        case .cancelledAndFails: return try machine.cancel(force: true) + machine.bodyEnded(ioError)
        case .cancelledAndHangs: return try machine.cancel(force: true) + machine.abandon(at: 7)
        case .groupGoesDown: return machine.takeAlong() + machine.bodyEnded(nil)
        case .groupGoesDownAndBodyFails: return machine.takeAlong() + machine.bodyEnded(ioError)
        case .groupGoesDownAndBodyHangs:
            let actions = machine.takeAlong()
            return actions + (machine.isBusy ? [] : machine.bodyUnparked()) + machine.abandon(at: 7)
        case .cancelledThenGroupGoesDown: return try machine.cancel(force: true) + machine.takeAlong() + machine.bodyEnded(nil)
        }
    }

    @Test(arguments: [JobStatus.running, .paused, .ready, .standby], Cause.allCases)
    func `a job at work ends`(status: JobStatus, cause: Cause) throws {
        var machine = JobStateMachineTests.machine(in: status)
        var actions = try Self.strike(cause, &machine)
        #expect(machine.isBodyOver)
        // The group's turn comes later; meanwhile the job is as it was, and shows that it is being cancelled.
        #expect(actions.contains(.abortGroup) == !cause.isOfGroup)
        if cause.isOfGroup {
            let isReady = status == .ready || status == .standby
            #expect(machine.status == (isReady ? .ready : .running))
            #expect(machine.pendingRequest == .cancel)
            #expect(machine.isBusy == cause.hangs)
            actions = machine.takeTurn()
        }
        #expect(actions.contains(.announce(.aborting)))
        let fails: Set<Cause> = [.bodyFails, .cancelledAndFails, .groupGoesDownAndBodyFails]
        let failure = fails.contains(cause) ? ioError : .cancelled
        #expect(machine.end == (cause == .bodyFails ? .failed(failure) : .cancelled(failure)))
        #expect(machine.isCancelled == (cause != .bodyFails))
        #expect(machine.abandonedSince == (cause.hangs ? 7 : nil))
        #expect(machine.isAttended != cause.hangs)
        try Self.concludeAndDismiss(&machine)
    }

    @Test(arguments: [JobStatus.created, .waiting, .pending], [true, false])
    func `a job without a body at work ends`(status: JobStatus, byGroup: Bool) throws {
        var machine = JobStateMachineTests.machine(in: status)
        if byGroup {
            #expect(machine.takeAlong() == [])
        } else if status == .created {
            #expect(try machine.cancel(force: true) == [.announce(.aborting), .abortGroup])
        } else {
            // It is the group that goes down, in its order.
            #expect(try machine.cancel(force: true) == [.abortGroup])
            #expect(machine.takeAlong() == [])
        }
        if byGroup || status != .created {
            #expect(machine.status == status && machine.pendingRequest == .cancel && machine.isCancelled)
            #expect(try machine.cancel(force: true) == [])
            #expect(machine.takeTurn() == [.announce(.aborting)])
        }
        #expect(machine.takeTurn() == [])
        #expect(machine.end == (status == .created ? .neverStarted(.cancelled) : .cancelled(.cancelled)))
        try Self.concludeAndDismiss(&machine)
    }

    /// What becomes of the end of a body that is asked of a pending job.
    enum Ending: String, CaseIterable, Sendable {
        case commits, cannotPrepare, cannotPrepareAndIsCancelled, preparationHangs, commitHangs, undoHangs
    }

    @Test(arguments: Ending.allCases) func `a pending job ends`(ending: Ending) throws {
        var machine = JobStateMachineTests.machine(in: .pending)
        let expected: JobEnd
        switch ending {
        case .commits:
            expected = .succeeded
        case .cannotPrepare:
            #expect(machine.prepareFailed(ioError) == [.announce(.aborting)])
            #expect(machine.takeAlong() == [])
            expected = .failed(ioError)
        case .cannotPrepareAndIsCancelled:
            _ = machine.takeAlong()
            #expect(machine.prepareFailed(ioError) == [])
            expected = .cancelled(.cancelled)
        case .preparationHangs:
            _ = machine.takeAlong()
            #expect(machine.abandon(at: 7) == [])
            expected = .cancelled(.cancelled)
        case .commitHangs:
            #expect(machine.abandon(at: 7) == [.announce(.aborting)])
            expected = .failed(.notApplied)
        case .undoHangs:
            _ = machine.takeAlong()
            _ = machine.takeTurn()
            #expect(machine.abandon(at: 7) == [])
            expected = .cancelled(.cancelled)
        }
        if machine.isCancelled { _ = machine.takeTurn() }
        #expect(machine.conclude() == [.tellEnd(expected), .announce(.concluded)])
        #expect(machine.end == expected)
        let hangs: Set<Ending> = [.preparationHangs, .commitHangs, .undoHangs]
        #expect(machine.abandonedSince == (hangs.contains(ending) ? 7 : nil))
    }

    @Test(arguments: [JobStatus.running, .aborting, .concluded, .null])
    func `a body that was given up comes back at any time`(status: JobStatus) throws {
        var machine = JobStateMachineTests.machine(in: .running)
        if status == .running { _ = machine.takeAlong() } else { _ = try machine.cancel(force: true) }
        _ = machine.abandon(at: 7)
        if status == .concluded || status == .null { _ = machine.conclude() }
        if status == .null { _ = try machine.dismiss() }
        #expect(machine.status == status)
        #expect(machine.bodyEnded(ioError) == [.cleanUp])
        #expect(machine.status == status && machine.abandonedSince == 7)
        machine.cleanedUp()
        // Nobody undoes its work a second time.
        #expect(machine.abandonedSince == nil && !machine.isAttended && machine.isBodyOver)
        guard status == .running else { return }
        #expect(machine.takeTurn() == [.announce(.aborting)])
        #expect(machine.end == .cancelled(ioError))
    }

    private static func concludeAndDismiss(_ machine: inout JobStateMachine) throws {
        let end = try #require(machine.end)
        #expect(machine.conclude() == [.tellEnd(end), .announce(.concluded)])
        #expect(try machine.dismiss() == [.announce(.null)])
        #expect(machine.forget() == [])
        #expect(machine.end == end && machine.record == nil)
    }
}
