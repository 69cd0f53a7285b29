import Glibc
import TestSupport
import Testing

@testable import Jobs

/// The sequences that clients rely on, one job at a time: events and replies in the order of the wire.
@Suite struct EventSequenceTests {
    let bench = JobBench()

    @Test func `a create job that succeeds replies before it waits and stays until it is dismissed`() {
        let body = FakeBody(bench) { context throws(JobFailure) in
            await context.started()
            context.progress.setRemaining(1)
            context.progress.advance(by: 1)
        }
        bench.command("create") { registry throws(JobError) in
            await registry.startAndWait(try registry.create(.create("j"), body: body))
        }
        #expect(bench.happened() == "j:C j:R <create> j:W j:P j:Cc")
        #expect(bench.info("j")?.currentProgress == 1)
        #expect(bench.info("j")?.totalProgress == 1)
        #expect(bench.blockInfo("j") == nil)
        bench.dismiss("j")
        #expect(bench.happened() == "j:N <dismiss>")
        #expect(bench.info("j") == nil)
    }

    @Test func `a create job that fails has concluded before its reply`() {
        let failure = JobFailure(.system(errno: ENOENT), "Could not create '/nonexistent/x': No such file or directory")
        let body = FakeBody(bench) { _ throws(JobFailure) in throw failure }
        bench.command("create") { registry throws(JobError) in
            await registry.startAndWait(try registry.create(.create("j"), body: body))
        }
        #expect(bench.happened() == "j:C j:R j:aborting j:Cc <create>")
        #expect(bench.info("j")?.error == failure.message)
    }

    @Test func `a backup that succeeds shows the pause of its start and ends by itself`() {
        let body = FakeBody(bench, FakeBody.copying(4))
        bench.launch("backup", [(.backup("j"), body)], drained: true)
        #expect(bench.happened() == "j:C j:R j:paused j:R <backup> j:W j:P j:OK j:Cc j:N")
        #expect(body.called == ["run", "returned from run", "prepare", "commit", "clean"])
        let report = BlockJobReport(type: .backup, device: "j", len: 262144, offset: 262144, speed: 0)
        #expect(bench.allEvents.contains(.completed(report, error: nil)))
    }

    @Test func `a backup without auto-dismiss stays until it is dismissed`() {
        bench.launch("backup", [(.backup("j", autoDismiss: false), FakeBody(bench, FakeBody.copying(1)))], drained: true)
        #expect(bench.happened() == "j:C j:R j:paused j:R <backup> j:W j:P j:OK j:Cc")
        bench.dismiss("j")
        #expect(bench.happened() == "j:N <dismiss>")
    }

    @Test(arguments: [true, false]) func `a backup without auto-finalize waits for finalize`(autoDismiss: Bool) {
        let body = FakeBody(bench, FakeBody.copying(1))
        bench.launch("backup", [(.backup("j", autoFinalize: false, autoDismiss: autoDismiss), body)], drained: true)
        #expect(bench.happened() == "j:C j:R j:paused j:R <backup> j:W j:P j:PENDING")
        #expect(body.called == ["run", "returned from run"])
        bench.finalize("j")
        #expect(bench.happened() == (autoDismiss ? "j:OK j:Cc j:N <finalize>" : "j:OK j:Cc <finalize>"))
    }

