import TestSupport
import Testing

@testable import Jobs

/// Every verb in every status again, through the registry and both families of commands, with the words of the wire.
@Suite struct JobVerbTests {
    /// The statuses in which a client can meet a job.
    static let statuses: [JobStatus] = [.created, .running, .paused, .ready, .standby, .waiting, .pending, .aborting, .concluded]

    /// A bench with job `j` in this status.
    static func bench(in status: JobStatus, type: JobType = .backup) -> JobBench {
        let bench = JobBench()
        var parameters = JobParameters(id: "j", type: type, autoDismiss: false)
        let mirror = FakeBody(bench, FakeBody.mirroring)
        let sleeper = FakeBody(bench, FakeBody.sleeping)
        let quick = FakeBody(bench, FakeBody.copying(1))
        switch status {
        case .undefined, .null: break
        case .created:
            let fixed = parameters
            bench.command("x") { registry throws(JobError) in _ = try registry.create(fixed, body: quick) }
        case .running: bench.launch("x", [(parameters, sleeper)])
        case .paused:
            bench.launch("x", [(parameters, sleeper)])
            bench.pause("j")
        case .ready: bench.launch("x", [(parameters, mirror)])
        case .standby:
            bench.launch("x", [(parameters, mirror)])
            bench.pause("j")
        case .waiting: bench.launch("x", [(parameters, quick), (.backup("other"), sleeper)], mode: .grouped)
        case .pending:
            parameters.autoFinalize = false
            bench.launch("x", [(parameters, quick)])
        case .aborting:
            let held = FakeBody(bench, held: [.abort: FakeRequest()]) { _ throws(JobFailure) in throw ioError }
            bench.launch("x", [(parameters, held)])
        case .concluded: bench.launch("x", [(parameters, quick)])
        }
        _ = bench.happened()
        return bench
    }

    @Test(arguments: statuses) func `the bench reaches every status`(status: JobStatus) {
        #expect(Self.bench(in: status).info("j")?.status == status)
    }

    private static func reply(_ bench: JobBench, _ verb: JobVerb, via family: JobCommandFamily) -> String {
        switch verb {
        case .cancel: bench.cancel("j", force: family == .job, via: family)
        case .pause: bench.pause("j", via: family)
        case .resume: bench.resume("j", via: family)
        case .setSpeed: bench.setSpeed("j", 4096)
        case .complete: bench.complete("j", via: family)
        case .finalize: bench.finalize("j", via: family)
        case .dismiss: bench.dismiss("j", via: family)
        case .change:
            bench.command("change") { registry throws(JobError) in try registry.change("j", .mirror(writeBlocking: true)) }
        }
        let words = bench.happened()
        guard let start = words.firstIndex(of: "<"), let end = words.lastIndex(of: ">") else { return "no reply in \(words)" }
        return String(words[words.index(after: start)..<end])
    }

    @Test(arguments: statuses, JobVerb.allCases) func `a verb is taken, or refused in QEMU's words`(status: JobStatus, verb: JobVerb) {
        for family in JobCommandFamily.allCases {
            if family == .job, verb == .setSpeed || verb == .change { continue }
            let type: JobType = verb == .change ? .mirror : .backup
            let refusal: String? =
                switch (verb, status) {
                case (.resume, .paused), (.resume, .standby): nil
                case (.resume, _): "Can't resume a job that was not paused"
                case (.pause, .paused), (.pause, .standby): "Job is already paused"
                case (.cancel, .paused) where family == .blockJob, (.cancel, .standby) where family == .blockJob:
                    "The block job for device 'j' is currently paused"
                case _ where status.accepts(verb): nil
                default: "Job 'j' in state '\(status.rawValue)' cannot accept command verb '\(verb.rawValue)'"
                }
            let expected = refusal.map { "\(verb.rawValue): \($0)" } ?? verb.rawValue
            #expect(Self.reply(Self.bench(in: status, type: type), verb, via: family) == expected, "\(family)")
        }
    }

