import IOLoop
import Storage
import Testing

@testable import BlockGraph

/// Filters in a graph: what its changes tell them.
@Suite struct FilterGraphTests {
    private func write(_ user: NodeUser, at offset: Int64, count: Int) -> Task<BlockError?, Never> {
        user.thread.task { _ in
            let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 512)
            defer { bytes.deallocate() }
            bytes.initializeMemory(as: UInt8.self, repeating: 7)
            do throws(BlockError) {
                try await user.access.value.write(at: offset, from: UnsafeRawBufferPointer(bytes))
                return nil
            } catch {
                return error
            }
        }
    }

    private func waitUntilInFlight(_ user: NodeUser, _ count: Int) async {
        while await user.thread.run({ _ in user.access.value.inFlight }) < count { await Task.yield() }
    }

    @Test func `a drain and a detach let throttled requests through`() async throws {
        let bench = try GraphBench()
        let graph = bench.graph
        var rates = ThrottleRates()
        rates[.bytesTotal].average = 1
        try graph.surroundings.throttleGroups.add("g", limits: rates)
        try await graph.open(NodeSpec(nodeName: "f", driver: .file(FileSpec(filename: "f"))))
        try await graph.open(NodeSpec(nodeName: "t", driver: .throttle(ThrottleSpec(file: .named("f"), group: "g"))))
        let user = try await graph.attach(NodeUserSpec(permissions: Permissions(held: [.consistentRead, .write])), to: "t")
        var writes = (0..<4).map { write(user, at: Int64($0) * 4096, count: 4096) }
        // One goes on at once, the others wait for hours.
        while try await bench.disk("f").thread.run({ [disk = try bench.disk("f")] _ in disk.value.log.isEmpty }) { await Task.yield() }
        await waitUntilInFlight(user, 3)
        let drain = try await graph.drain(["f"])
        #expect(await user.thread.run { _ in user.access.value.inFlight } == 0)
        await graph.resume(drain)
        writes.append(write(user, at: 65536, count: 512))
        await waitUntilInFlight(user, 1)
        await graph.detach([user])
        for write in writes { #expect(await write.value == nil) }
        try await graph.close("t")
        #expect(!(graph.surroundings.throttleGroups.group("g")?.isInUse ?? true))
    }

    @Test func `preallocate gives its space back when its last writer goes`() async throws {
        let bench = try GraphBench()
        let graph = bench.graph
        try await graph.open(NodeSpec(nodeName: "f", driver: .file(FileSpec(filename: "f"))))
        try await graph.open(
            NodeSpec(nodeName: "p", driver: .preallocate(PreallocateSpec(file: .named("f"), align: 65536, size: 1 << 20))))
        let user = try await graph.attach(NodeUserSpec(permissions: Permissions(held: [.consistentRead, .write, .resize])), to: "p")
        let start = Int64(GraphBench.diskLength)
        let failed = await user.thread.run { (io: isolated IOThread) async -> BlockError? in
            let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 512)
            defer { bytes.deallocate() }
            bytes.initializeMemory(as: UInt8.self, repeating: 7)
            do throws(BlockError) {
                // Formats write beyond the end of their files.
                try await user.access.value.node.write(at: start, from: UnsafeRawBufferPointer(bytes))
                return nil
            } catch {
                return error
            }
        }
        #expect(failed == nil)
        let disk = try bench.disk("f")
        #expect(await disk.thread.run { _ in disk.value.bytes.count } == 2_162_688)
        #expect(try await graph.length(of: "p") == start + 4096)
        await graph.detach([user])
        #expect(await disk.thread.run { _ in disk.value.bytes.count } == Int(start) + 4096)
    }

    @Test func `the parents of filters hold what the reference's would`() async throws {
        let bench = try GraphBench()
        let graph = bench.graph
        for name in ["a", "b"] { try await graph.open(NodeSpec(nodeName: name, driver: .file(FileSpec(filename: name)))) }
        try await graph.open(
            NodeSpec(nodeName: "q", driver: .quorum(QuorumSpec(children: [.named("a"), .named("b")], voteThreshold: 1))))
        await #expect(throws: BlockError.self) {
            _ = try await graph.attach(NodeUserSpec(permissions: Permissions(held: .write)), to: "a")
        }
        try await graph.open(NodeSpec(nodeName: "c", driver: .copyOnRead(CopyOnReadSpec(file: .named("q")))))
        try await graph.close("c")
        try await graph.close("q")
        let user = try await graph.attach(NodeUserSpec(permissions: Permissions(held: .write)), to: "a")
        await graph.detach([user])
    }
}