    @Test(arguments: [true, false]) func `a backup cancelled in its limiter concludes before the reply`(autoDismiss: Bool) {
        let body = FakeBody(bench, FakeBody.copying(4))
        bench.launch("backup", [(.backup("j", speed: 1, autoDismiss: autoDismiss), body)])
        #expect(bench.happened() == "j:C j:R <backup>")
        bench.cancel("j")
        #expect(bench.happened() == (autoDismiss ? "j:aborting j:CAN j:Cc j:N <cancel>" : "j:aborting j:CAN j:Cc <cancel>"))
        #expect(body.called == ["run", "cancelRequested", "returned from run", "abort", "clean"])
        if !autoDismiss { #expect(bench.info("j")?.error == "Operation canceled") }
    }

    @Test func `a backup cancelled with a request in flight replies first`() {
        let request = FakeRequest()
        bench.launch("backup", [(.backup("j"), FakeBody(bench, FakeBody.busy(request)))])
        _ = bench.happened()
        bench.cancel("j")
        #expect(bench.happened() == "<cancel>")
        #expect(bench.info("j")?.status == .running)
        #expect(bench.info("j")?.pendingRequest == .cancel)
        request.finish()
        #expect(bench.happened() == "j:aborting j:CAN j:Cc j:N")
    }

    @Test func `a target error that is reported fails the job`() {
        let body = FakeBody(bench) { context throws(JobFailure) in
            #expect(try await context.report(outOfSpace, operation: .write) == .report)
            throw outOfSpace
        }
        bench.launch("backup", [(.backup("j", autoDismiss: false), body)])
        #expect(
            bench.happened()
                == "j:C j:R <backup> j:ERROR{write,report} j:aborting j:OK{No space left on device} j:Cc")
        #expect(bench.info("j")?.error == "No space left on device")
    }

    @Test func `a target error that stops the job pauses it until it is resumed`() {
        let body = FakeBody(bench) { context throws(JobFailure) in
            if try await context.report(outOfSpace, operation: .write) == .stop { try await context.checkpoint() }
        }
        bench.launch("backup", [(.backup("j", onTarget: .enospc), body)])
        #expect(bench.happened() == "j:C j:R <backup> j:ERROR{write,stop} j:paused")
        #expect(bench.blockInfo("j")?.ioStatus == .nospace)
        bench.resume("j")
        #expect(bench.happened() == "j:R <resume> j:W j:P j:OK j:Cc j:N")
    }

    @Test(arguments: [true, false]) func `a mirror is ready, then completes after the reply`(autoFinalize: Bool) {
        bench.launch("mirror", [(.mirror("j", autoFinalize: autoFinalize), FakeBody(bench, FakeBody.mirroring))])
        #expect(bench.happened() == "j:C j:R <mirror> j:ready j:READY")
        bench.complete("j")
        #expect(bench.happened() == (autoFinalize ? "<complete> j:W j:P j:OK j:Cc j:N" : "<complete> j:W j:P j:PENDING"))
    }

    @Test func `a mirror of new writes only is ready before the reply`() {
        let body = FakeBody(bench, FakeBody.mirroring)
        bench.command("mirror") { registry throws(JobError) in
            await registry.startAndWait(try registry.create(.mirror("j"), body: body))
        }
        #expect(bench.happened() == "j:C j:R j:ready j:READY <mirror>")
    }

    @Test(arguments: [JobCommandFamily.job, .blockJob]) func `a ready mirror cancelled by force replies first`(family: JobCommandFamily) {
        bench.launch("mirror", [(.mirror("j"), FakeBody(bench, softCancel: true, FakeBody.mirroring))])
        _ = bench.happened()
        bench.cancel("j", force: true, via: family)
        #expect(bench.happened() == "<cancel> j:aborting j:CAN j:Cc j:N")
    }

    @Test func `a ready mirror cancelled softly succeeds without its result being asked for`() {
        let asked = Trace()
        let body = FakeBody(bench, softCancel: true) { context throws(JobFailure) in
            try await context.ready()
            asked.add("\(try await context.waitForCompletionRequest())")
        }
        bench.launch("mirror", [(.mirror("j"), body)])
        _ = bench.happened()
        bench.cancel("j", force: false, via: .blockJob)
        #expect(bench.happened() == "<cancel> j:W j:P j:OK j:Cc j:N")
        #expect(asked.take() == "cancelSoftly")
    }

    @Test func `job-cancel is never soft`() {
        bench.launch("mirror", [(.mirror("j"), FakeBody(bench, softCancel: true, FakeBody.mirroring))])
        _ = bench.happened()
        bench.cancel("j", force: false, via: .job)
        #expect(bench.happened() == "<cancel> j:aborting j:CAN j:Cc j:N")
    }

    @Test func `an idle job is paused, and resumed, before the reply`() {
        bench.launch("backup", [(.backup("j", speed: 1), FakeBody(bench, FakeBody.copying(4)))])
        _ = bench.happened()
        bench.pause("j")
        #expect(bench.happened() == "j:paused <pause>")
        bench.resume("j")
        #expect(bench.happened() == "j:R <resume>")
    }

