import Storage
import TestSupport
import Testing

@testable import BlockGraph

@Suite struct PreallocateTests {
    private static let all: LockSet = [.consistentRead, .write, .resize]

    @Test func `a write beyond the end provides more, and what was not used is given back`() async throws {
        try await FilterBench().run { bench async throws in
            let disk = SimulatedStorage(seed: 1, length: 65536)
            let driver = PreallocateDriver(NodeEdge(bench.node(disk)), align: 65536, size: 1 << 20)
            let node = bench.node(over: driver)
            await driver.permissionsChanged(to: Self.all)
            #expect(node.length == 65536)
            try await node.write([UInt8](repeating: 7, count: 4096), at: 65536)
            #expect(node.length == 69632)
            #expect(disk.length == 1_179_648)
            #expect(disk.length % 65536 == 0)
            let length = disk.length
            for place in 0..<64 { try await node.write([UInt8](repeating: 8, count: 4096), at: Int64(69632 + place * 4096)) }
            #expect(disk.length == length)
            await driver.permissionsChanged(to: .consistentRead)
            #expect(disk.length == 69632 + 64 * 4096)
            #expect(node.length == disk.length)
        }
    }

    @Test func `without the right to resize it does nothing`() async throws {
        try await FilterBench().run { bench async throws in
            let disk = SimulatedStorage(seed: 1, length: 65536)
            let driver = PreallocateDriver(NodeEdge(bench.node(disk)), align: 65536, size: 1 << 20)
            let node = bench.node(over: driver)
            await driver.permissionsChanged(to: [.consistentRead, .write])
            #expect(try driver.passWrite(at: 65536, count: 512) != nil)
            try await node.write([1, 2, 3], at: 65533)
            await driver.close()
            #expect(disk.length == 65536)
        }
    }

    @Test func `zeroes beyond the end are provided and not written again`() async throws {
        try await FilterBench().run { bench async throws in
            let disk = SimulatedStorage(seed: 1, length: 4096)
            let driver = PreallocateDriver(NodeEdge(bench.node(disk)), align: 4096, size: 8192)
            let node = bench.node(over: driver)
            await driver.permissionsChanged(to: Self.all)
            try await node.writeZeroes(at: 4096, count: 4096)
            #expect(disk.log.count { $0.operation == .writeZeroes } == 1)
            try await node.writeZeroes(at: 8192, count: 4096)
            #expect(disk.log.count { $0.operation == .writeZeroes } == 1)
            #expect(node.length == 12288)
            await driver.close()
            #expect(disk.length == 12288)
        }
    }

    @Test func `where space cannot be provided the writes themselves make the file longer`() async throws {
        try await FilterBench().run { bench async throws in
            let disk = SimulatedStorage(seed: 1, length: 4096)
            disk.refusesZeroing = true
            let driver = PreallocateDriver(NodeEdge(bench.node(disk)), align: 4096, size: 8192)
            let node = bench.node(over: driver)
            await driver.permissionsChanged(to: Self.all)
            try await node.write([UInt8](repeating: 5, count: 1000), at: 4096)
            #expect(node.length == 5096)
            await driver.close()
            #expect(disk.length == 5096)
        }
    }

    @Test func `a new length drops what was provided, unless the space is wanted`() async throws {
        try await FilterBench().run { bench async throws in
            let disk = SimulatedStorage(seed: 1, length: 4096)
            let driver = PreallocateDriver(NodeEdge(bench.node(disk)), align: 4096, size: 65536)
            let node = bench.node(over: driver)
            await driver.permissionsChanged(to: Self.all)
            try await node.write([1], at: 4096)
            let provided = disk.length
            try await node.truncate(to: 8192, preallocation: .falloc)
            #expect(node.length == 8192)
            #expect(disk.length == provided)
            try await node.truncate(to: 16384)
            #expect(disk.length == 16384)
            try await node.truncate(to: 512)
            #expect(node.length == 512)
            await driver.close()
            #expect(disk.length == 512)
        }
    }

    @Test(arguments: 0..<20) func `writers side by side beyond the end lose nothing to the zeroes`(seed: Int) async throws {
        try await FilterBench().run { bench async throws in
            let memory = MemoryStorage([UInt8](repeating: 1, count: 4096), seed: UInt64(seed))
            memory.turns = 5
            let child = Node(name: "disk", driver: ProtocolDriver(memory), traits: NodeTraits(discard: .unmap))
            let driver = PreallocateDriver(NodeEdge(child), align: 512, size: seed % 2 == 0 ? 0 : 8192)
            let node = bench.node(over: driver)
            await driver.permissionsChanged(to: Self.all)
            var order = Array(0..<40)
            var random = SeededGenerator(seed: UInt64(seed))
            order.shuffle(using: &random)
            for place in order {
                bench.spawner {
                    let bytes = [UInt8](repeating: UInt8(place + 10), count: 512)
                    _ = await failure { () async throws(BlockError) in try await node.write(bytes, at: Int64(4096 + place * 512)) }
                }
                if random.next() % 3 == 0 { await Task.yield() }
            }
            for _ in 0..<20 { await bench.settle() }
            let found = try await node.bytes(at: 4096, count: 40 * 512)
            for place in 0..<40 {
                #expect(found[place * 512..<(place + 1) * 512].allSatisfy { $0 == UInt8(place + 10) }, "seed \(seed), place \(place)")
            }
        }
    }
}
