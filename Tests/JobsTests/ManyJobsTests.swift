import TestSupport
import Testing

@testable import Jobs

@Suite struct ManyJobsTests {
    private static let second: UInt64 = 1_000_000_000

    private func job(_ number: Int, _ bench: JobBench) -> Job {
        let handle = JobHandle(id: "j\(number)", serial: number)
        return Job(
            handle: handle, parameters: .backup(handle.id), body: FakeBody(bench, FakeBody.sleeping),
            registry: bench.registry, group: JobGroup(completionMode: .individual, serial: 0))
    }

    @Test(arguments: 0..<20) func `the list keeps the order of arrival whatever leaves`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let bench = JobBench()
        var list = JobList()
        var model: [Job] = []
        for number in 0..<500 {
            if Int.random(in: 0..<5, using: &random) < 3 || model.isEmpty {
                let new = job(number, bench)
                list.append(new)
                model.append(new)
            } else {
                let gone = model.remove(at: Int.random(in: 0..<model.count, using: &random))
                list.remove(gone)
                #expect(list.job(gone.handle.id) == nil && !list.contains(gone))
            }
        }
        #expect(list.newestFirst.map(\.handle) == model.reversed().map(\.handle))
        #expect(list.count == model.count)
        #expect(model.allSatisfy { list.job($0.handle.id) === $0 && list.contains($0) })
    }

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
