import IOLoop
import Storage
import Synchronization
import Testing

@testable import BlockGraph

@Suite struct SnapshotTests {
    private func byte(_ name: String, _ bench: GraphBench) async throws -> UInt8? {
        let disk = try bench.disk(name)
        return await disk.thread.run { io in disk.value.bytes.first }
    }

    private func snapshot(_ node: String, _ overlay: String, _ bench: GraphBench) async throws {
        let drain = try await bench.graph.drain([node])
        let change = try await bench.graph.insertOverlay(overlay, on: node)
        await bench.graph.keepOverlay(change)
        await bench.graph.resume(drain)
    }

    @Test(.timeLimit(.minutes(10))) func `an overlay takes the writes, and the node below is only read`() async throws {
        let bench = try GraphBench()
        try await bench.add("disk")
        let guest = try await bench.guest("disk")
        try await guest.write(1, at: 0)
        try await bench.addOverlay("top")
        try await snapshot("disk", "top", bench)
        #expect(try await guest.read(at: 0, count: 512).first == 1)
        try await guest.write(2, at: 0)
        #expect(try await guest.read(at: 0, count: 512).first == 2)
        #expect(try await byte("disk", bench) == 1)
        #expect(try await byte("top", bench) == 2)
        #expect(try await bench.graph.node("disk").isReadOnly)
        let nodes = await bench.graph.nodes()
        #expect(nodes.first { $0.nodeName == "top" }?.nodeBelow == "disk")
        await bench.stop()
    }

    @Test(.timeLimit(.minutes(10))) func `an overlay that is taken away again leaves everything as it was`() async throws {
        let bench = try GraphBench()
        try await bench.add("disk")
        let guest = try await bench.guest("disk")
        try await bench.addOverlay("top")
        let before = await bench.graph.picture()
        let drain = try await bench.graph.drain(["disk"])
        let change = try await bench.graph.insertOverlay("top", on: "disk")
        await bench.graph.removeOverlay(change)
        await bench.graph.resume(drain)
        #expect(await bench.graph.picture() == before)
        try await guest.write(3, at: 0)
        #expect(try await byte("disk", bench) == 3)
        try await bench.graph.close("top")
        await bench.stop()
    }

    @Test(.timeLimit(.minutes(10))) func `overlays that cannot be are refused in the reference's words`() async throws {
        let bench = try GraphBench()
        try await bench.add("disk")
        try await bench.add("plain")
        try await bench.addOverlay("backed", backing: .child(.named("plain")))
        try await bench.addOverlay("used")
        _ = try await bench.graph.attach(NodeUserSpec(permissions: Permissions(held: .consistentRead)), to: "used")
        for (overlay, text) in [
            ("none", "Cannot find device='none' nor node-name='none'"), ("plain", "The overlay does not support backing images"),
            ("backed", "The overlay already has a backing image"), ("used", "The overlay is already in use"),
        ] {
            let refused = await #expect(throws: BlockError.self) { _ = try await bench.graph.insertOverlay(overlay, on: "disk") }
            #expect(refused?.message == text)
        }
        try await bench.addOverlay("self")
        let refused = await #expect(throws: BlockError.self) { _ = try await bench.graph.insertOverlay("self", on: "self") }
        #expect(refused?.message == "Making 'self' a backing child of 'self' would create a cycle")
        await bench.stop()
    }
}

@Suite struct HangingDiskTests {
    /// A graph whose deadlines pass when the test says so.
    private final class Deadlines: Sendable {
        private let waiting = Mutex<[CheckedContinuation<Void, Never>]>([])

        var values: GraphDeadlines {
            GraphDeadlines(sleep: { _ in
                await withCheckedContinuation { continuation in self.waiting.withLock { $0.append(continuation) } }
            })
        }

        /// Lets all that are waited for pass, now and then, until `done`.
        func pass(until done: @escaping @Sendable () -> Bool) async {
            while !done() {
                passAll()
                await Task.yield()
            }
        }

