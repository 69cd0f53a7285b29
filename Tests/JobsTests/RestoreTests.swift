import TestSupport
import Testing

@testable import Jobs

/// Jobs made from their records, in every status in which a client can have met them.
@Suite struct RestoreTests {
    /// The record of job `j` in this status.
    private static func record(in status: JobStatus, type: JobType = .mirror) throws -> JobRecord {
        let bench = JobVerbTests.bench(in: status, type: type)
        return try #require(try bench.ask { registry in registry.table.job("j").flatMap { registry.record($0.handle) } }.get())
    }

    private static func restore(_ records: [JobRecord], _ bodies: [FakeBody], on bench: JobBench) {
        bench.command("restored") { registry throws(JobError) in
            _ = try registry.restore(zip(records, bodies).map { JobRegistry.Restored($0, body: $1) })
        }
    }

    @Test(arguments: JobVerbTests.statuses) func `a machine made from its record is recorded as it was`(status: JobStatus) throws {
        let record = try Self.record(in: status)
        #expect(record.status == status)
        let machine = JobStateMachine(restoring: record.state)
        #expect(machine.status == status)
        #expect(machine.record == record.state)
        #expect(machine.end?.failure == (status == .aborting ? ioError : nil))
    }

    @Test(arguments: JobVerbTests.statuses) func `a restored job goes on from where it was`(status: JobStatus) throws {
        let bench = JobBench()
        let body = FakeBody(bench, FakeBody.mirroring)
        Self.restore([try Self.record(in: status)], [body], on: bench)
        let happened = bench.happened()
        switch status {
        case .created:
            #expect(happened == "<restored>")
            bench.cancel("j")
            #expect(bench.happened() == "j:aborting j:Cc j:N <cancel>")
            #expect(body.called == ["abort", "clean"])
        case .running:
            // This time it converges.
            #expect(happened == "<restored> j:ready j:READY")
        case .paused:
            #expect(happened == "<restored>")
            #expect(body.called == [])
            bench.resume("j")
            #expect(bench.happened() == "j:R <resume> j:ready j:READY")
        case .ready:
            // Clients have been told.
            #expect(happened == "<restored>")
            bench.complete("j")
            #expect(bench.happened() == "<complete> j:W j:P j:OK j:Cc")
        case .standby:
            #expect(happened == "<restored>")
            bench.complete("j")
            bench.resume("j")
            #expect(bench.happened() == "<complete> j:ready <resume> j:W j:P j:OK j:Cc")
        case .waiting:
            // The other of its group has not come back.
            #expect(happened == "j:P <restored> j:OK j:Cc")
            #expect(body.called == ["prepare", "commit", "clean"])
        case .pending:
            #expect(happened == "<restored>")
            bench.finalize("j")
            #expect(bench.happened() == "j:OK j:Cc <finalize>")
        case .aborting:
            #expect(happened == "<restored> j:OK{Input/output error} j:Cc")
            #expect(body.called == ["abort", "clean"])
        case .concluded:
            #expect(happened == "<restored>")
            #expect(body.called == [])
            bench.dismiss("j")
            #expect(bench.happened() == "j:N <dismiss>")
        case .undefined, .null:
            Issue.record("no client meets a job in \(status)")
        }
        // Whatever is left takes every verb that its status takes.
        if let left = bench.info("j")?.status, left != .concluded {
            bench.cancel("j")
            #expect(bench.happened().contains("j:Cc"), "\(left)")
        }
    }

    @Test func `a cancel that was accepted takes effect without the body`() throws {
        let old = JobBench()
        let request = FakeRequest()
        old.launch("x", [(.backup("j", autoDismiss: false), FakeBody(old, FakeBody.busy(request)))])
        old.cancel("j")
        let record = try #require(try old.ask { registry in registry.table.job("j").flatMap { registry.record($0.handle) } }.get())
        request.finish()
        let bench = JobBench()
        let body = FakeBody(bench, FakeBody.sleeping)
        Self.restore([record], [body], on: bench)
        #expect(bench.happened() == "j:aborting <restored> j:CAN j:Cc")
        #expect(body.called == ["abort", "clean"])
        #expect(bench.info("j")?.error == "Operation canceled")
    }

    @Test func `a job that an error has stopped stays so`() throws {
        let old = JobBench()
        let failing = FakeBody(old) { context throws(JobFailure) in _ = try await context.report(outOfSpace, operation: .write) }
        old.launch("x", [(.backup("j", onTarget: .stop), failing)])
        let record = try #require(try old.ask { registry in registry.table.job("j").flatMap { registry.record($0.handle) } }.get())
        let bench = JobBench()
        Self.restore([record], [FakeBody(bench, FakeBody.sleeping)], on: bench)
        #expect(bench.blockInfo("j")?.ioStatus == .nospace)
        #expect(bench.info("j")?.status == .paused)
        bench.resume("j")
        #expect(bench.happened() == "<restored> j:R <resume>")
        #expect(bench.blockInfo("j")?.ioStatus == .ok)
    }

    @Test func `a group is restored as one`() throws {
        let old = JobBench()
        let quick = FakeBody(old, FakeBody.copying(1))
        old.launch(
            "x", [(.backup("a", autoDismiss: false), quick), (.backup("b", autoDismiss: false), FakeBody(old, FakeBody.sleeping))],
            mode: .grouped)
        _ = old.happened()
        let records = try old.ask { registry in registry.table.newestFirst.reversed().compactMap { registry.record($0.handle) } }.get()
        #expect(records.map(\.status) == [.waiting, .running])
        let bench = JobBench()
        let bodies = [FakeBody(bench, FakeBody.copying(1)), FakeBody(bench, FakeBody.copying(1))]
        Self.restore(records, bodies, on: bench)
        #expect(bench.happened() == "<restored> b:W b:P a:P b:OK b:Cc a:OK a:Cc")
        #expect(bodies.map { $0.called.first } == ["prepare", "run"])
    }

