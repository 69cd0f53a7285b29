import Storage
import TestSupport
import Testing

@testable import BlockGraph

@Suite struct CopyOnReadTests {
    /// A chain of layers: a base full of data, middle layers and a top that hold some clusters, all seeded.
    private static func chain(on bench: isolated FilterBench, seed: UInt64, layers: Int, length: Int, unit: Int64)
        -> (top: Node, drivers: [LayerDriver], model: [UInt8])
    {
        var random = SeededGenerator(seed: seed)
        var model = [UInt8](repeating: 0, count: length)
        var drivers: [LayerDriver] = []
        var below: Node?
        for level in 0..<layers {
            let bytes = FilterBench.pattern(length, salt: UInt8(level * 40 + 3))
            let driver = LayerDriver(SimulatedStorage(seed: seed, contents: bytes), backing: below, unit: unit)
            for cluster in 0..<(Int64(length) + unit - 1) / unit where level == 0 || random.next() % 3 == 0 {
                guard level > 0 || random.next() % 4 > 0 else { continue }
                driver.held.insert(cluster)
                let range = Int(cluster * unit)..<min(length, Int((cluster + 1) * unit))
                model.replaceSubrange(range, with: bytes[range])
            }
            drivers.append(driver)
            below = Node(name: "layer\(level)", driver: driver, traits: NodeTraits())
        }
        guard let top = below else { preconditionFailure("a chain has a layer") }
        return (top, drivers, model)
    }

    @Test(arguments: 0..<20) func `what is read is kept, and nothing reads differently`(seed: Int) async throws {
        try await FilterBench().run { bench async throws in
            let length = 40 * 4096 + 512 * (seed % 5)
            let (top, drivers, model) = Self.chain(on: bench, seed: UInt64(seed), layers: 3, length: length, unit: 4096)
            let node = bench.node(over: CopyOnReadDriver(NodeEdge(top)))
            var random = SeededGenerator(seed: UInt64(seed) + 100)
            for _ in 0..<40 {
                let from = Int(random.next() % UInt64(length))
                let count = 1 + Int(random.next() % UInt64(min(30_000, length - from)))
                #expect(try await node.bytes(at: Int64(from), count: count) == Array(model[from..<from + count]), "seed \(seed)")
                for cluster in Int64(from) / 4096...Int64(from + count - 1) / 4096 {
                    #expect(drivers[2].held.contains(cluster), "seed \(seed), cluster \(cluster)")
                }
            }
            #expect(try await top.bytes(at: 0, count: length) == model)
        }
    }

    @Test(arguments: 0..<20) func `a write that comes while a cluster is copied is not lost`(seed: Int) async throws {
        try await FilterBench().run { bench async throws in
            let length = 16 * 4096
            let (top, drivers, start) = Self.chain(on: bench, seed: UInt64(seed), layers: 2, length: length, unit: 4096)
            let node = bench.node(over: CopyOnReadDriver(NodeEdge(top)))
            drivers[1].pause = { await Task.yield() }
            var random = SeededGenerator(seed: UInt64(seed) + 7)
            let model = Model(start)
            for step in 0..<60 {
                let from = Int(random.next() % UInt64(length - 3000))
                let count = 1 + Int(random.next() % 3000)
                if step % 2 == 0 {
                    bench.spawner {
                        _ = await failure { () async throws(BlockError) in _ = try await node.bytes(at: Int64(from), count: count) }
                    }
                } else {
                    // Writers that don't overlap each other: the model is written when they begin.
                    guard model.claim(from..<from + count) else { continue }
                    let bytes = [UInt8](repeating: UInt8(step), count: count)
                    model.bytes.replaceSubrange(from..<from + count, with: bytes)
                    bench.spawner {
                        _ = await failure { () async throws(BlockError) in try await node.write(bytes, at: Int64(from)) }
                    }
                }
                if random.next() % 4 == 0 { await Task.yield() }
            }
            await bench.settle()
            await bench.settle()
            #expect(try await node.bytes(at: 0, count: length) == model.bytes, "seed \(seed)")
            #expect(top.ranges.count == 0)
        }
    }

    private final class Model {
        var bytes: [UInt8]
        private var claimed: [Range<Int>] = []
        init(_ bytes: [UInt8]) { self.bytes = bytes }
        func claim(_ range: Range<Int>) -> Bool {
            // By whole clusters: the layer of the test copies those without a lock of its own.
            let clusters = range.lowerBound / 4096 * 4096..<(range.upperBound + 4095) / 4096 * 4096
            guard !claimed.contains(where: { $0.overlaps(clusters) }) else { return false }
            claimed.append(clusters)
            return true
        }
    }

    @Test func `readers side by side keep what they read`() async throws {
        try await FilterBench().run { bench async throws in
            let length = 64 * 4096
            let (top, drivers, model) = Self.chain(on: bench, seed: 4, layers: 2, length: length, unit: 4096)
            let node = bench.node(over: CopyOnReadDriver(NodeEdge(top)))
            // Another parent of the chain reads all the time.
            for _ in 0..<4 {
                bench.spawner { _ = await failure { () async throws(BlockError) in _ = try await top.bytes(at: 0, count: length) } }
            }
            for reader in 0..<16 {
                bench.spawner {
                    _ = await failure { () async throws(BlockError) in
                        _ = try await node.bytes(at: Int64(reader * 4 * 4096), count: 4 * 4096)
                    }
                }
            }
            await bench.settle()
            #expect(drivers[1].held == Set(0..<64))
            #expect(try await node.bytes(at: 0, count: length) == model)
        }
    }

    @Test func `with a bottom node only what comes from above it is kept`() async throws {
        try await FilterBench().run { bench async throws in
            let length = 8 * 4096
            let base = LayerDriver(SimulatedStorage(seed: 1, contents: FilterBench.pattern(length)), backing: nil, unit: 4096)
            base.held = Set(0..<8)
            let baseNode = Node(name: "base", driver: base, traits: NodeTraits())
            let middle = LayerDriver(
                SimulatedStorage(seed: 2, contents: FilterBench.pattern(length, salt: 9)), backing: baseNode, unit: 4096)
            middle.held = [2, 3]
            let middleNode = Node(name: "middle", driver: middle, traits: NodeTraits())
            let top = LayerDriver(SimulatedStorage(seed: 3, length: Int64(length)), backing: middleNode, unit: 4096)
            let node = bench.node(over: CopyOnReadDriver(NodeEdge(Node(name: "top", driver: top, traits: NodeTraits())), bottom: "middle"))
            _ = try await node.bytes(at: 0, count: length)
            #expect(top.held == [2, 3])
        }
    }

    @Test func `an error while keeping is the reader's`() async throws {
        await FilterBench().run { bench in
            let base = LayerDriver(SimulatedStorage(seed: 1, contents: FilterBench.pattern(8192)), backing: nil, unit: 4096)
            base.held = [0, 1]
            let own = SimulatedStorage(seed: 3, length: 8192)
            own.capacity = 0
            let top = LayerDriver(own, backing: Node(name: "base", driver: base, traits: NodeTraits()), unit: 4096)
            let node = bench.node(over: CopyOnReadDriver(NodeEdge(Node(name: "top", driver: top, traits: NodeTraits()))))
            let error = await failure { () async throws(BlockError) in _ = try await node.bytes(at: 0, count: 100) }
            #expect(error?.kind == .system(errno: 28))
        }
    }
}
