import TestSupport
import Testing

@testable import Jobs

/// Transactions of one to three jobs in which each member has an accident at each point, while the others do whatever they may be doing.
@Suite struct TransactionMatrixTests {
    enum Accident: String, CaseIterable, Sendable {
        case failsWhileOthersWork, failsAfterOthersAreDone, failsInPrepare
        case cancelledCreated, cancelledIdle, cancelledBusy, cancelledPaused, cancelledReady, cancelledWaiting, cancelledPending
        case cancelledInPrepare, hangs, hangsInPrepare, hangsInAbort

        /// Whether the member ends by a cancel rather than by a failure of its own.
        var isCancel: Bool {
            switch self {
            case .failsWhileOthersWork, .failsAfterOthersAreDone, .failsInPrepare: false
            default: true
            }
        }
        /// Whether it happens when all bodies have done their work.
        var needsAllDone: Bool {
            switch self {
            case .failsInPrepare, .cancelledPending, .cancelledInPrepare, .hangsInPrepare, .failsAfterOthersAreDone: true
            default: false
            }
        }
    }

    enum Other: String, CaseIterable, Sendable {
        case idle, busy, paused, done
    }

    struct Case: Sendable, CustomStringConvertible {
        let members: Int
        let victim: Int
        let accident: Accident
        let other: Other
        let mode: CompletionMode
        var description: String { "\(mode) \(members), \(victim) \(accident), others \(other)" }
    }

    static func cases() -> [Case] {
        var cases: [Case] = []
        for members in 1...3 {
            for victim in 0..<members {
                for accident in Accident.allCases {
                    for other in Other.allCases {
                        // A group is done only when all its members are; without others it does not matter what they do.
                        if other != .done, members == 1 || accident.needsAllDone { continue }
                        for mode in CompletionMode.allCases {
                            cases.append(Case(members: members, victim: victim, accident: accident, other: other, mode: mode))
                        }
                    }
                }
            }
        }
        return cases
    }

    private static let second: UInt64 = 1_000_000_000
    private static let ids = ["a", "b", "c"]

    @Test func `all or none in a group, each for itself otherwise`() {
        let cases = Self.cases()
        #expect(cases.count > 300)
        for testCase in cases { Self.check(testCase) }
    }

    /// Runs one case to its end and checks everybody's ends and events.
    private static func check(_ testCase: Case) {
        let bench = JobBench()
        let victimRequest = FakeRequest()
        let endRequest = FakeRequest()
        let otherRequest = FakeRequest()
        let victim = victimBody(testCase, bench, victimRequest, endRequest)
        let bodies = (0..<testCase.members).map { index in
            index == testCase.victim ? victim : otherBody(testCase.other, bench, otherRequest)
        }
        let victimID = ids[testCase.victim]
        let waitsForFinalize = testCase.accident == .cancelledPending
        bench.command("x") { registry throws(JobError) in
            let group = registry.makeGroup(completionMode: testCase.mode)
            var handles: [JobHandle] = []
            for (index, body) in bodies.enumerated() {
                let parameters = JobParameters.backup(ids[index], autoFinalize: !waitsForFinalize)
                handles.append(try registry.create(parameters, in: group, body: body))
            }
            if testCase.accident == .cancelledCreated { try registry.requestCancel(victimID, force: true, via: .job) }
            for handle in handles { registry.start(handle) }
        }
        if testCase.other == .paused {
            for index in 0..<testCase.members where index != testCase.victim { bench.pause(ids[index]) }
        }
        strike(testCase, bench, victimRequest, victimID)
        _ = bench.happened()
        // Whatever can still come back does so after everybody's deadline.
        bench.clock.advance(by: 45 * second)
        if testCase.mode == .individual {
            otherRequest.finish()
            for index in 0..<testCase.members where index != testCase.victim {
                if testCase.other == .paused { bench.resume(ids[index]) }
            }
            _ = bench.happened()
            bench.clock.advance(by: 45 * second)
            if waitsForFinalize {
                for index in 0..<testCase.members where index != testCase.victim { bench.finalize(ids[index]) }
            }
        }
        _ = bench.happened()
        expectConcluded(bench, testCase)
        victimRequest.finish()
        endRequest.finish()
        otherRequest.finish()
        _ = bench.happened()
        for index in 0..<testCase.members {
            let isVictim = index == testCase.victim
            expectEnd(of: ids[index], bodies[index], bench, testCase, isVictim: isVictim)
        }
        #expect((try? bench.ask { $0.table.count }.get()) == 0, "\(testCase)")
        #expect(bench.clock.scheduled == 0, "\(testCase)")
    }

