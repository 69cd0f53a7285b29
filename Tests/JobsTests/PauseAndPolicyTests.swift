import TestSupport
import Testing

@testable import Jobs

/// Error policies, pauses of several kinds, several workers, and what bodies wait for.
@Suite struct PauseAndPolicyTests {
    let bench = JobBench()

    @Test(arguments: ErrorPolicy.allCases, IOOperation.allCases) func `every policy by every error`(
        policy: ErrorPolicy, operation: IOOperation
    ) {
        for failure in [ioError, outOfSpace] {
            let bench = JobBench()
            let body = FakeBody(bench) { context throws(JobFailure) in
                switch try await context.report(failure, operation: operation) {
                case .report: throw failure
                case .ignore: break
                case .stop: try await context.checkpoint()
                }
            }
            let parameters: JobParameters =
                operation == .read ? .backup("j", onSource: policy) : .backup("j", onTarget: policy)
            bench.launch("x", [(parameters, body)])
            let action: ErrorAction =
                switch policy {
                case .report: .report
                case .ignore: .ignore
                case .stop: .stop
                case .enospc, .auto: failure == outOfSpace ? .stop : .report
                }
            let start = "j:C j:R <x> j:ERROR{\(operation.rawValue),\(action.rawValue)} "
            switch action {
            case .report: #expect(bench.happened() == start + "j:aborting j:OK{\(failure.message)} j:Cc j:N")
            case .ignore: #expect(bench.happened() == start + "j:W j:P j:OK j:Cc j:N")
            case .stop:
                #expect(bench.happened() == start + "j:paused")
                #expect(bench.blockInfo("j")?.ioStatus == (failure == outOfSpace ? .nospace : .failed))
                bench.pause("j")
                #expect(bench.happened() == "<pause: Job is already paused>")
                bench.resume("j")
                #expect(bench.happened() == "j:R <resume> j:W j:P j:OK j:Cc j:N")
            }
        }
    }

    @Test func `resuming resets the io-status`() {
        let body = FakeBody(bench) { context throws(JobFailure) in
            _ = try await context.report(ioError, operation: .write)
            try await context.sleep(nanoseconds: 10)
        }
        bench.launch("x", [(.backup("j", onTarget: .stop), body)])
        #expect(bench.blockInfo("j")?.ioStatus == .failed)
        bench.resume("j")
        #expect(bench.blockInfo("j")?.ioStatus == .ok)
        #expect(body.called == ["run", "userResumed"])
    }

    @Test func `a permanent error that is ignored is told ten times a second and counted`() {
        let body = FakeBody(bench) { context throws(JobFailure) in
            while true { _ = try await context.report(ioError, operation: .write) }
        }
        bench.launch("x", [(.backup("j", onTarget: .ignore), body)])
        bench.clock.advance(by: 4_999_999_999)
        let errors = bench.allEvents.filter { if case .error = $0 { true } else { false } }
        #expect(errors.count == 5 * ErrorEventBudget.perSecond)
        let suppressed = errors.reduce(0) { sum, event in
            if case .error(_, _, _, let suppressed) = event { sum + suppressed } else { sum }
        }
        #expect(suppressed > 0 && suppressed <= 5 * 100)
        #expect((bench.info("j")?.suppressedErrors ?? 0) >= suppressed)
        bench.cancel("j")
        #expect(bench.happened().hasSuffix("j:aborting j:CAN j:Cc j:N <cancel>"))
    }

    @Test func `a job is paused when all its workers are parked`() {
        let requests = [FakeRequest(), FakeRequest()]
        let body = FakeBody(bench) { context throws(JobFailure) in
            await context.setWorkers(2)
            await withTaskGroup(of: Void.self) { group in
                for request in requests {
                    group.addTask {
                        try? await request.wait()
                        try? await context.checkpoint()
                        await context.workerEnded()
                    }
                }
            }
            try await context.checkpoint()
        }
        bench.launch("x", [(.backup("j"), body)])
        bench.pause("j")
        requests[0].finish()
        #expect(bench.happened() == "j:C j:R <x> <pause>")
        requests[1].finish()
        #expect(bench.happened() == "j:paused")
        bench.resume("j")
        #expect(bench.happened() == "j:R <resume> j:W j:P j:OK j:Cc j:N")
    }

