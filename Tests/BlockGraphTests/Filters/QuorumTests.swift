import Storage
import Synchronization
import TestSupport
import Testing

@testable import BlockGraph

@Suite struct QuorumTests {
    /// Collects what the nodes tell.
    final class Events: Sendable {
        private let list = Mutex<[NodeEvent]>([])
        var all: [NodeEvent] { list.withLock { $0 } }
        func add(_ event: NodeEvent) { list.withLock { $0.append(event) } }
    }

    private func quorum(
        _ bench: isolated FilterBench, _ disks: [SimulatedStorage], _ behaviour: QuorumDriver.Behaviour, _ events: Events = Events()
    ) throws -> Node {
        let edges = disks.enumerated().map { NodeEdge(bench.node($0.element, "disk\($0.offset)"), "children.\($0.offset)") }
        let driver = try QuorumDriver(edges, behaviour, nodeName: "q", events: { events.add($0) }, spawn: bench.spawner)
        return bench.node(over: driver, "q")
    }

    @Test func `the majority is believed, the others are reported and, if wanted, corrected`() async throws {
        for rewrites in [false, true] {
            try await FilterBench().run { bench async throws in
                let good = FilterBench.pattern(8192)
                let disks = [good, FilterBench.pattern(8192, salt: 5), good].map { SimulatedStorage(seed: 1, contents: $0) }
                let events = Events()
                let node = try quorum(bench, disks, .init(threshold: 2, rewritesCorrupted: rewrites), events)
                #expect(try await node.bytes(at: 1000, count: 3000) == Array(good[1000..<4000]))
                #expect(
                    events.all == [
                        .quorumReportBad(operation: .read, error: nil, nodeName: "disk1", firstSector: 1, sectors: 7)
                    ])
                #expect((Array(disks[1].contents[1000..<4000]) == Array(good[1000..<4000])) == rewrites)
            }
        }
    }

    @Test func `without enough votes a read fails and says where`() async throws {
        try await FilterBench().run { bench async throws in
            let disks = (0..<3).map { SimulatedStorage(seed: 1, contents: FilterBench.pattern(4096, salt: UInt8($0 * 16))) }
            let events = Events()
            let node = try quorum(bench, disks, .init(threshold: 2), events)
            #expect(
                await failure { () async throws(BlockError) in _ = try await node.bytes(at: 512, count: 512) }?.kind == .system(errno: 5))
            #expect(events.all == [.quorumFailure(reference: "q", firstSector: 1, sectors: 1)])
        }
    }

    @Test(arguments: 1...4) func `a request succeeds when as many children as the threshold do`(threshold: Int) async throws {
        for broken in 0...4 {
            try await FilterBench().run { bench async throws in
                let disks = (0..<4).map { _ in SimulatedStorage(seed: 1, contents: FilterBench.pattern(4096)) }
                for disk in disks.prefix(broken) { disk.fail(nil, errno: 28, times: nil) }
                let node = try quorum(bench, disks, .init(threshold: threshold))
                let succeeds = 4 - broken >= threshold
                #expect((await failure { () async throws(BlockError) in try await node.write([1, 2], at: 5) } == nil) == succeeds)
                #expect((await failure { () async throws(BlockError) in _ = try await node.bytes(at: 0, count: 9) } == nil) == succeeds)
                #expect((await failure { () async throws(BlockError) in try await node.flush() } == nil) == succeeds)
            }
        }
    }

    @Test func `fifo reads the first child that can be read`() async throws {
        try await FilterBench().run { bench async throws in
            let disks = (0..<3).map { SimulatedStorage(seed: 1, contents: FilterBench.pattern(4096, salt: UInt8($0 * 16))) }
            disks[0].fail(nil, errno: 5, times: nil)
            let events = Events()
            let node = try quorum(bench, disks, .init(threshold: 1, pattern: .fifo), events)
            #expect(try await node.bytes(at: 0, count: 512) == Array(disks[1].contents[0..<512]))
            #expect(
                events.all == [
                    .quorumReportBad(operation: .read, error: "Input/output error", nodeName: "disk0", firstSector: 0, sectors: 1)
                ])
        }
    }

    @Test func `children of other lengths are refused, and a child below the threshold cannot leave`() async throws {
        try await FilterBench().run { bench async throws in
            #expect(throws: BlockError.self) {
                _ = try quorum(
                    bench, [SimulatedStorage(seed: 1, length: 512), SimulatedStorage(seed: 1, length: 1024)], .init(threshold: 1))
            }
            let node = try quorum(bench, (0..<3).map { _ in SimulatedStorage(seed: 1, length: 1024) }, .init(threshold: 2))
            try node.driver.setChild(nil, named: "children.1")
            #expect(node.driver.children.map(\.name) == ["children.0", "children.2"])
            #expect(throws: BlockError.self) { try node.driver.setChild(nil, named: "children.0") }
            try node.driver.setChild(
                NodeEdge(bench.node(SimulatedStorage(seed: 1, length: 1024), "new"), "children.3"), named: "children.3")
            #expect(node.driver.children.count == 3)
        }
    }

    @Test func `blkverify finds the first byte that differs`() async throws {
        try await FilterBench().run { bench async throws in
            let right = SimulatedStorage(seed: 1, contents: FilterBench.pattern(8192))
            var wrong = right.contents
            wrong[5000] ^= 1
            let test = SimulatedStorage(seed: 1, contents: wrong)
            let node = bench.node(
                over: BlkverifyDriver(raw: NodeEdge(bench.node(right, "raw"), "raw"), test: NodeEdge(bench.node(test, "test"), "test")))
            #expect(try await node.bytes(at: 0, count: 5000) == Array(wrong[0..<5000]))
            let error = await failure { () async throws(BlockError) in _ = try await node.bytes(at: 4096, count: 4096) }
            #expect(error?.message.hasSuffix("contents mismatch at offset 5000") == true)
            try await node.write([9, 9], at: 5000)
            #expect(right.contents[5000..<5002] == [9, 9] && test.contents[5000..<5002] == [9, 9])
            test.fail(nil, errno: 5, times: nil)
            #expect(await failure { () async throws(BlockError) in try await node.write([1], at: 0) }?.message.contains("mismatch") == true)
        }
    }
}
