import IOLoop
import Storage
import Synchronization
import TestSupport
import Testing

@testable import BlockGraph

/// Saves old blocks in memory, once each, and takes its time over it.
private final class MemoryCopier: BeforeWriteCopier {
    let source: Node
    var saved: [Int64: [UInt8]] = [:]
    var error: BlockError?
    private let ranges = RangeLock()

    init(_ source: Node) { self.source = source }

    func copyBeforeWrite(at offset: Int64, count: Int64) async throws(BlockError) {
        if let error { throw error }
        for block in (offset / 4096)...((offset + count - 1) / 4096) {
            let token = await ranges.acquire(at: block * 4096, count: 4096, mode: .exclusive)
            defer { ranges.release(token) }
            guard saved[block] == nil else { continue }
            let old = try await source.bytes(at: block * 4096, count: 4096)
            for _ in 0..<3 { await Task.yield() }
            saved[block] = old
        }
    }
}

/// Counts the writes that are accepted into a model, so that none may be lost.
private actor Writer {
    private let user: NodeUser
    private(set) var model = [UInt8](repeating: 0, count: GraphBench.diskLength)
    private(set) var failures = 0
    private(set) var writes = 0

    init(_ user: NodeUser) { self.user = user }

    /// Returns when `count` more writes have ended.
    func goOn(for count: Int) async {
        let goal = writes + failures + count
        while writes + failures < goal { await Task.yield() }
    }

    func run(seed: UInt64, until stop: borrowing Atomic<Bool>, lane: Int, lanes: Int) async {
        var random = SeededGenerator(seed: seed)
        while !stop.load(ordering: .relaxed) {
            let slot = Int.random(in: 0..<(GraphBench.diskLength / 512 / lanes), using: &random) * lanes + lane
            let byte = UInt8.random(in: 1...255, using: &random)
            do {
                try await user.write(byte, at: Int64(slot) * 512)
                model.replaceSubrange(slot * 512..<(slot + 1) * 512, with: [UInt8](repeating: byte, count: 512))
                writes += 1
            } catch {
                failures += 1
            }
        }
    }
}

private final class StopSign: Sendable {
    let isUp = Atomic(false)
}

@Suite struct GraphChangeTests {
    /// Runs `body` while four tasks write to `user`'s node; returns what the disk must hold.
    private func whileWriting(_ user: NodeUser, seed: UInt64, _ body: (Writer) async throws -> Void) async throws -> [UInt8] {
        let writer = Writer(user)
        let sign = StopSign()
        var tasks: [Task<Void, Never>] = []
        for lane in 0..<4 {
            tasks.append(Task { await writer.run(seed: seed * 4 + UInt64(lane), until: sign.isUp, lane: lane, lanes: 4) })
        }
        var failure: (any Error)?
        do { try await body(writer) } catch { failure = error }
        // The writers must get on after the change, or it left them behind.
        await writer.goOn(for: 20)
        sign.isUp.store(true, ordering: .relaxed)
        for task in tasks { await task.value }
        if let failure { throw failure }
        #expect(await writer.failures == 0)
        return await writer.model
    }

