import Storage
import TestSupport
import Testing

@testable import BlockGraph

@Suite struct SnapshotAccessTests {
    private struct Disks {
        let source: SimulatedStorage
        let target: SimulatedStorage
        let filter: CopyBeforeWriteFilter
        let above: Node
        let snapshot: Node
    }

    private func make(
        _ bench: isolated FilterBench, length: Int, policy: CopyBeforeWriteFilter.ErrorPolicy = .breakGuestWrite,
        cluster: Int64 = 4096, interest: DirtyBitmap? = nil
    ) throws -> Disks {
        let source = SimulatedStorage(seed: 1, contents: FilterBench.pattern(length))
        let target = SimulatedStorage(seed: 2, length: Int64(length))
        let child = NodeEdge(bench.node(source, "source"))
        let moment = try PointInTime(
            source: child, target: NodeEdge(bench.node(target, "target"), "target"), cluster: cluster, interest: interest)
        let filter = CopyBeforeWriteFilter(child, onError: policy, pointInTime: moment)
        filter.arm(moment)
        let above = bench.node(over: filter, "cbw")
        return Disks(
            source: source, target: target, filter: filter, above: above,
            snapshot: bench.node(over: SnapshotAccessDriver(NodeEdge(above)), "snapshot"))
    }

    @Test(arguments: 0..<20) func `the snapshot reads as it did, whatever is written meanwhile`(seed: Int) async throws {
        try await FilterBench().run { bench async throws in
            let length = 20 * 4096 + 512 * (seed % 3)
            let disks = try make(bench, length: length)
            let before = disks.source.contents
            var random = SeededGenerator(seed: UInt64(seed))
            for step in 0..<80 {
                let from = Int(random.next() % UInt64(length))
                let count = 1 + Int(random.next() % UInt64(min(9000, length - from)))
                let (above, snapshot) = (disks.above, disks.snapshot)
                switch random.next() % 4 {
                case 0:
                    bench.spawner {
                        _ = await failure { () async throws(BlockError) in try await above.writeZeroes(at: Int64(from), count: Int64(count))
                        }
                    }
                case 1:
                    bench.spawner {
                        _ = await failure { () async throws(BlockError) in try await above.discard(at: Int64(from), count: Int64(count)) }
                    }
                case 2:
                    bench.spawner {
                        _ = await failure { () async throws(BlockError) in
                            try await above.write([UInt8](repeating: UInt8(step), count: count), at: Int64(from))
                        }
                    }
                default:
                    bench.spawner {
                        let found = await bytes(snapshot, from, count)
                        #expect(found == Array(before[from..<from + count]), "seed \(seed), step \(step)")
                    }
                }
                if random.next() % 3 == 0 { await Task.yield() }
            }
            await bench.settle()
            #expect(try await disks.snapshot.bytes(at: 0, count: length) == before, "seed \(seed)")
        }
    }

    @Test func `clusters larger than a request are saved whole`() async throws {
        try await FilterBench().run { bench async throws in
            let length = 4 << 20
            let disks = try make(bench, length: length, cluster: 2 << 20)
            let before = disks.source.contents
            try await disks.above.write([1, 2, 3], at: 1 << 20)
            #expect(disks.target.contents.prefix(2 << 20) == before.prefix(2 << 20))
            #expect(try await disks.snapshot.bytes(at: 0, count: length) == before)
        }
    }

    @Test func `only what a bitmap marks is kept, and the rest cannot be read`() async throws {
        try await FilterBench().run { bench async throws in
            let interest = try DirtyBitmap(length: 8 * 4096, granularity: 4096)
            interest.set(4096, count: 8192)
            let disks = try make(bench, length: 8 * 4096, interest: interest)
            let before = disks.source.contents
            try await disks.above.write([UInt8](repeating: 0, count: 8 * 4096), at: 0)
            #expect(disks.target.allocated == 8192)
            #expect(try await disks.snapshot.bytes(at: 4096, count: 8192) == Array(before[4096..<12288]))
            let error = await failure { () async throws(BlockError) in _ = try await disks.snapshot.bytes(at: 0, count: 512) }
            #expect(error?.kind == .system(errno: 13))
        }
    }