    @Test func `a ready job is paused to standby and back before the reply`() {
        bench.launch("mirror", [(.mirror("j"), FakeBody(bench, FakeBody.mirroring))])
        _ = bench.happened()
        bench.pause("j")
        #expect(bench.happened() == "j:standby <pause>")
        bench.resume("j")
        #expect(bench.happened() == "j:ready <resume>")
    }

    @Test func `a job with a request in flight is paused when that has ended`() {
        let request = FakeRequest()
        bench.launch("backup", [(.backup("j"), FakeBody(bench, FakeBody.busy(request)))])
        _ = bench.happened()
        bench.pause("j")
        #expect(bench.happened() == "<pause>")
        #expect(bench.info("j")?.pendingRequest == .pause)
        request.finish()
        #expect(bench.happened() == "j:paused")
        #expect(bench.info("j")?.pendingRequest == nil)
        bench.resume("j")
        #expect(bench.happened() == "j:R <resume> j:W j:P j:OK j:Cc j:N")
    }

    @Test func `a job cancelled in standby is ready again, then ends after the reply`() {
        bench.launch("mirror", [(.mirror("j"), FakeBody(bench, FakeBody.mirroring))])
        bench.pause("j")
        _ = bench.happened()
        bench.cancel("j")
        #expect(bench.happened() == "j:ready <cancel> j:aborting j:CAN j:Cc j:N")
    }

    @Test func `a paused job that is cancelled runs again on its way out`() {
        bench.launch("backup", [(.backup("j", speed: 1), FakeBody(bench, FakeBody.copying(4)))])
        bench.pause("j")
        _ = bench.happened()
        bench.cancel("j")
        #expect(bench.happened() == "j:R j:aborting j:CAN j:Cc j:N <cancel>")
    }

    @Test func `complete in standby takes effect when the job is resumed`() {
        bench.launch("mirror", [(.mirror("j"), FakeBody(bench, FakeBody.mirroring))])
        bench.pause("j")
        bench.complete("j")
        #expect(bench.happened() == "j:C j:R <mirror> j:ready j:READY j:standby <pause> <complete>")
        #expect(bench.info("j")?.pendingRequest == .complete)
        bench.resume("j")
        #expect(bench.happened() == "j:ready <resume> j:W j:P j:OK j:Cc j:N")
    }

    @Test func `a job cancelled while pending has concluded before the reply`() {
        let body = FakeBody(bench, FakeBody.copying(1))
        bench.launch("commit", [(.backup("j", autoFinalize: false), body)])
        _ = bench.happened()
        bench.cancel("j")
        #expect(bench.happened() == "j:aborting j:CAN j:Cc j:N <cancel>")
        #expect(body.called == ["run", "returned from run", "abort", "clean"])
    }

    @Test func `a job refused for its speed was created and is gone`() {
        let body = FakeBody(bench, FakeBody.copying(1))
        bench.command("backup") { registry throws(JobError) in _ = try registry.create(.backup("j", speed: -1), body: body) }
        #expect(bench.happened() == "j:C j:N <backup: Parameter 'speed' expects a non-negative value>")
        #expect(body.called.isEmpty)
        #expect(bench.info("j") == nil)
    }

    @Test func `a discarded job leaves without a call to its body`() {
        let body = FakeBody(bench, FakeBody.copying(1))
        bench.command("backup") { registry throws(JobError) in
            registry.discard(try registry.create(.backup("j"), body: body))
        }
        #expect(bench.happened() == "j:C j:N <backup>")
        #expect(body.called.isEmpty)
    }

    @Test func `a created job that is cancelled is aborted and forgotten, whatever its auto-dismiss says`() {
        let body = FakeBody(bench, FakeBody.copying(1))
        bench.command("create") { registry throws(JobError) in
            _ = try registry.create(.backup("j", autoDismiss: false), body: body)
        }
        bench.cancel("j")
        #expect(bench.happened() == "j:C <create> j:aborting j:Cc j:N <cancel>")
        #expect(body.called == ["abort", "clean"])
    }
}