    @Test(arguments: [true, false]) func `a group that goes down, or whose finalization has begun, goes on so`(commits: Bool) throws {
        let old = JobBench()
        let request = FakeRequest()
        let bodies = ["a", "b"].map { _ in FakeBody(old, held: [commits ? .commit : .abort: request], FakeBody.copying(1)) }
        old.launch(
            "x",
            zip(["a", "b"], bodies).map { (JobParameters.backup($0, autoFinalize: commits, autoDismiss: false), $1) },
            mode: .grouped)
        if !commits { old.cancel("a") }
        _ = old.happened()
        let records = try old.ask { registry in registry.table.newestFirst.reversed().compactMap { registry.record($0.handle) } }.get()
        #expect(records.map(\.status) == (commits ? [.pending, .pending] : [.pending, .aborting]))
        let bench = JobBench()
        let restored = ["a", "b"].map { _ in FakeBody(bench, FakeBody.copying(1)) }
        Self.restore(records, restored, on: bench)
        let cancel = "b:CAN b:Cc a:aborting a:CAN a:Cc"
        #expect(bench.happened() == "<restored> " + (commits ? "b:OK b:Cc a:OK a:Cc" : cancel))
        #expect(restored.map(\.called) == [["commit", "clean"], ["commit", "clean"]].map { commits ? $0 : ["abort", "clean"] })
        request.finish()
    }

    @Test func `an id is restored once`() throws {
        let record = try Self.record(in: .concluded)
        let bench = JobBench()
        let body = FakeBody(bench, FakeBody.sleeping)
        Self.restore([record, record], [body, body], on: bench)
        #expect(bench.happened() == "<restored: Job ID 'j' already in use>")
        #expect(bench.info("j") == nil)
    }

    @Test func `a record of another layout is refused`() throws {
        var record = try Self.record(in: .paused)
        record.version += 1
        let bench = JobBench()
        Self.restore([record], [FakeBody(bench, FakeBody.sleeping)], on: bench)
        #expect(bench.happened() == "<restored: Job 'j' was recorded in version 2; this daemon reads version 1>")
        #expect(bench.info("j") == nil)
    }

    // MARK: Any record, whatever wrote it

    typealias Record = JobStateMachine.Record

    private static let records: [Record] = {
        let flags = [true, false]
        var records: [Record] = []
        for first in flags {
            records += [.waiting(endsWithGroup: first), .pending(endsWithGroup: first)]
            for second in flags {
                records.append(.created(isPausedByUser: first, endsWithGroup: second))
                for request in JobStateMachine.Active.Request.allCases {
                    records.append(.active(isReady: first, isPausedByUser: second, request: request))
                }
            }
        }
        let ends: [JobEnd] = [.neverStarted(.cancelled), .failed(ioError), .cancelled(.cancelled), .succeeded]
        return records + ends.flatMap { [.aborting($0), .concluded($0)] }
    }()

    @Test func `every record makes a machine that is recorded so`() {
        #expect(Self.records.count == 36)
        for record in Self.records {
            let machine = JobStateMachine(restoring: record)
            #expect(machine.record == record)
            #expect(machine.takeUp().isEmpty == !machine.isBusy, "\(record)")
        }
    }

    @Test(arguments: JobGroupMachine.Stage.allCases)
    func `two jobs of any records in one group come to their ends`(stage: JobGroupMachine.Stage) {
        for first in Self.records {
            for second in Self.records { Self.check([first, second], stage) }
        }
    }

    private static func check(_ states: [Record], _ stage: JobGroupMachine.Stage) {
        let ids = ["a", "b"]
        let bench = JobBench()
        let bodies = states.map { _ in FakeBody(bench, FakeBody.mirroring) }
        let records = zip(ids, states).map { id, state in
            JobRecord(
                version: JobRecord.currentVersion, parameters: .mirror(id, autoFinalize: false, autoDismiss: false), group: 7,
                ioStatus: .ok, groupStage: stage, state: state)
        }
        restore(records, bodies, on: bench)
        _ = bench.happened()
        for id in ids {
            bench.resume(id)
            bench.complete(id)
            bench.finalize(id)
        }
        let description = "\(states) \(stage): \(bench.happened())"
        for id in ids { bench.cancel(id) }
        _ = bench.happened()
        #expect(ids.map { bench.info($0)?.status ?? .null }.allSatisfy { $0 == .concluded || $0 == .null }, "\(description)")
        #expect(bench.clock.scheduled == 0, "\(description)")
        for (body, state) in zip(bodies, states) {
            let ends = body.called.filter { $0 == "commit" || $0 == "abort" || $0 == "clean" }
            let hadEnded = if case .concluded = state { true } else { false }
            #expect(hadEnded ? ends == [] : ends == ["commit", "clean"] || ends == ["abort", "clean"], "\(description) \(body.called)")
        }
        #expect(
            Set(bodies.flatMap(\.called)).isDisjoint(with: ["commit"]) || Set(bodies.flatMap(\.called)).isDisjoint(with: ["abort"]),
            "\(description)")
    }
}
