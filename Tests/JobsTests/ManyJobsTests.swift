import TestSupport
import Testing

@testable import Jobs

@Suite struct ManyJobsTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func `quitting stops all jobs side by side and tells of them one after the other`() {
        let bench = JobBench()
        let request = FakeRequest()
        let older = FakeBody(bench, FakeBody.sleeping)
        bench.launch("x", [(.backup("a"), older)])
        bench.launch("x", [(.backup("b"), FakeBody(bench, held: [.abort: request], FakeBody.sleeping))])
        _ = bench.happened()
        bench.command("quit") { registry in _ = await registry.cancelAll(within: 60 * Self.second) }
        #expect(bench.happened() == "b:paused a:paused b:R b:aborting")
        #expect(older.called.suffix(2) == ["abort", "clean"])
        request.finish()
        #expect(bench.happened() == "b:CAN b:Cc b:N a:R a:aborting a:CAN a:Cc a:N <quit>")
    }
}
