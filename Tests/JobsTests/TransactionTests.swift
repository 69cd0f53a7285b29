import TestSupport
import Testing

@testable import Jobs

/// Groups: the literal sequences of two jobs, and every member failing or being cancelled at every point.
@Suite struct TransactionTests {
    let bench = JobBench()

    private func backups(_ ids: [String], _ work: @escaping FakeBody.Work) -> [(JobParameters, FakeBody)] {
        ids.map { (.backup($0, autoDismiss: false), FakeBody(bench, name: $0, work)) }
    }

    @Test func `two jobs start within one drained section`() {
        bench.launch("transaction", backups(["a", "b"], FakeBody.sleeping), mode: .grouped, drained: true)
        #expect(bench.happened() == "a:C b:C a:R a:paused b:R b:paused a:R b:R <transaction>")
    }

    @Test func `grouped jobs that succeed wait for each other and end newest first`() {
        bench.launch("transaction", backups(["a", "b"], FakeBody.copying(1)), mode: .grouped)
        #expect(bench.happened() == "a:C b:C a:R b:R <transaction> a:W b:W b:P a:P b:OK b:Cc a:OK a:Cc")
    }

    @Test func `a grouped job that fails takes the other along`() {
        let request = FakeRequest()
        bench.launch(
            "transaction",
            [
                (.backup("a", autoDismiss: false), FakeBody(bench, FakeBody.sleeping)),
                (
                    .backup("b", autoDismiss: false),
                    FakeBody(bench) { context throws(JobFailure) in
                        try await request.wait()
                        _ = try await context.report(ioError, operation: .write)
                        throw ioError
                    }
                ),
            ], mode: .grouped)
        _ = bench.happened()
        request.finish()
        #expect(
            bench.happened() == "b:ERROR{write,report} b:aborting b:OK{Input/output error} b:Cc a:aborting a:CAN a:Cc")
        #expect(bench.info("a")?.error == "Operation canceled")
    }

    @Test func `a job that fails on its own leaves the other alone`() {
        let request = FakeRequest()
        let failing = FakeBody(bench) { _ throws(JobFailure) in
            try await request.wait()
            throw ioError
        }
        bench.launch("transaction", [(.backup("a"), FakeBody(bench, FakeBody.sleeping)), (.backup("b"), failing)])
        _ = bench.happened()
        request.finish()
        #expect(bench.happened() == "b:aborting b:OK{Input/output error} b:Cc b:N")
        #expect(bench.info("a")?.status == .running)
    }

    @Test func `cancelling one grouped job cancels both before the reply`() {
        bench.launch("transaction", backups(["a", "b"], FakeBody.sleeping), mode: .grouped)
        _ = bench.happened()
        bench.cancel("a")
        #expect(bench.happened() == "a:aborting b:aborting b:CAN b:Cc a:CAN a:Cc <cancel>")
    }

    @Test(arguments: ["a", "b"]) func `finalizing either of a group finishes both`(id: String) {
        let quick = FakeBody.copying(1)
        bench.launch(
            "transaction",
            [
                (.backup("a", autoDismiss: false), FakeBody(bench, quick)),
                (.backup("b", autoFinalize: false, autoDismiss: false), FakeBody(bench, quick)),
            ], mode: .grouped)
        #expect(bench.happened() == "a:C b:C a:R b:R <transaction> a:W b:W b:P b:PENDING a:P")
        bench.finalize(id)
        #expect(bench.happened() == "b:OK b:Cc a:OK a:Cc <finalize>")
    }

    @Test func `a transaction that fails after its first job was created takes that job back`() {
        let body = FakeBody(bench, FakeBody.sleeping)
        bench.command("transaction") { registry throws(JobError) in
            let handle = try registry.create(.backup("a"), in: registry.makeGroup(completionMode: .individual), body: body)
            await registry.abort(handle)
            throw JobError(.invalidArgument, "Transaction aborted using Abort action")
        }
        #expect(bench.happened() == "a:C a:aborting a:Cc a:N <transaction: Transaction aborted using Abort action>")
        #expect(body.called == ["abort", "clean"])
    }

    @Test func `all are prepared before any commits`() {
        let calls = Trace()
        let bodies = ["a", "b", "c"].map { id in
            (JobParameters.backup(id), FakeBody(bench, name: id, calls: calls, FakeBody.copying(1)))
        }
        bench.launch("transaction", bodies, mode: .grouped)
        _ = bench.happened()
        let ends = calls.take().split(separator: " ").filter { $0.contains("prepare") || $0.contains("commit") || $0.contains("clean") }
        #expect(ends == ["c.prepare", "b.prepare", "a.prepare", "c.commit", "c.clean", "b.commit", "b.clean", "a.commit", "a.clean"])
    }

    @Test func `a group that was cancelled takes no new member`() {
        let body = FakeBody(bench, FakeBody.sleeping)
        bench.command("transaction") { registry throws(JobError) in
            let group = registry.makeGroup(completionMode: .grouped)
            _ = try registry.create(.backup("a"), in: group, body: body)
            try registry.requestCancel("a", force: true, via: .job)
            _ = try registry.create(.backup("b"), in: group, body: body)
        }
        #expect(
            bench.happened() == "a:C a:aborting <transaction: The jobs of this transaction have been cancelled> a:Cc a:N")
    }

    @Test func `a second finalize and a cancel during the commit are refused`() {
        let commit = FakeRequest()
        let body = FakeBody(bench, held: [.commit: commit], FakeBody.copying(1))
        bench.launch("x", [(.backup("j", autoFinalize: false, autoDismiss: false), body)])
        _ = bench.happened()
        bench.command("first") { registry throws(JobError) in try registry.requestFinalize("j", via: .job) }
        bench.finalize("j")
        bench.cancel("j")
        #expect(
            bench.happened() == "<first> <finalize: Job 'j' in state 'pending' cannot accept command verb 'finalize'> "
                + "<cancel: Job 'j' in state 'pending' cannot accept command verb 'cancel'>")
        commit.finish()
        #expect(bench.happened() == "j:OK j:Cc")
    }
}
