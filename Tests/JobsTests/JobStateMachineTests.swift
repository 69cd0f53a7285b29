import Testing

@testable import Jobs

/// Every state by every verb, every transition, and long random lives.
@Suite struct JobStateMachineTests {
    static let order: [JobStatus] = [
        .undefined, .created, .running, .paused, .ready, .standby, .waiting, .pending, .aborting, .concluded, .null,
    ]

    /// A machine in this status, brought there by events.
    static func machine(in status: JobStatus) -> JobStateMachine {
        var machine = JobStateMachine()
        func pausedIdle() {
            _ = machine.bodyParked()
            guard (try? machine.pause()) != nil else { preconditionFailure("an active job can be paused") }
        }
        if status == .undefined { return machine }
        _ = machine.create()
        if status == .created { return machine }
        _ = machine.start()
        switch status {
        case .undefined, .created, .running: break
        case .paused: pausedIdle()
        case .ready: _ = machine.becomeReady()
        case .standby:
            _ = machine.becomeReady()
            pausedIdle()
        case .waiting: _ = machine.bodyEnded(nil)
        case .pending:
            _ = machine.bodyEnded(nil)
            _ = machine.becomePending()
        case .aborting: _ = machine.bodyEnded(ioError)
        case .concluded, .null:
            _ = machine.bodyEnded(ioError)
            _ = machine.conclude()
            if status == .null { _ = try? machine.dismiss() }
        }
        return machine
    }

    @Test(arguments: order) func `every status can be reached`(status: JobStatus) {
        #expect(Self.machine(in: status).status == status)
    }

    @Test func `the transition table is QEMU's`() {
        // Rows from, columns to, in the order of the statuses.
        let table = [
            "01000000000", "00100000101", "00011010100", "00100000000", "00000110100", "00001000000", "00000001100", "00000000110",
            "00000000110", "00000000001", "00000000000",
        ]
        for (from, row) in zip(Self.order, table) {
            for (to, mark) in zip(Self.order, row) {
                #expect(from.mayBecome(to) == (mark == "1"), "\(from) -> \(to)")
            }
        }
    }

    @Test func `the verb table is QEMU's`() {
        let table: [(JobVerb, String)] = [
            (.cancel, "01111111000"), (.pause, "01111100000"), (.resume, "01111100000"), (.setSpeed, "01111100000"),
            (.complete, "00001100000"), (.finalize, "00000001000"), (.dismiss, "00000000010"), (.change, "00111100000"),
        ]
        #expect(table.count == JobVerb.allCases.count)
        for (verb, row) in table {
            for (status, mark) in zip(Self.order, row) {
                #expect(status.accepts(verb) == (mark == "1"), "\(verb) in \(status)")
            }
        }
    }

    /// What `verb` does to a machine: the status after it, or why it is refused.
    static func apply(_ verb: JobVerb, to machine: inout JobStateMachine) -> Result<JobStatus, JobStateMachine.Refusal> {
        do throws(JobStateMachine.Refusal) {
            switch verb {
            case .cancel: _ = try machine.cancel(force: true)
            case .pause: _ = try machine.pause()
            case .resume: _ = try machine.resume()
            case .setSpeed: try machine.check(.setSpeed)
            case .complete: _ = try machine.complete()
            case .finalize: try machine.check(.finalize)
            case .dismiss: _ = try machine.dismiss()
            case .change: try machine.check(.change)
            }
            return .success(machine.status)
        } catch {
            return .failure(error)
        }
    }

    @Test(arguments: order, JobVerb.allCases) func `every verb in every status`(status: JobStatus, verb: JobVerb) {
        var machine = Self.machine(in: status)
        let result = Self.apply(verb, to: &machine)
        let isPaused = status == .paused || status == .standby
        switch verb {
        case .pause where isPaused:
            #expect(result == .failure(.alreadyPaused))
        case .resume:
            #expect(result == (isPaused ? .success(status == .paused ? .running : .ready) : .failure(.notPaused)))
        case .cancel where isPaused:
            #expect(result == .success(status == .paused ? .running : .ready))
        case .cancel where status == .created:
            #expect(result == .success(.aborting))
        case .dismiss where status == .concluded:
            #expect(result == .success(.null))
        case .cancel, .pause, .setSpeed, .complete, .finalize, .dismiss, .change:
            #expect(result == (status.accepts(verb) ? .success(status) : .failure(.verb(verb, status))))
        }
    }

    @Test func `a cancelled job cannot be completed`() {
        var machine = Self.machine(in: .ready)
        #expect((try? machine.cancel(force: false)) == [.wakeBody])
        #expect(Self.apply(.complete, to: &machine) == .failure(.cannotComplete))
        #expect(machine.completionRequest == .cancelSoftly)
    }