    @Test(.timeLimit(.minutes(10)), arguments: 0..<5)
    func `a copy-before-write filter keeps one point in time under a writer`(seed: Int) async throws {
        let bench = try GraphBench()
        try await bench.addRaw("raw", file: "src")
        try await bench.add("target")
        let user = try await bench.guest("raw")
        let disk = try bench.disk("src")
        await disk.thread.run { _ in disk.value.turns = 3 }
        let moment = Guarded<[UInt8]>([])
        let model = try await whileWriting(user, seed: UInt64(seed)) { writer in
            await writer.goOn(for: 20)
            let filter = try await bench.graph.insertFilter(.copyBeforeWrite(target: "target"), above: "src") { filter, child in
                moment.withLock { $0 = disk.value.bytes }
                (filter.driver as? CopyBeforeWriteFilter)?.arm(MemoryCopier(child))
            }
            await writer.goOn(for: 200)
            let drain = try await bench.graph.drain(["src"])
            let (image, savedBlocks) = await filter.thread.run { _ -> ([UInt8], Int) in
                let saved = ((filter.node.value.driver as? CopyBeforeWriteFilter)?.copier as? MemoryCopier)?.saved ?? [:]
                var image = disk.value.bytes
                for (block, bytes) in saved { image.replaceSubrange(Int(block) * 4096..<Int(block + 1) * 4096, with: bytes) }
                return (image, saved.count)
            }
            // What was saved, and for the rest what is there still, is the disk as it was.
            #expect(image == moment.withLock { $0 }, "seed \(seed)")
            #expect(savedBlocks > 0)
            try await bench.graph.removeFilter(filter.nodeName)
            await bench.graph.resume(drain)
        }
        #expect(await disk.thread.run { _ in disk.value.bytes } == model, "seed \(seed)")
        await bench.stop()
    }

    @Test func `what a filter saved is what was there when it came`() async throws {
        let bench = try GraphBench()
        try await bench.add("src")
        let user = try await bench.guest("src")
        for block in 0..<16 { try await user.write(UInt8(block + 1), at: Int64(block) * 4096, count: 4096) }
        let disk = try bench.disk("src")
        let filter = try await bench.graph.insertFilter(.copyBeforeWrite(target: nil), above: "src") { filter, child in
            (filter.driver as? CopyBeforeWriteFilter)?.arm(MemoryCopier(child))
        }
        await disk.thread.run { _ in disk.value.turns = 5 }
        await withTaskGroup(of: Void.self) { group in
            for turn in 0..<64 {
                group.addTask {
                    try? await user.write(200, at: Int64(turn % 16) * 4096 + Int64(turn / 16) * 512, count: 512)
                }
            }
        }
        let saved = await filter.thread.run { _ in
            ((filter.node.value.driver as? CopyBeforeWriteFilter)?.copier as? MemoryCopier)?.saved ?? [:]
        }
        #expect(saved.count == 16)
        for block in 0..<16 { #expect(saved[Int64(block)] == [UInt8](repeating: UInt8(block + 1), count: 4096)) }
        #expect(try await user.read(at: 0, count: 512) == [UInt8](repeating: 200, count: 512))
        await bench.stop()
    }

    @Test(arguments: [CopyBeforeWriteFilter.ErrorPolicy.breakGuestWrite, .breakSnapshot])
    func `a failure to save breaks the write or the snapshot, as asked`(policy: CopyBeforeWriteFilter.ErrorPolicy) async throws {
        let bench = try GraphBench()
        try await bench.add("src")
        let user = try await bench.guest("src")
        let failure = BlockError(.system(errno: 28), "No space left on device")
        let filter = try await bench.graph.insertFilter(.copyBeforeWrite(target: nil, onError: policy), above: "src") { filter, child in
            let copier = MemoryCopier(child)
            copier.error = failure
            (filter.driver as? CopyBeforeWriteFilter)?.arm(copier)
        }
        let outcome: BlockError?
        do throws(BlockError) {
            try await user.write(9, at: 0)
            outcome = nil
        } catch {
            outcome = error
        }
        let snapshotError = await filter.thread.run { _ in (filter.node.value.driver as? CopyBeforeWriteFilter)?.snapshotError }
        let byte = try await user.read(at: 0, count: 1)
        switch policy {
        case .breakGuestWrite:
            #expect(outcome == failure && snapshotError == nil && byte == [0])
        case .breakSnapshot:
            #expect(outcome == nil && snapshotError == failure && byte == [9])
        }
        await bench.stop()
    }

    @Test(.timeLimit(.minutes(10)), arguments: 0..<5)
    func `a pivot under a writer loses no write`(seed: Int) async throws {
        let bench = try GraphBench()
        // The file under a raw node is replaced, and the writer's own node is.
        try await bench.addRaw("raw", file: "src")
        try await bench.add("dst")
        let user = try await bench.guest(seed.isMultiple(of: 2) ? "raw" : "src")
        let (source, target) = (try bench.disk("src"), try bench.disk("dst"))
        await source.thread.run { _ in source.value.turns = 3 }
        let model = try await whileWriting(user, seed: UInt64(seed)) { writer in
            await writer.goOn(for: 50)
            let drain = try await bench.graph.drain(["src"])
            await source.thread.run { _ in
                #expect(source.value.inFlight == 0)
                target.value.bytes = source.value.bytes
            }
            try await bench.graph.replace("src", with: "dst")
            await bench.graph.resume(drain)
        }
        #expect(await target.thread.run { _ in target.value.bytes } == model, "seed \(seed)")
        // Nobody keeps the inline child any more.
        #expect(await !bench.graph.contains("src"))
        #expect(await source.thread.run { _ in source.value.isClosed })
        #expect(try await bench.graph.node("raw").children.map(\.nodeName) == ["dst"])
        await bench.graph.detach(user)
        await bench.stop()
    }

    @Test func `a filter goes in and out under its parents, and blocks what it must`() async throws {
        let bench = try GraphBench()
        try await bench.addRaw("raw", file: "src")
        try await bench.add("target")
        let user = try await bench.guest("raw")
        let filter = try await bench.graph.insertFilter(.copyBeforeWrite(target: "target"), above: "src")
        #expect(try await bench.graph.node("raw").children.map(\.nodeName) == [filter.nodeName])
        #expect(try await bench.graph.node(filter.nodeName).children.map(\.nodeName) == ["src", "target"])
        #expect(try await bench.graph.node(filter.nodeName).driver == "copy-before-write")
        do {
            try await bench.graph.resize("src", to: 2 << 20)
            Issue.record("resized under a backup")
        } catch {
            #expect(
                error.message
                    == "Permission conflict on node 'src': permissions 'resize' are both required by an unnamed block device (uses node "
                    + "'src' as 'root' child) and unshared by node '\(filter.nodeName)' (uses node 'src' as 'file' child).")
        }
        do {
            try await bench.graph.close("target")
            Issue.record("the target was deleted")
        } catch {
            #expect(error.message == "Block device target is in use")
        }
        try await bench.graph.removeFilter(filter.nodeName)
        #expect(try await bench.graph.node("raw").children.map(\.nodeName) == ["src"])
        #expect(await !bench.graph.contains(filter.nodeName))
        try await bench.graph.close("target")
        try await user.write(1, at: 0)
        await bench.graph.detach(user)
        await bench.stop()
    }