        /// Lets those pass that are waited for now.
        func passAll() {
            let due = waiting.withLock { waiting in
                defer { waiting = [] }
                return waiting
            }
            for continuation in due { continuation.resume() }
        }
    }

    private final class Flag: Sendable {
        let isUp = Atomic(false)
    }

    private func whileHanging(_ bench: GraphBench, _ body: () async throws -> Void) async throws {
        let slow = try bench.disk("slow")
        let guest = try await bench.guest("slow")
        await slow.thread.run { io in slow.value.holdsWrites = true }
        let write = Task { try await guest.write(1, at: 0) }
        while await slow.thread.run({ io in slow.value.inFlight }) == 0 { await Task.yield() }
        try await body()
        await slow.thread.run { io in slow.value.releaseWrites() }
        try await write.value
    }

    @Test(.timeLimit(.minutes(10))) func `while one disk hangs, snapshots and reopenings of others go on`() async throws {
        let bench = try GraphBench()
        for name in ["slow", "disk", "other"] { try await bench.add(name) }
        try await bench.addOverlay("top")
        let guest = try await bench.guest("disk")
        try await whileHanging(bench) {
            let drain = try await bench.graph.drain(["disk"])
            let change = try await bench.graph.insertOverlay("top", on: "disk")
            await bench.graph.keepOverlay(change)
            await bench.graph.resume(drain)
            try await guest.write(5, at: 0)
            try await bench.graph.reopen([GraphBench.file("other", readOnly: true)])
            #expect(await bench.graph.nodes().count == 5)
        }
        await bench.stop()
    }

    private enum DrainingCommand: CaseIterable {
        case reopen, resize

        func run(_ graph: BlockGraph) async throws {
            switch self {
            case .reopen: try await graph.reopen([GraphBench.file("slow", readOnly: true)])
            case .resize: try await graph.resize("slow", to: 4096)
            }
        }
    }

    @Test(.timeLimit(.minutes(10)), arguments: DrainingCommand.allCases)
    private func `a command on the hanging disk itself is answered when its deadline passes`(command: DrainingCommand) async throws {
        let deadlines = Deadlines()
        let bench = try GraphBench(deadlines: deadlines.values)
        try await bench.add("slow")
        try await whileHanging(bench) {
            let flag = Flag()
            let answer = Task { () -> String? in
                defer { flag.isUp.store(true, ordering: .relaxed) }
                do {
                    try await command.run(bench.graph)
                    return nil
                } catch { return (error as? BlockError)?.message }
            }
            await deadlines.pass { flag.isUp.load(ordering: .relaxed) }
            #expect(await answer.value == "Requests to node 'slow' have not ended within 30 seconds")
        }
        let guest = try await bench.guest("slow")
        try await guest.write(2, at: 0)
        #expect(try await bench.graph.length(of: "slow") == Int64(GraphBench.diskLength))
        await bench.stop()
    }

    @Test(.timeLimit(.minutes(10))) func `deleting a node whose disk does not flush is answered, and the node stays`() async throws {
        let deadlines = Deadlines()
        let bench = try GraphBench(deadlines: deadlines.values)
        try await bench.add("slow")
        let slow = try bench.disk("slow")
        await slow.thread.run { io in slow.value.holdsFlushes = true }
        let flag = Flag()
        let deletion = Task { () -> String? in
            defer { flag.isUp.store(true, ordering: .relaxed) }
            do {
                try await bench.graph.close("slow")
                return nil
            } catch { return (error as? BlockError)?.message }
        }
        await deadlines.pass { flag.isUp.load(ordering: .relaxed) }
        #expect(
            await deletion.value == "Node 'slow' has not flushed within 10 seconds: its disk does not answer, and the node stays")
        #expect(await bench.graph.contains("slow"))
        await slow.thread.run { io in slow.value.releaseWrites() }
        try await bench.graph.close("slow")
        deadlines.passAll()
        #expect(await !bench.graph.contains("slow"))
        await bench.stop()
    }
}
