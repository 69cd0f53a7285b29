import BlockGraph
import Jobs
import QMP
import TestSupport
import Testing

@testable import Monitor

/// Which events pass, and when.
@Suite struct EventOutletTests {
    /// An outlet on a clock of the test's, and what has passed: the first sector of a quorum's event, and the second in which it was told.
    private final class Bench {
        let executor = ManualExecutor()
        let clock: ManualClock
        let outlet: EventOutlet
        private(set) var passed: [String] = []

        init() {
            let clock = ManualClock(executor)
            self.clock = clock
            outlet = EventOutlet(
                clock: clock, now: { EventTime(seconds: Int64(clock.now / 1_000_000_000), microseconds: 0) }, onQueue: { $0() })
            outlet.attach { [unowned self] (event, time) in
                switch event {
                case .node(.quorumReportBad(_, _, let node, let sector, _)): passed.append("\(node) \(sector) at \(time.seconds)")
                case .node(.quorumFailure(let node, let sector, _)): passed.append("\(node) failed \(sector) at \(time.seconds)")
                default: passed.append("other")
                }
            }
        }

        func bad(_ node: String, _ sector: Int64) {
            outlet.send(.node(.quorumReportBad(operation: .read, error: nil, nodeName: node, firstSector: sector, sectors: 1)))
        }

        func failed(_ node: String, _ sector: Int64) {
            outlet.send(.node(.quorumFailure(reference: node, firstSector: sector, sectors: 1)))
        }

        func advance(seconds: UInt64) { clock.advance(by: seconds * 1_000_000_000) }

        func taken() -> [String] {
            defer { passed = [] }
            return passed
        }
    }

    @Test func `the first passes at once, then the latest of each second with the time at which it was told`() {
        let bench = Bench()
        for sector in 0..<100 { bench.bad("a", Int64(sector)) }
        #expect(bench.taken() == ["a 0 at 1"])
        bench.advance(seconds: 1)
        #expect(bench.taken() == ["a 99 at 1"])
        bench.advance(seconds: 1)
        #expect(bench.taken().isEmpty)
        bench.bad("a", 100)
        #expect(bench.taken() == ["a 100 at 3"])
        #expect(bench.clock.scheduled == 1)
        bench.advance(seconds: 1)
        #expect(bench.clock.scheduled == 0, "a key at rest costs nothing")
    }

    @Test func `bad children are counted apart, failures of all quorums together`() {
        let bench = Bench()
        bench.bad("a", 1)
        bench.bad("b", 2)
        bench.failed("p", 3)
        bench.failed("q", 4)
        #expect(bench.taken() == ["a 1 at 1", "b 2 at 1", "p failed 3 at 1"])
        bench.advance(seconds: 1)
        #expect(bench.taken() == ["q failed 4 at 1"])
    }

    @Test func `what a job does is told always, to everybody who has come`() {
        let bench = Bench()
        for _ in 0..<3 { bench.outlet.send(.job(.statusChange(id: "j", status: .running))) }
        var second = 0
        bench.outlet.attach { (_, _) in second += 1 }
        bench.outlet.send(.node(.imageCorrupted(nodeName: "n", message: "", offset: nil, size: nil, isFatal: true)))
        #expect(bench.taken().count == 4)
        #expect(second == 1)
    }
}
