import TestSupport
import Testing

@testable import Jobs

/// Jobs whose disks hang, and the end of the daemon.
@Suite struct AbandonmentTests {
    static let second: UInt64 = 1_000_000_000
    let bench = JobBench()

    private func abandoned() -> [String] {
        (try? bench.ask { $0.abandonedJobs.map(\.handle.id) }.get()) ?? ["?"]
    }

    @Test func `a job that hangs concludes at the deadline and is cleaned up when its body returns`() throws {
        let request = FakeRequest()
        let body = FakeBody(bench, FakeBody.busy(request))
        bench.launch("x", [(.backup("j"), body)])
        let handle = try #require(try bench.ask { $0.table.job("j")?.handle }.get())
        bench.cancel("j")
        bench.clock.advance(by: 10 * Self.second - 1)
        #expect(bench.happened() == "j:C j:R <x> <cancel>")
        #expect(bench.info("j")?.pendingRequest == .cancel)
        bench.clock.advance(by: 1)
        #expect(bench.happened() == "j:aborting j:CAN j:Cc j:N")
        #expect(body.called == ["run", "cancelRequested", "abandoned"])
        #expect((try? bench.ask { $0.isAbandoned(handle) }.get()) == true)
        #expect(abandoned() == ["j"])
        request.finish()
        #expect(bench.happened() == "")
        #expect(
            body.called == ["run", "cancelRequested", "abandoned", "returned from run", "abort", "clean", "returned"])
        #expect((try? bench.ask { $0.isAbandoned(handle) }.get()) == false)
        #expect(abandoned() == [])
    }

    @Test func `the id of an abandoned job can be used again`() {
        let request = FakeRequest()
        bench.launch("x", [(.backup("j"), FakeBody(bench, FakeBody.busy(request)))])
        bench.cancel("j")
        bench.clock.advance(by: 10 * Self.second)
        _ = bench.happened()
        bench.launch("y", [(.backup("j"), FakeBody(bench, FakeBody.sleeping))])
        #expect(bench.happened() == "j:C j:R <y>")
        request.finish()
        #expect(bench.happened() == "")
        #expect(bench.info("j")?.status == .running)
    }

    @Test func `a concluded job stays to be dismissed while its body hangs`() {
        let request = FakeRequest()
        bench.launch("x", [(.backup("j", autoDismiss: false), FakeBody(bench, FakeBody.busy(request)))])
        bench.cancel("j")
        bench.clock.advance(by: 10 * Self.second)
        _ = bench.happened()
        #expect(bench.info("j")?.error == "Operation canceled")
        bench.dismiss("j")
        #expect(bench.happened() == "j:N <dismiss>")
        #expect(abandoned() == ["j"])
        request.finish()
        #expect(bench.happened() == "")
        #expect((try? bench.ask { $0.table.count }.get()) == 0)
    }

    @Test func `an abort that hangs does not hold the conclusion back for ever`() {
        let request = FakeRequest()
        let body = FakeBody(bench, held: [.abort: request], FakeBody.sleeping)
        bench.launch("x", [(.backup("j"), body)])
        bench.cancel("j")
        bench.clock.advance(by: Self.second)
        #expect(bench.happened() == "j:C j:R <x> j:aborting <cancel>")
        bench.clock.advance(by: 9 * Self.second)
        #expect(bench.happened() == "j:CAN j:Cc j:N")
        #expect(abandoned() == ["j"])
        request.finish()
        _ = bench.happened()
        #expect(body.called.suffix(4) == ["abort", "abandoned", "clean", "returned"])
        #expect(abandoned() == [])
    }

    @Test func `a commit that hangs is waited for, and at the daemon's end given up`() {
        let (first, second) = (FakeRequest(), FakeRequest())
        let bodies = [
            FakeBody(bench, held: [.commit: first], FakeBody.copying(1)), FakeBody(bench, held: [.clean: second], FakeBody.copying(1)),
        ]
        bench.launch("x", [(.backup("a"), bodies[0]), (.backup("b"), bodies[1])], mode: .grouped)
        _ = bench.happened()
        bench.clock.advance(by: 3600 * Self.second)
        #expect(bench.happened() == "")
        #expect(bench.info("b")?.status == .pending)
        bench.command("quit") { registry in
            let left = await registry.cancelAll(within: 8 * Self.second)
            #expect(left.isEmpty)
        }
        bench.clock.advance(by: 8 * Self.second)
        let reason = JobFailure.notApplied.message
        #expect(
            bench.happened() == "b:aborting b:OK{\(reason)} b:Cc b:N a:aborting a:OK{\(reason)} a:Cc a:N <quit>")
        #expect(bodies[1].called.suffix(3) == ["commit", "clean", "abandoned"])
        first.finish()
        second.finish()
        #expect(bench.happened() == "")
        #expect(bodies.map { $0.called.last } == ["returned", "returned"])
        #expect(abandoned() == [])
    }

    @Test func `cancelling everything ends each job as QEMU does, the newest first`() {
        bench.launch("x", [(.backup("a"), FakeBody(bench, FakeBody.sleeping))])
        bench.launch("x", [(.backup("b"), FakeBody(bench, FakeBody.sleeping))])
        _ = bench.happened()
        bench.command("quit") { registry in
            let left = await registry.cancelAll(within: 10 * Self.second)
            #expect(left.isEmpty)
        }
        #expect(
            bench.happened()
                == "b:paused a:paused b:R b:aborting b:CAN b:Cc b:N a:R a:aborting a:CAN a:Cc a:N <quit>")
        let body = FakeBody(bench, FakeBody.sleeping)
        bench.command("create") { registry throws(JobError) in _ = try registry.create(.backup("c"), body: body) }
        #expect(bench.happened() == "<create: The daemon is shutting down>")
    }

    @Test(arguments: JobVerbTests.statuses) func `quitting takes a job in any status`(status: JobStatus) {
        let bench = JobVerbTests.bench(in: status)
        bench.command("quit") { registry in
            let left = await registry.cancelAll(within: 60 * Self.second)
            #expect(left.isEmpty)
        }
        bench.clock.advance(by: 60 * Self.second)
        let happened = bench.happened()
        #expect(happened.contains("j:N") && happened.hasSuffix("<quit>"), "\(happened)")
    }

    @Test func `quitting waits no longer than it may for disks that hang`() {
        let request = FakeRequest()
        bench.launch("x", [(.backup("a"), FakeBody(bench, FakeBody.busy(request)))])
        bench.launch("x", [(.backup("b"), FakeBody(bench, FakeBody.sleeping))])
        _ = bench.happened()
        bench.command("quit") { registry in _ = await registry.cancelAll(within: 4 * Self.second) }
        bench.clock.advance(by: 4 * Self.second)
        #expect(
            bench.happened() == "b:paused b:R b:aborting b:CAN b:Cc b:N a:aborting a:CAN a:Cc a:N <quit>")
        request.finish()
        #expect(bench.happened() == "")
    }

    @Test func `a body that comes back before its turn is cleaned up once`() {
        let (hanging, slow, undo) = (FakeRequest(), FakeRequest(), FakeRequest())
        let oldest = FakeBody(bench, FakeBody.busy(hanging))
        let middle = FakeBody(bench, held: [.abort: undo], FakeBody.busy(slow))
        let jobs = [(JobParameters.backup("a"), oldest), (.backup("b"), middle), (.backup("c"), FakeBody(bench, FakeBody.sleeping))]
        bench.launch("x", jobs, mode: .grouped)
        bench.cancel("c")
        bench.clock.advance(by: 5 * Self.second)
        slow.finish()
        _ = bench.happened()
        // The newer one is being undone when the older one is given up.
        bench.clock.advance(by: 5 * Self.second)
        _ = bench.happened()
        #expect(abandoned() == ["a"] && bench.info("a")?.status == .running)
        hanging.finish()
        _ = bench.happened()
        #expect(abandoned() == [] && bench.info("a")?.status == .running)
        undo.finish()
        #expect(bench.happened() == "b:CAN b:Cc b:N a:aborting a:CAN a:Cc a:N")
        #expect(oldest.called.filter { $0 == "abort" || $0 == "clean" } == ["abort", "clean"])
        #expect((try? bench.ask { $0.table.count }.get()) == 0 && bench.clock.scheduled == 0)
    }

    @Test func `a preparation that hangs is given up after a cancel that came before it began`() {
        let request = FakeRequest()
        let body = FakeBody(bench, held: [.prepare: request], FakeBody.copying(1))
        bench.launch("x", [(.backup("j", autoFinalize: false), body)])
        _ = bench.happened()
        bench.command("both") { registry throws(JobError) in
            try registry.requestFinalize("j", via: .job)
            try registry.requestCancel("j", force: true, via: .job)
        }
        #expect(bench.happened() == "<both>")
        #expect(bench.info("j")?.pendingRequest == .cancel)
        bench.clock.advance(by: 10 * Self.second)
        #expect(bench.happened() == "j:aborting j:CAN j:Cc j:N")
        request.finish()
        _ = bench.happened()
        #expect(body.called.suffix(5) == ["prepare", "abandoned", "abort", "clean", "returned"])
    }
}