    @Test func `a filter that its permissions forbid leaves the graph as it was`() async throws {
        let bench = try GraphBench()
        try await bench.add("src")
        try await bench.add("target")
        let user = try await bench.guest("src")
        _ = try await bench.graph.attach(
            NodeUserSpec(permissions: Permissions(held: .consistentRead, shared: .consistentRead)), to: "target")
        do {
            _ = try await bench.graph.insertFilter(.copyBeforeWrite(nodeName: "cbw", target: "target"), above: "src")
            Issue.record("the target has a user who shares no writing")
        } catch {
            #expect(error.kind == .inUse)
        }
        #expect(await !bench.graph.contains("cbw"))
        try await user.write(1, at: 0)
        // The name is free, the edges are where they were.
        let filter = try await bench.graph.insertFilter(.copyBeforeWrite(nodeName: "cbw", target: nil), above: "src")
        try await bench.graph.removeFilter(filter.nodeName)
        try await user.write(2, at: 0)
        await bench.stop()
    }

    @Test(.timeLimit(.minutes(10)))
    func `a node that hangs delays nothing elsewhere`() async throws {
        let bench = try GraphBench()
        for name in ["slow", "other", "third"] { try await bench.add(name) }
        let user = try await bench.guest("slow")
        let neighbour = try await bench.guest("other")
        let disk = try bench.disk("slow")
        await disk.thread.run { _ in disk.value.holdsWrites = true }
        let hanging = Task { try await user.write(1, at: 0) }
        while await disk.thread.run({ _ in disk.value.inFlight }) == 0 { await Task.yield() }

        // All of this returns although a write hangs, or the time limit strikes.
        let drain = try await bench.graph.drain(["other", "third"])
        await bench.graph.resume(drain)
        let filter = try await bench.graph.insertFilter(.copyBeforeWrite(target: "third"), above: "other")
        try await bench.graph.removeFilter(filter.nodeName)
        try await bench.graph.resize("third", to: 4096)
        try await bench.add("new")
        try await bench.graph.close("new")
        try await neighbour.write(1, at: 0)
        #expect(await bench.graph.nodes().count == 3)
        // Refusals of the hanging node itself don't wait either.
        do {
            try await bench.graph.close("slow")
            Issue.record("deleted while a write hangs")
        } catch {
            #expect(error.message == "Node slow is in use")
        }

        // A drain of the hanging node waits for the write and holds back the next one.
        let drained = Guarded(false)
        let drainer = Task {
            let drain = try await bench.graph.drain(["slow"])
            drained.withLock { $0 = true }
            return drain
        }
        while await user.thread.run({ _ in !user.access.value.isDrained }) { await Task.yield() }
        let later = Task { try await user.write(2, at: 0) }
        for _ in 0..<100 { await Task.yield() }
        #expect(drained.withLock { !$0 })
        await disk.thread.run { _ in disk.value.releaseWrites() }
        try await hanging.value
        let slowDrain = try await drainer.value
        #expect(await disk.thread.run { _ in disk.value.bytes[0] } == 1)
        await bench.graph.resume(slowDrain)
        try await later.value
        #expect(await disk.thread.run { _ in disk.value.bytes[0] } == 2)
        await bench.stop()
    }