    @Test func `a failure to save breaks the write or the snapshot, as told`() async throws {
        for policy in [CopyBeforeWriteFilter.ErrorPolicy.breakGuestWrite, .breakSnapshot] {
            try await FilterBench().run { bench async throws in
                let disks = try make(bench, length: 8 * 4096, policy: policy)
                disks.target.capacity = 0
                let write = await failure { () async throws(BlockError) in try await disks.above.write([1], at: 0) }
                let read = await failure { () async throws(BlockError) in _ = try await disks.snapshot.bytes(at: 0, count: 512) }
                #expect((write == nil) == (policy == .breakSnapshot))
                #expect((read == nil) == (policy == .breakGuestWrite))
                if policy == .breakGuestWrite { #expect(disks.source.contents == FilterBench.pattern(8 * 4096)) }
                _ = try disks.filter.passRead(at: 0, count: 1)
            }
        }
    }

    @Test func `what a reader discards is saved no more`() async throws {
        try await FilterBench().run { bench async throws in
            let disks = try make(bench, length: 8 * 4096)
            try await disks.snapshot.discard(at: 100, count: 3 * 4096)
            try await disks.above.write([UInt8](repeating: 0, count: 8 * 4096), at: 0)
            #expect(await failure { () async throws(BlockError) in _ = try await disks.snapshot.bytes(at: 4096, count: 1) } != nil)
            #expect(try await disks.snapshot.bytes(at: 0, count: 4096) == Array(FilterBench.pattern(8 * 4096)[0..<4096]))
        }
    }

    @Test func `a point in time cannot be written`() async throws {
        try await FilterBench().run { bench in
            let disks = try make(bench, length: 4096)
            #expect(await failure { () async throws(BlockError) in try await disks.snapshot.write([1], at: 0) }?.kind == .unsupported)
            #expect(
                await failure { () async throws(BlockError) in try await disks.snapshot.writeZeroes(at: 0, count: 512) }?.kind
                    == .unsupported)
        }
    }

    @Test func `a saving that takes too long has failed, and is waited for at the end`() async throws {
        try await FilterBench().run { bench async throws in
            let clock = HandClock()
            let memory = MemoryStorage([UInt8](repeating: 0, count: 8192))
            memory.holdsWrites = true
            let source = SimulatedStorage(seed: 1, contents: FilterBench.pattern(8192))
            let child = NodeEdge(bench.node(source))
            let target = Node(name: "target", driver: ProtocolDriver(memory), traits: NodeTraits())
            let moment = try PointInTime(source: child, target: NodeEdge(target, "target"), cluster: 4096, interest: nil)
            let filter = CopyBeforeWriteFilter(child, onError: .breakGuestWrite, pointInTime: moment)
            let timed = TimedCopier(moment, timeout: 5_000_000_000, clock: clock, spawn: bench.spawner)
            filter.arm(timed)
            let node = bench.node(over: filter)
            let outcome = Outcome()
            bench.spawner { outcome.error = await failure { () async throws(BlockError) in try await node.write([1], at: 0) } }
            await bench.settle()
            #expect(outcome.error == nil)
            clock.move(to: clock.now + 5_000_000_000)
            await bench.settle()
            #expect(outcome.error?.kind == .system(errno: 110))
            bench.spawner {
                await filter.close()
                outcome.isClosed = true
            }
            await bench.settle()
            #expect(!outcome.isClosed)
            memory.releaseWrites()
            await bench.settle()
            #expect(outcome.isClosed)
            #expect(clock.next == nil)
        }
    }

    private final class Outcome {
        var error: BlockError?
        var isClosed = false
    }
}

private func bytes(_ node: Node, _ from: Int, _ count: Int) async -> [UInt8]? {
    do throws(BlockError) {
        return try await node.bytes(at: Int64(from), count: count)
    } catch {
        return nil
    }
}