    @Test(arguments: JobVerb.allCases) func `a job that does not exist is reported by family`(verb: JobVerb) {
        #expect(Self.reply(JobBench(), verb, via: .blockJob) == "\(verb.rawValue): Block job 'j' not found")
        if verb != .setSpeed, verb != .change {
            #expect(Self.reply(JobBench(), verb, via: .job) == "\(verb.rawValue): Job not found")
        }
    }

    @Test(arguments: JobVerb.allCases) func `a create job is no block job`(verb: JobVerb) {
        let bench = Self.bench(in: .running, type: .create)
        #expect(Self.reply(bench, verb, via: .blockJob) == "\(verb.rawValue): Block job 'j' not found")
        #expect(bench.blockInfo("j") == nil)
    }

    @Test func `the kinds of error tell the classes apart`() {
        let bench = JobBench()
        let outcome = bench.ask { registry in
            var kinds: [JobError.Kind] = []
            do throws(JobError) { try registry.pause("j", via: .job) } catch { kinds.append(error.kind) }
            do throws(JobError) { try registry.pause("j", via: .blockJob) } catch { kinds.append(error.kind) }
            return kinds
        }
        #expect((try? outcome.get()) == [.jobNotFound, .blockJobNotFound])
    }

    @Test(arguments: ["", "9a", "a b", "#a", "ä", "-a", "a/b", "a\u{0}"]) func `a malformed id is refused`(id: String) {
        let bench = JobBench()
        let body = FakeBody(bench, FakeBody.copying(1))
        bench.command("x") { registry throws(JobError) in _ = try registry.create(.backup(id), body: body) }
        #expect(bench.happened() == "<x: Invalid job ID '\(id)'>")
    }

    @Test(arguments: ["a", "Z9", "a-b.c_d"]) func `a well-formed id is taken once`(id: String) {
        let bench = JobBench()
        let body = FakeBody(bench, FakeBody.sleeping)
        bench.launch("x", [(.backup(id), body)])
        bench.launch("y", [(.backup(id), body)])
        #expect(bench.happened() == "\(id):C \(id):R <x> <y: Job ID '\(id)' already in use>")
    }

    @Test func `a negative speed is refused, after the state`() {
        let bench = Self.bench(in: .running)
        bench.setSpeed("j", -1)
        #expect(bench.happened() == "<set-speed: Parameter 'speed' expects a non-negative value>")
        let pending = Self.bench(in: .pending)
        pending.setSpeed("j", -1)
        #expect(pending.happened() == "<set-speed: Job 'j' in state 'pending' cannot accept command verb 'set-speed'>")
    }

    @Test func `a change reaches a mirror's body and no other`() {
        let bench = Self.bench(in: .running, type: .backup)
        bench.command("change") { registry throws(JobError) in try registry.change("j", .mirror(writeBlocking: true)) }
        #expect(bench.happened() == "<change: Job type does not support change>")
    }

    @Test(arguments: [JobStatus.ready, .standby])
    func `a ready job's cancel answers first and returns when the job has concluded`(status: JobStatus) {
        let bench = Self.bench(in: status, type: .mirror)
        bench.command("ended") { [trace = bench.trace] registry throws(JobError) in
            try await registry.cancel("j", force: true, via: .job, replyIsDue: { trace.add("<cancel>") })
        }
        let resumed = status == .standby ? "j:ready " : ""
        #expect(bench.happened() == "\(resumed)<cancel> j:aborting j:CAN j:Cc <ended>")
    }

    @Test func `a ready job's cancel does not wait for a body that hangs longer than its bound`() {
        let bench = JobBench()
        let mirror = FakeBody(bench, held: [.abort: FakeRequest()], FakeBody.mirroring)
        bench.launch("x", [(JobParameters(id: "j", type: .mirror, autoDismiss: false), mirror)])
        _ = bench.happened()
        bench.command("ended") { [trace = bench.trace] registry throws(JobError) in
            try await registry.cancel("j", force: true, via: .job, replyIsDue: { trace.add("<cancel>") })
        }
        #expect(bench.happened() == "<cancel> j:aborting")
        bench.clock.advance(by: JobDeadlines().cancel)
        #expect(bench.happened() == "<ended>")
    }