    @Test(.timeLimit(.minutes(10)))
    func `a bracket holds a drain up, and a user that comes during a drain waits`() async throws {
        let bench = try GraphBench()
        try await bench.add("f")
        let job = try await bench.guest("f")
        try await job.thread.run { _ async throws(BlockError) in try await job.access.value.begin() }
        let drainer = Task { try await bench.graph.drain(["f"]) }
        while await job.thread.run({ _ in !job.access.value.isDrained }) { await Task.yield() }
        // Inside the bracket the node is still reachable.
        try await job.thread.run { _ async throws(BlockError) in
            try await job.access.value.node.write([7], at: 0)
            job.access.value.end()
        }
        let outer = try await drainer.value
        let inner = try await bench.graph.drain(["f"])
        let newcomer = try await bench.guest("f")
        #expect(await newcomer.thread.run { _ in newcomer.access.value.isDrained })
        await bench.graph.resume(outer)
        #expect(await newcomer.thread.run { _ in newcomer.access.value.isDrained })
        await bench.graph.resume(inner)
        #expect(try await newcomer.read(at: 0, count: 1) == [7])
        await bench.graph.detach([job, newcomer])
        await #expect(throws: BlockError.self) { try await job.read(at: 0, count: 1) }
        await bench.stop()
    }

    @Test func `users cannot reach past the end or write without permission`() async throws {
        let bench = try GraphBench()
        try await bench.add("f")
        let user = try await bench.guest("f")
        let end = Int64(GraphBench.diskLength)
        for (offset, count) in [(end, 1), (end - 1, 2), (-1, 1), (Int64.max, 1)] {
            await #expect(throws: BlockError(.outOfBounds, "Input/output error")) { try await user.write(1, at: offset, count: count) }
            await #expect(throws: BlockError(.outOfBounds, "Input/output error")) {
                _ = try await user.read(at: offset, count: count)
            }
        }
        let reader = try await bench.graph.attach(NodeUserSpec(permissions: Permissions(held: .consistentRead)), to: "f")
        await #expect(throws: BlockError(.readOnly, "Block node is read-only")) { try await reader.write(1, at: 0) }
        await bench.stop()
    }
}
