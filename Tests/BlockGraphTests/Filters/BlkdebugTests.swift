import ImageFormats
import Storage
import TestSupport
import Testing

@testable import BlockGraph

@Suite struct BlkdebugTests {
    private func debug(
        _ bench: isolated FilterBench, _ disk: SimulatedStorage, _ rules: [BlkdebugRule], _ limits: BlkdebugDriver.Limits = .init()
    ) -> (Node, BlkdebugDriver) {
        let driver = BlkdebugDriver(NodeEdge(bench.node(disk)), rules: rules, limits: limits)
        return (bench.node(over: driver), driver)
    }

    @Test func `a rule for nothing holds from the beginning, for the requests that fit it`() async throws {
        await FilterBench().run { bench in
            let disk = SimulatedStorage(seed: 1, length: 65536)
            let (node, _) = debug(
                bench, disk, [.inject(event: .none, state: 0, .init(errno: 28, offset: 4096, request: .write))])
            #expect(await failure { () async throws(BlockError) in try await node.write([1], at: 4095) } == nil)
            #expect(await failure { () async throws(BlockError) in try await node.write([1], at: 4097) } == nil)
            #expect(
                await failure { () async throws(BlockError) in try await node.write([1, 2], at: 4095) }?.kind == .system(errno: 28))
            #expect(await failure { () async throws(BlockError) in _ = try await node.bytes(at: 4096, count: 1) } == nil)
            #expect(await failure { () async throws(BlockError) in try await node.flush() } == nil)
        }
    }

    @Test func `every kind of request can be made to fail alone`() async throws {
        for request in BlkdebugRule.Injection.Request.allCases {
            await FilterBench().run { bench in
                let disk = SimulatedStorage(seed: 1, length: 65536)
                let (node, _) = debug(bench, disk, [.inject(event: .none, state: 0, .init(request: request, immediately: true))])
                let failed: [BlkdebugRule.Injection.Request: BlockError?] = [
                    .read: await failure { () async throws(BlockError) in _ = try await node.bytes(at: 0, count: 512) },
                    .write: await failure { () async throws(BlockError) in try await node.write([1], at: 0) },
                    .writeZeroes: await failure { () async throws(BlockError) in try await node.writeZeroes(at: 0, count: 512) },
                    .discard: await failure { () async throws(BlockError) in try await node.discard(at: 0, count: 4096) },
                    .flush: await failure { () async throws(BlockError) in try await node.flush() },
                    .blockStatus: await failure { () async throws(BlockError) in _ = try await node.extent(at: 0, limit: 512) },
                ]
                for (kind, error) in failed { #expect((error != nil) == (kind == request), "\(kind) while \(request) fails") }
            }
        }
    }

    @Test func `a rule for one request is spent by it`() async throws {
        await FilterBench().run { bench in
            let disk = SimulatedStorage(seed: 1, length: 65536)
            let (node, _) = debug(bench, disk, [.inject(event: .none, state: 0, .init(once: true))])
            #expect(await failure { () async throws(BlockError) in _ = try await node.bytes(at: 0, count: 1) } != nil)
            #expect(await failure { () async throws(BlockError) in _ = try await node.bytes(at: 0, count: 1) } == nil)
        }
    }

    @Test func `events bring rules into force and change the state`() async throws {
        await FilterBench().run { bench in
            let disk = SimulatedStorage(seed: 1, length: 65536)
            let (node, driver) = debug(
                bench, disk,
                [
                    .inject(event: .l2Load, state: 2, .init(errno: 5)), .inject(event: .l2Update, state: 0, .init(errno: 28, once: true)),
                    .setState(event: .l2Load, state: 1, newState: 2), .setState(event: .flushToDisk, state: 2, newState: 7),
                ])
            #expect(driver.hearsEvents)
            node.note(.l2Load)
            #expect(driver.state == 2)
            #expect(await failure { () async throws(BlockError) in try await node.write([1], at: 0) } == nil)
            node.note(.l2Load)
            #expect(await failure { () async throws(BlockError) in try await node.write([1], at: 0) }?.kind == .system(errno: 5))
            // What another event brings takes its place.
            node.note(.l2Update)
            #expect(await failure { () async throws(BlockError) in try await node.write([1], at: 0) }?.kind == .system(errno: 28))
            #expect(await failure { () async throws(BlockError) in try await node.write([1], at: 0) } == nil)
            node.note(.flushToDisk)
            #expect(driver.state == 7)
        }
    }

    @Test func `raw above notes its reads and writes`() async throws {
        await FilterBench().run { bench in
            let disk = SimulatedStorage(seed: 1, length: 65536)
            let (node, _) = debug(bench, disk, [.inject(event: .readAio, state: 0, .init(errno: 5, request: .read, once: true))])
            let raw = Node(name: "raw", driver: RawDriver(NodeEdge(node), layout: .whole), traits: NodeTraits())
            #expect(await failure { () async throws(BlockError) in try await raw.write([1], at: 0) } == nil)
            #expect(await failure { () async throws(BlockError) in _ = try await raw.bytes(at: 0, count: 1) } != nil)
        }
    }

    @Test(arguments: 0..<12) func `whatever limits it adds, requests agree with an array`(seed: Int) async throws {
        try await FilterBench().run { bench async throws in
            var random = SeededGenerator(seed: UInt64(seed))
            let length = 16 * 4096
            let disk = SimulatedStorage(seed: UInt64(seed), contents: FilterBench.pattern(length))
            var limits = BlkdebugDriver.Limits()
            limits.align = [nil, 512, 4096][seed % 3]
            let unit = limits.align ?? 512
            limits.maxTransfer = seed % 2 == 0 ? 2 * unit : nil
            limits.optWriteZero = seed % 4 < 2 ? 4 * unit : nil
            limits.maxWriteZero = seed % 5 < 3 ? 8 * unit : nil
            limits.optDiscard = seed % 4 < 2 ? 2 * unit : nil
            limits.maxDiscard = seed % 5 < 3 ? 4 * unit : nil
            let (node, _) = debug(bench, disk, [], limits)
            var model = disk.contents
            for step in 0..<80 {
                let from = Int(random.next() % UInt64(length))
                let count = 1 + Int(random.next() % UInt64(length - from))
                switch random.next() % 3 {
                case 0:
                    #expect(try await node.bytes(at: Int64(from), count: count) == Array(model[from..<from + count]))
                case 1:
                    try await node.writeZeroes(at: Int64(from), count: Int64(count))
                    model.replaceSubrange(from..<from + count, with: [UInt8](repeating: 0, count: count))
                default:
                    let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: step), count: count)
                    try await node.write(bytes, at: Int64(from))
                    model.replaceSubrange(from..<from + count, with: bytes)
                }
            }
            #expect(disk.contents == model, "seed \(seed)")
            for entry in disk.log where entry.operation == .write || entry.operation == .read {
                #expect(entry.offset % Int64(limits.align ?? 1) == 0 && entry.count % Int64(limits.align ?? 1) == 0)
                if let most = limits.maxTransfer { #expect(entry.count <= most) }
            }
            for entry in disk.log where entry.operation == .writeZeroes {
                if let most = limits.maxWriteZero { #expect(entry.count <= most) }
                if let least = limits.optWriteZero { #expect(entry.offset % least == 0 && entry.count % least == 0) }
            }
        }
    }

    @Test func `a file of rules is read as the reference reads it`() throws {
        let rules = try BlkdebugConfig.parse(
            """
            # comment
            [set-state]
            event = "l2_load"
            state = "1"
            new_state = "2"

            [inject-error "a"]
            event = "write_aio"
            errno = "28"
            sector = "8"
            once = "on"
            immediately = "off"
            iotype = "write"
            """)
        #expect(
            rules == [
                .inject(event: .writeAio, state: 0, .init(errno: 28, offset: 4096, request: .write, once: true)),
                .setState(event: .l2Load, state: 1, newState: 2),
            ])
        for text in ["[inject-error]\nfoo", "[foo]", "event = \"none\"", "[inject-error]\nevent = \"nope\"", "[inject-error]\n[set-state]"]
        {
            #expect(throws: BlockError.self) { try BlkdebugConfig.parse(text) }
        }
    }
}