    @Test func `a soft cancel of a ready job, and a cancel of one that is not, do not answer early`() {
        let soft = JobBench()
        let mirror = FakeBody(soft, softCancel: true, FakeBody.mirroring)
        soft.launch("x", [(JobParameters(id: "j", type: .mirror), mirror)])
        for (bench, force) in [(soft, false), (Self.bench(in: .running), true)] {
            _ = bench.happened()
            bench.command("ended") { [trace = bench.trace] registry throws(JobError) in
                try await registry.cancel("j", force: force, via: .blockJob, replyIsDue: { trace.add("<early>") })
            }
            let words = bench.happened()
            #expect(words.contains("<ended>") && !words.contains("<early>"), "\(words)")
        }
    }

    @Test func `a soft cancel of a job that is not ready is by force`() {
        let bench = Self.bench(in: .running)
        bench.cancel("j", force: false, via: .blockJob)
        #expect(bench.happened() == "j:aborting j:CAN j:Cc <cancel>")
    }

    @Test func `a softly cancelled job cannot be completed`() {
        let bench = JobBench()
        let request = FakeRequest()
        let body = FakeBody(bench, softCancel: true) { context throws(JobFailure) in
            try await context.ready()
            _ = try await context.waitForCompletionRequest()
            try await request.wait()
        }
        bench.launch("x", [(.mirror("j"), body)])
        bench.cancel("j", force: false, via: .blockJob)
        _ = bench.happened()
        #expect(bench.info("j")?.pendingRequest == .cancel)
        bench.complete("j")
        #expect(bench.happened() == "<complete: The active block job 'j' cannot be completed>")
        request.finish()
        #expect(bench.happened() == "j:W j:P j:OK j:Cc j:N")
    }

    @Test func `queries list the newest job first`() {
        let bench = JobBench()
        for id in ["a", "b", "c"] { bench.launch("x", [(.backup(id), FakeBody(bench, FakeBody.sleeping))]) }
        #expect((try? bench.ask { $0.jobs.map(\.id) }.get()) == ["c", "b", "a"])
        #expect((try? bench.ask { $0.blockJobs.map(\.device) }.get()) == ["c", "b", "a"])
    }

    @Test func `a block job shows its members`() {
        let bench = JobBench()
        bench.launch("x", [(.backup("j", speed: 65536, autoFinalize: false, autoDismiss: false), FakeBody(bench, FakeBody.copying(4)))])
        let running = BlockJobInfo(
            type: .backup, device: "j", len: 262144, offset: 65536, busy: false, paused: false, speed: 65536, ioStatus: .ok, ready: false,
            status: .running, autoFinalize: false, autoDismiss: false, error: nil, activelySynced: nil)
        #expect(bench.blockInfo("j") == running)
        bench.pause("j")
        #expect(bench.blockInfo("j")?.paused == true)
        #expect(bench.blockInfo("j")?.status == .paused)
    }

    @Test func `a record holds what it takes to start again`() throws {
        let bench = JobBench()
        let body = FakeBody(bench, FakeBody.mirroring)
        bench.launch("x", [(.mirror("j", autoDismiss: false), body)], mode: .grouped)
        bench.pause("j")
        bench.complete("j")
        bench.setSpeed("j", 7)
        let record = try bench.ask { registry in registry.table.job("j").flatMap { registry.record($0.handle) } }.get()
        #expect(record?.version == JobRecord.currentVersion)
        #expect(record?.parameters.speed == 7)
        #expect(record?.isPausedByUser == true)
        #expect(record?.isCompleting == true)
        #expect(record?.status == .standby)
        #expect(record?.group != nil)
    }
}