    @Test func `what is requested shows until it has taken effect`() throws {
        var machine = Self.machine(in: .running)
        #expect(machine.pendingRequest == nil)
        _ = try machine.pause()
        #expect(machine.pendingRequest == .pause)
        #expect(machine.bodyParked() == [.announce(.paused)])
        #expect(machine.pendingRequest == nil)
        #expect(try machine.resume() == [.userResumed, .announce(.running), .wakeBody])
        _ = machine.bodyUnparked()
        #expect(machine.becomeReady() == [.announce(.ready), .tellReady])
        _ = try machine.complete()
        #expect(machine.pendingRequest == .complete)
        _ = try machine.cancel(force: true)
        #expect(machine.pendingRequest == .cancel)
        _ = machine.bodyEnded(.cancelled)
        #expect(machine.pendingRequest == nil)
    }

    @Test func `a cancel by force goes through every pause`() throws {
        var machine = Self.machine(in: .running)
        _ = machine.bodyParked()
        #expect(machine.drainBegin() == [.announce(.paused)])
        #expect(machine.drainBegin() == [])
        _ = try machine.pause()
        #expect(try machine.cancel(force: true) == [.userResumed, .announce(.running), .cancelBody])
        #expect(!machine.shallPause)
        // The drains that are left end without a trace.
        #expect(machine.drainEnd() == [])
        _ = machine.bodyUnparked()
        _ = machine.bodyEnded(.cancelled)
        #expect(machine.drainEnd() == [])
    }

    @Test func `pauses of the user and of drains are counted apart`() throws {
        var machine = Self.machine(in: .running)
        _ = machine.bodyParked()
        #expect(try machine.pause() == [.announce(.paused)])
        #expect(machine.drainBegin() == [])
        #expect(try machine.resume() == [.userResumed])
        #expect(machine.status == .paused)
        #expect(Self.apply(.resume, to: &machine) == .failure(.notPaused))
        #expect(machine.drainEnd() == [.announce(.running), .wakeBody])
    }

    @Test func `a job started within a drain is entered at its end`() {
        var machine = Self.machine(in: .created)
        _ = machine.drainBegin()
        #expect(machine.start() == [.announce(.running), .announce(.paused)])
        #expect(machine.drainEnd() == [.announce(.running), .enterBody])
    }

    @Test func `a job cancelled before its body was entered never enters it`() throws {
        var machine = Self.machine(in: .created)
        _ = machine.drainBegin()
        _ = machine.start()
        #expect(try machine.cancel(force: true) == [.announce(.running), .skipBody])
        #expect(machine.drainEnd() == [])
    }

    @Test func `random lives obey the transition table and end`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            var machine = JobStateMachine()
            var told = JobStatus.undefined
            var drains = 0
            func check(_ actions: [JobStateMachine.Action]) {
                for case .announce(let status) in actions {
                    #expect(told.mayBecome(status) && told != status, "\(told) -> \(status), seed \(seed)")
                    told = status
                }
                #expect(told == machine.status, "seed \(seed)")
            }
            check(machine.create())
            for _ in 0..<40 {
                switch Int.random(in: 0..<14, using: &random) {
                case 0: check((try? machine.pause()) ?? [])
                case 1: check((try? machine.resume()) ?? [])
                case 2:
                    drains += 1
                    check(machine.drainBegin())
                case 3 where drains > 0:
                    drains -= 1
                    check(machine.drainEnd())
                case 4: check((try? machine.complete()) ?? [])
                case 5: if Int.random(in: 0..<4, using: &random) == 0 { check((try? machine.cancel(force: true)) ?? []) }
                case 6: check((try? machine.cancel(force: false)) ?? [])
                case 7: if machine.status == .created { check(machine.start()) }
                case 8: if machine.isBusy { check(machine.bodyParked()) }
                case 9:
                    let isActive = machine.status == .running || machine.status == .ready
                    if isActive, !machine.isBodyOver, !machine.isBusy, !machine.shallPause { check(machine.bodyUnparked()) }
                case 10: if machine.isBusy, machine.status == .running { check(machine.becomeReady()) }
                case 11: if machine.isBusy { check(machine.bodyEnded(Bool.random(using: &random) ? nil : ioError)) }
                case 12: if machine.status == .waiting, !machine.isCancelled { check(machine.becomePending()) }
                case 13: if machine.isVisible, Int.random(in: 0..<4, using: &random) == 0 { check(machine.takeAlong()) }
                default: break
                }
            }
            // Half of them succeed if they can, the others end with their group.
            if machine.status == .waiting, !machine.isCancelled, Bool.random(using: &random) { check(machine.becomePending()) }
            if machine.status != .pending || machine.isCancelled {
                check(machine.takeAlong())
                if !machine.isBodyOver { check(machine.bodyEnded(.cancelled)) }
                check(machine.takeTurn())
            }
            check(machine.conclude())
            check(try machine.dismiss())
            #expect(told == .null)
        }
    }
}

/// A small generator with a seed that can be printed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