    private static func victimBody(_ testCase: Case, _ bench: JobBench, _ request: FakeRequest, _ end: FakeRequest) -> FakeBody {
        switch testCase.accident {
        case .failsWhileOthersWork, .failsAfterOthersAreDone:
            FakeBody(bench) { _ throws(JobFailure) in
                try await request.wait()
                throw ioError
            }
        case .failsInPrepare: FakeBody(bench, prepareFailure: ioError, FakeBody.copying(1))
        case .cancelledIdle, .cancelledPaused: FakeBody(bench, FakeBody.sleeping)
        case .cancelledBusy, .hangs: FakeBody(bench, FakeBody.busy(request))
        case .cancelledReady: FakeBody(bench, FakeBody.mirroring)
        case .cancelledCreated, .cancelledWaiting, .cancelledPending: FakeBody(bench, FakeBody.copying(1))
        case .cancelledInPrepare, .hangsInPrepare: FakeBody(bench, held: [.prepare: end], FakeBody.copying(1))
        case .hangsInAbort: FakeBody(bench, held: [.abort: end], FakeBody.sleeping)
        }
    }

    private static func otherBody(_ other: Other, _ bench: JobBench, _ request: FakeRequest) -> FakeBody {
        switch other {
        case .idle, .paused: FakeBody(bench) { context throws(JobFailure) in try await context.sleep(nanoseconds: 40 * second) }
        case .busy: FakeBody(bench, FakeBody.busy(request))
        case .done: FakeBody(bench, FakeBody.copying(1))
        }
    }

    private static func strike(_ testCase: Case, _ bench: JobBench, _ request: FakeRequest, _ id: String) {
        switch testCase.accident {
        case .failsWhileOthersWork, .failsAfterOthersAreDone: request.finish()
        case .failsInPrepare, .cancelledCreated: break
        case .cancelledIdle, .cancelledReady, .cancelledWaiting, .cancelledPending, .hangs, .hangsInAbort, .cancelledInPrepare,
            .hangsInPrepare:
            bench.cancel(id)
        case .cancelledBusy:
            bench.cancel(id)
            request.finish()
        case .cancelledPaused:
            bench.pause(id)
            bench.cancel(id)
        }
    }

    /// Whether the accident ever befalls the victim: alone, or with others that are done, it may have ended before.
    private static func strikes(_ testCase: Case) -> Bool {
        guard testCase.accident == .cancelledWaiting else { return true }
        return testCase.mode == .grouped && testCase.members > 1 && testCase.other != .done
    }

    private static func expectConcluded(_ bench: JobBench, _ testCase: Case) {
        let left = (try? bench.ask { $0.jobs.map { "\($0.id) \($0.status)" } }.get()) ?? ["?"]
        #expect(left == [], "\(testCase)")
    }

    private static func expectEnd(of id: String, _ body: FakeBody, _ bench: JobBench, _ testCase: Case, isVictim: Bool) {
        let fails = strikes(testCase) && (isVictim || testCase.mode == .grouped)
        let called = body.called
        let ends = called.filter { $0 == "commit" || $0 == "abort" || $0 == "clean" }
        #expect(ends == [fails ? "abort" : "commit", "clean"], "\(testCase): \(id) \(called)")
        if let returned = called.firstIndex(of: "returned from run"), let end = called.firstIndex(of: ends.first ?? "") {
            #expect(returned < end, "\(testCase): \(id) \(called)")
        }

        var status = JobStatus.undefined
        var outcomes: [String] = []
        for event in bench.allEvents {
            switch event {
            case .statusChange(id, let next):
                #expect(status.mayBecome(next) && status != next, "\(testCase): \(id) \(status) -> \(next)")
                status = next
            case .completed(let report, let error) where report.device == id: outcomes.append(error ?? "OK")
            case .cancelled(let report) where report.device == id: outcomes.append("CAN")
            default: break
            }
        }
        #expect(status == .null, "\(testCase): \(id)")
        let expected: [String] =
            if !fails {
                ["OK"]
            } else if testCase.accident == .cancelledCreated, isVictim || testCase.mode == .grouped {
                // It never started.
                []
            } else if isVictim, !testCase.accident.isCancel {
                [ioError.message]
            } else {
                ["CAN"]
            }
        #expect(outcomes == expected, "\(testCase): \(id)")
    }
}