    @Test func `a worker that ends lets the others be paused`() {
        let request = FakeRequest()
        let body = FakeBody(bench) { context throws(JobFailure) in
            await context.setWorkers(2)
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    try? await context.sleep(nanoseconds: 1_000_000)
                    await context.workerEnded()
                }
                group.addTask {
                    try? await request.wait()
                    await context.workerEnded()
                }
            }
        }
        bench.launch("x", [(.backup("j"), body)])
        bench.pause("j")
        bench.clock.advance(by: 2_000_000)
        #expect(bench.happened() == "j:C j:R <x> <pause>")
        request.finish()
        #expect(bench.happened() == "j:paused")
        bench.resume("j")
        #expect(bench.happened() == "j:R <resume> j:W j:P j:OK j:Cc j:N")
    }

    @Test func `a body that converges while its workers are paused is ready when they go on`() {
        let request = FakeRequest()
        let body = FakeBody(bench) { context throws(JobFailure) in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { _ = try? await context.waitForCompletionRequest() }
                group.addTask {
                    try? await request.wait()
                    try? await context.ready()
                }
            }
        }
        bench.launch("x", [(.mirror("j"), body)])
        bench.pause("j")
        request.finish()
        #expect(bench.happened() == "j:C j:R <x> j:paused <pause>")
        bench.resume("j")
        #expect(bench.happened() == "j:R <resume> j:ready j:READY")
        bench.complete("j")
        #expect(bench.happened() == "<complete> j:W j:P j:OK j:Cc j:N")
    }

    @Test func `a failing worker does not wait for one that sleeps in the limiter`() {
        let body = FakeBody(bench) { context throws(JobFailure) in
            await context.setWorkers(2)
            let failure = await withTaskGroup(of: JobFailure?.self) { group in
                group.addTask {
                    do throws(JobFailure) {
                        try await context.rateLimit(1 << 20)
                        try await context.rateLimit(1 << 20)
                    } catch { return error }
                    return nil
                }
                group.addTask { ioError }
                var first: JobFailure?
                for await failure in group where first == nil {
                    first = failure
                    group.cancelAll()
                }
                return first
            }
            if let failure { throw failure }
        }
        bench.launch("x", [(.backup("j", speed: 1), body)])
        #expect(bench.happened() == "j:C j:R <x> j:aborting j:OK{Input/output error} j:Cc j:N")
    }

    @Test func `drains count, and the user's pause outlives them`() throws {
        bench.launch("x", [(.backup("j", speed: 1), FakeBody(bench, FakeBody.copying(3)))])
        let handle = try #require(try bench.ask { $0.table.job("j")?.handle }.get())
        func drain(_ begins: Bool) {
            bench.command(begins ? "begin" : "end") { registry in
                if begins { registry.drainBegin(handle) } else { registry.drainEnd(handle) }
            }
        }
        _ = bench.happened()
        drain(true)
        drain(true)
        bench.pause("j")
        drain(false)
        drain(false)
        #expect(bench.happened() == "j:paused <begin> <begin> <pause> <end> <end>")
        bench.resume("j")
        #expect(bench.happened() == "j:R <resume>")
    }

    @Test func `quiesced returns when nothing is in flight`() throws {
        let request = FakeRequest()
        bench.launch("x", [(.backup("j"), FakeBody(bench, FakeBody.busy(request)))])
        let handle = try #require(try bench.ask { $0.table.job("j")?.handle }.get())
        bench.command("drained") { registry in
            registry.drainBegin(handle)
            await registry.quiesced(handle)
        }
        #expect(bench.happened() == "j:C j:R <x>")
        request.finish()
        #expect(bench.happened() == "j:paused <drained>")
        bench.command("end") { $0.drainEnd(handle) }
        #expect(bench.happened() == "j:R <end> j:W j:P j:OK j:Cc j:N")
    }

    @Test func `a pause during a sleep keeps the rest of it`() {
        let body = FakeBody(bench) { context throws(JobFailure) in try await context.sleep(nanoseconds: 100) }
        bench.launch("x", [(.backup("j"), body)])
        bench.clock.advance(by: 40)
        bench.pause("j")
        bench.clock.advance(by: 20)
        bench.resume("j")
        _ = bench.happened()
        bench.clock.advance(by: 39)
        #expect(bench.happened() == "")
        bench.clock.advance(by: 1)
        #expect(bench.happened() == "j:W j:P j:OK j:Cc j:N")
    }

    @Test func `an idle body wakes for a wake-up that came before, for a request, and in time`() {
        let log = Trace()
        let body = FakeBody(bench) { context throws(JobFailure) in
            try await context.ready()
            context.wake()
            try await context.idle()
            log.add("woken")
            try await context.idle(until: context.now + 50)
            log.add("timed")
            try await context.idle()
            log.add("\(context.completionRequest)")
        }
        bench.launch("x", [(.mirror("j"), body)])
        #expect(log.take() == "woken")
        bench.clock.advance(by: 50)
        #expect(log.take() == "timed")
        bench.complete("j")
        #expect(log.take() == "complete")
    }

    @Test func `progress never falls and never exceeds its total`() {
        let progress = JobProgress()
        progress.setRemaining(10)
        progress.advance(by: 4)
        #expect(progress.snapshot == (4, 10))
        progress.grow(by: 5)
        #expect(progress.snapshot == (4, 15))
        progress.setRemaining(0)
        #expect(progress.snapshot == (4, 4))
        progress.advance(by: 3)
        #expect(progress.snapshot == (7, 7))
        progress.setRemaining(.max)
        #expect(progress.total == .max)
    }
}
