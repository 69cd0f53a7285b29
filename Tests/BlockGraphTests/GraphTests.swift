import IOLoop
import Storage
import Testing

@testable import BlockGraph

@Suite struct GraphTests {
    private func refused(_ message: String, _ body: () async throws -> Void) async {
        do {
            try await body()
            Issue.record("not refused: \(message)")
        } catch let error as BlockError {
            #expect(error.message == message)
        } catch {
            Issue.record("another error: \(error)")
        }
    }

    @Test func `names are checked as the reference does`() async throws {
        let bench = try GraphBench()
        try await bench.add("f0")
        await refused("Duplicate nodes with node-name='f0'") { try await bench.add("f0") }
        await refused("Invalid node-name: '9a'") { try await bench.add("9a") }
        await refused("Invalid node-name: '#x'") { try await bench.add("#x") }
        await refused("Node name too long") { try await bench.add(String(repeating: "a", count: 32)) }
        try await bench.add(String(repeating: "a", count: 31))
        await refused("'node-name' must be specified for the root node") {
            try await bench.graph.open(NodeSpec(driver: .file(FileSpec(filename: "x"))))
        }
        await refused("Could not open 'missing': No such file or directory") { try await bench.add("missing") }
        // The name of a failed opening is free again.
        #expect(await !bench.graph.contains("missing"))
        await refused("Could not open 'missing': No such file or directory") { try await bench.add("missing") }
        await refused("Cannot find device='zz' nor node-name='zz'") {
            try await bench.graph.open(NodeSpec(nodeName: "r", driver: .raw(RawSpec(file: .named("zz")))))
        }
        await refused("Duplicate nodes with node-name='r9'") { try await bench.addRaw("r9", file: "r9") }
        #expect(await !bench.graph.contains("r9"))
        await bench.stop()
    }

    @Test(arguments: [0, 1, 511, 513, 1 << 40, Int64.max & ~((1 << 30) - 1)] as [Int64])
    func `a node's length is whole sectors`(size: Int64) async throws {
        let thread = try IOThread(name: "loop")
        let graph = BlockGraph(executor: TestQueue(), threads: [thread])
        try await graph.open(NodeSpec(nodeName: "n", driver: .nullCo(NullSpec(size: size))))
        #expect(try await graph.length(of: "n") == size + (512 - size % 512) % 512)
        // Over it, at the end of what can be counted.
        let last = UInt64(try await graph.length(of: "n"))
        let window = RawSpec(file: .named("n"), offset: last, size: 0)
        try await graph.open(NodeSpec(nodeName: "r", driver: .raw(window)))
        #expect(try await graph.length(of: "r") == 0)
        await refused("Cannot resize fixed-size raw disks") { try await graph.resize("r", to: 1 << 62) }
        await refused("offset(\(Int64.max)) exceeds maximum(9223372035781033984)") { try await graph.resize("r", to: .max) }
        #expect(await graph.nodes().count == 2)
        await graph.closeAll()
        await thread.stop()
    }

    @Test(arguments: [Int64.max, .max - 510] as [Int64]) func `a length that is no number of sectors is refused`(size: Int64) async throws {
        let thread = try IOThread(name: "loop")
        let graph = BlockGraph(executor: TestQueue(), threads: [thread])
        await refused("Could not refresh total sector count: File too large") {
            try await graph.open(NodeSpec(nodeName: "n", driver: .nullCo(NullSpec(size: size))))
        }
        #expect(await graph.nodes().isEmpty)
        await graph.closeAll()
        await thread.stop()
    }

    @Test(arguments: [UInt64.max, 1 << 63] as [UInt64]) func `a raw window beyond every file is refused before its file is opened`(
        number: UInt64
    )
        async throws
    {
        let bench = try GraphBench()
        let file = ChildSpec.inline(NodeSpec(driver: .file(FileSpec(filename: "missing"))))
        for (name, raw) in [("offset", RawSpec(file: file, offset: number)), ("size", RawSpec(file: file, size: number))] {
            await refused("Parameter '\(name)' expects a non-negative number below 2^64") {
                try await bench.graph.open(NodeSpec(nodeName: "r", driver: .raw(raw)))
            }
        }
        try await bench.add("f0")
        let greatest = UInt64(Int64.max)
        await refused("Offset (\(greatest)) cannot be greater than size of the containing file (1048576)") {
            try await bench.graph.open(NodeSpec(nodeName: "r", driver: .raw(RawSpec(file: .named("f0"), offset: greatest, size: greatest))))
        }
        await refused(
            "The sum of offset (1048576) and size (\(greatest)) has to be smaller or equal to the  actual size of the containing file (1048576)"
        ) {
            try await bench.graph.open(
                NodeSpec(nodeName: "r", driver: .raw(RawSpec(file: .named("f0"), offset: 1 << 20, size: greatest))))
        }
        try await bench.graph.open(NodeSpec(nodeName: "r", driver: .raw(RawSpec(file: .named("f0"), offset: 1 << 20))))
        await refused("offset(9223372035782082560) exceeds maximum(9223372035781033984)") {
            try await bench.graph.resize("r", to: Int64.max & ~((1 << 30) - 1))
        }
        await bench.stop()
    }

    @Test func `of many openings with one name one succeeds`() async throws {
        let bench = try GraphBench()
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 { group.addTask { (try? await bench.add("same")) != nil } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(outcomes == 1)
        #expect(await bench.graph.nodes().count == 1)
        await bench.stop()
    }

    @Test func `a node is deleted only by its owner, and when nobody uses it`() async throws {
        let bench = try GraphBench()
        try await bench.addRaw("raw", file: "inner")
        await refused("Failed to find node with node-name='zz'") { try await bench.graph.close("zz") }
        await refused("Node inner is not owned by the monitor") { try await bench.graph.close("inner") }
        try await bench.add("f0")
        try await bench.graph.open(NodeSpec(nodeName: "r0", driver: .raw(RawSpec(file: .named("f0")))))
        await refused("Block device f0 is in use") { try await bench.graph.close("f0") }
        let guest = try await bench.guest("r0")
        await refused("Node r0 is in use") { try await bench.graph.close("r0") }
        await bench.graph.detach(guest)
        let job = try await bench.graph.attach(
            NodeUserSpec(kind: .job(id: "j", type: "mirror"), edgeName: "source", permissions: Permissions()), to: "r0")
        await refused("Node 'r0' is busy: block device is in use by block job: mirror") { try await bench.graph.close("r0") }
        await bench.graph.abandon(job, reason: "a request of job 'j' has not ended")
        await refused("Node r0 is in use: a request of job 'j' has not ended") { try await bench.graph.close("r0") }
        await refused("Node 'r0' is busy: a request of job 'j' has not ended") { try await bench.graph.refuseIfBusy("r0") }
        await bench.graph.detach(job)
        try await bench.graph.close("r0")
        try await bench.graph.close("f0")
        let inner = try bench.disk("inner")
        #expect(await inner.thread.run { _ in inner.value.isClosed } == false)
        try await bench.graph.close("raw")
        #expect(await inner.thread.run { _ in inner.value.isClosed })
        #expect(await bench.graph.nodes().isEmpty)
        // The names are free again.
        try await bench.addRaw("raw", file: "inner")
        await bench.stop()
    }

    @Test func `an inline child that another node uses outlives its parent`() async throws {
        let bench = try GraphBench()
        try await bench.addRaw("rn", file: "inner")
        try await bench.graph.open(NodeSpec(nodeName: "rn2", driver: .raw(RawSpec(file: .named("inner")))))
        try await bench.graph.close("rn")
        #expect(await bench.graph.contains("inner"))
        try await bench.graph.close("rn2")
        #expect(await !bench.graph.contains("inner"))
        await bench.stop()
    }

    @Test func `two users fit if and only if each shares what the other holds`() async throws {
        let bench = try GraphBench()
        try await bench.add("f")
        for held in stride(from: UInt8(0), to: 16, by: 3) {
            for shared in UInt8(0)..<16 {
                let first = Permissions(held: LockSet(rawValue: held), shared: LockSet(rawValue: shared))
                let user = try await bench.graph.attach(NodeUserSpec(permissions: first), to: "f")
                for other in UInt8(0)..<16 {
                    let second = Permissions(held: LockSet(rawValue: other), shared: LockSet(rawValue: ~other & 15))
                    let fits = second.held.isSubset(of: first.shared) && first.held.isSubset(of: second.shared)
                    let attached = try? await bench.graph.attach(NodeUserSpec(permissions: second), to: "f")
                    #expect((attached != nil) == fits, "\(held) \(shared) \(other)")
                    if let attached { await bench.graph.detach(attached) }
                }
                await bench.graph.detach(user)
            }
        }
        await bench.stop()
    }

    @Test func `a refused resize names both users in the reference's words`() async throws {
        let bench = try GraphBench()
        try await bench.add("f0")
        for (name, offset) in [("r1", UInt64(511)), ("r4", 1024)] {
            try await bench.graph.open(NodeSpec(nodeName: name, driver: .raw(RawSpec(file: .named("f0"), offset: offset))))
        }
        await refused(
            "Permission conflict on node 'f0': permissions 'resize' are both required by node 'r1' (uses node 'f0' as 'file' child) "
                + "and unshared by node 'r4' (uses node 'f0' as 'file' child)."
        ) { try await bench.graph.resize("r1", to: 20 << 20) }
        await refused(
            "Permission conflict on node 'f0': permissions 'resize' are both required by an unnamed block device "
                + "(uses node 'f0' as 'root' child) and unshared by node 'r4' (uses node 'f0' as 'file' child)."
        ) { try await bench.graph.resize("f0", to: 0) }
        await refused("Parameter 'size' expects a >0 size") { try await bench.graph.resize("f0", to: -1) }
        await refused("Cannot find device='' nor node-name='zz'") { try await bench.graph.resize("zz", to: 512) }
        try await bench.add("ro", readOnly: true)
        await refused("Image is read-only") { try await bench.graph.resize("ro", to: 512) }
        try await bench.add("jobbed")
        let job = try await bench.graph.attach(
            NodeUserSpec(kind: .job(id: "j", type: "mirror"), permissions: Permissions()), to: "jobbed")
        await refused("Device '(null)' is in use") { try await bench.graph.resize("jobbed", to: 512) }
        await bench.graph.detach(job)
        try await bench.graph.resize("jobbed", to: 4096)
        #expect(try await bench.graph.length(of: "jobbed") == 4096)
        await bench.stop()
    }

    @Test func `a read-only node takes no writer, above it neither`() async throws {
        let bench = try GraphBench()
        try await bench.add("ro", readOnly: true)
        try await bench.graph.open(NodeSpec(nodeName: "raw", driver: .raw(RawSpec(file: .named("ro")))))
        await refused("Block node is read-only") { _ = try await bench.guest("ro") }
        await refused("Block node is read-only") { _ = try await bench.guest("raw") }
        let reader = try await bench.graph.attach(NodeUserSpec(permissions: Permissions(held: .consistentRead)), to: "raw")
        await refused("Block node is read-only") { try await reader.write(1, at: 0) }
        #expect(try await reader.read(at: 0, count: 4) == [0, 0, 0, 0])
        await bench.stop()
    }

    @Test func `when one image cannot be locked nothing is changed`() async throws {
        let bench = try GraphBench()
        try await bench.add("a")
        try await bench.add("b")
        let (first, second) = (try bench.disk("a"), try bench.disk("b"))
        await second.thread.run { _ in second.value.refusesLocks = true }
        let writer = NodeUserSpec(permissions: Permissions(held: .write, shared: .consistentRead))
        await refused("Failed to get \"write\" lock") { _ = try await bench.graph.attach([(writer, "a"), (writer, "b")]) }
        #expect(await first.thread.run { _ in first.value.log } == ["prepare 2 1", "abort"])
        // Had the first one stayed, it would share no writing.
        _ = try await bench.guest("a")
        await bench.stop()
    }

    @Test func `a job's shared permissions pass through a raw node to its file`() async throws {
        let bench = try GraphBench()
        try await bench.addRaw("raw", file: "f")
        let job = try await bench.graph.attach(
            NodeUserSpec(kind: .job(id: "m1", type: "mirror"), permissions: Permissions(held: .consistentRead, shared: .consistentRead)),
            to: "raw")
        await refused(
            "Permission conflict on node 'f': permissions 'write' are both required by an unnamed block device (uses node 'f' as "
                + "'root' child) and unshared by node 'raw' (uses node 'f' as 'file' child)."
        ) { _ = try await bench.guest("f") }
        await refused(
            "Permission conflict on node 'raw': permissions 'write' are both required by an unnamed block device (uses node 'raw' as "
                + "'root' child) and unshared by mirror job 'm1' (uses node 'raw' as 'root' child)."
        ) { _ = try await bench.guest("raw") }
        try await bench.graph.setPermissions(of: job, Permissions(held: .consistentRead))
        _ = try await bench.guest("raw")
        await bench.stop()
    }

    @Test func `options that contradict each other are refused`() async throws {
        let bench = try GraphBench()
        func spec(_ change: (inout NodeSpec) -> Void) -> NodeSpec {
            var spec = GraphBench.file("x")
            change(&spec)
            return spec
        }
        await refused("force-share=on can only be used with read-only images") {
            try await bench.graph.open(spec { $0.forceShare = true })
        }
        await refused("setting detect-zeroes to unmap is not allowed without setting discard operation to unmap") {
            try await bench.graph.open(spec { $0.detectZeroes = .unmap })
        }
        await refused("The 'file' block driver requires a file name") {
            try await bench.graph.open(NodeSpec(nodeName: "x", driver: .file(FileSpec(filename: ""))))
        }
        await refused("latency-ns is invalid") {
            try await bench.graph.open(NodeSpec(nodeName: "x", driver: .nullCo(NullSpec(latency: -5))))
        }
        #expect(await bench.graph.nodes().isEmpty)
        await bench.stop()
    }

    @Test func `queries show what the reference shows, newest first`() async throws {
        let bench = try GraphBench()
        try await bench.add("f0")
        var inline = NodeSpec(driver: .file(FileSpec(filename: "b.img")))
        inline.cacheDirect = true
        try await bench.graph.open(
            NodeSpec(nodeName: "r3", driver: .raw(RawSpec(file: .inline(inline))), readOnly: true, cacheNoFlush: true))
        try await bench.graph.open(
            NodeSpec(
                nodeName: "r4", driver: .raw(RawSpec(file: .inline(NodeSpec(driver: .raw(RawSpec(file: .named("f0"))))), offset: 512)),
                detectZeroes: .on))
        let nodes = await bench.graph.nodes()
        try #require(nodes.map(\.driver) == ["raw", "raw", "raw", "file", "file"])
        #expect(nodes[0].nodeName == "r4" && nodes[2].nodeName == "r3" && nodes[4].nodeName == "f0")
        #expect(nodes[1].nodeName.hasPrefix("#block1") && nodes[3].nodeName.hasPrefix("#block0"))
        #expect(nodes[0].image.virtualSize == Int64(GraphBench.diskLength) - 512)
        #expect(nodes[0].detectZeroes == .on && nodes[1].detectZeroes == .off)
        #expect(nodes[2].isReadOnly && nodes[3].isReadOnly && !nodes[4].isReadOnly)
        #expect(!nodes[2].cacheDirect && nodes[3].cacheDirect && nodes[3].cacheNoFlush)
        #expect(nodes[2].filename == .plain("b.img"))
        #expect(nodes[2].children == [NodeInfo.Child(name: "file", nodeName: nodes[3].nodeName)])
        #expect(nodes[4].image.details.isDirty == false)
        let file: [NodeFilename.Option] = [
            .init(name: "driver", value: .string("file")), .init(name: "filename", value: .string("f0")),
        ]
        #expect(
            nodes[0].filename
                == .options([
                    .init(name: "offset", value: .integer(512)), .init(name: "driver", value: .string("raw")),
                    .init(
                        name: "file",
                        value: .options([.init(name: "driver", value: .string("raw")), .init(name: "file", value: .options(file))])),
                ]))
        await bench.stop()
    }

    @Test func `users of two loops don't come together, an idle subgraph moves`() async throws {
        let bench = try GraphBench(loops: 2)
        try await bench.add("a")
        try await bench.addRaw("b", file: "bf")
        let first = try await bench.guest("a")
        let second = try await bench.guest("b")
        #expect(first.thread !== second.thread)
        let job = NodeUserSpec(kind: .job(id: "j", type: "mirror"), permissions: Permissions())
        await refused("Cannot change iothread of active block backend") { _ = try await bench.graph.attach([(job, "a"), (job, "b")]) }
        await bench.graph.detach(second)
        let users = try await bench.graph.attach([(job, "a"), (job, "b")])
        #expect(users.allSatisfy { $0.thread === first.thread })
        let storages = bench.storages("bf")
        try #require(storages.count == 2)
        #expect(storages[1].thread === first.thread)
        #expect(await storages[0].thread.run { _ in storages[0].value.isClosed })
        let again = try await bench.guest("b")
        try await again.write(5, at: 0)
        #expect(try await again.read(at: 0, count: 1) == [5])
        #expect(await bench.graph.nodes().count == 3)
        await bench.graph.detach(users)
        await bench.stop()
    }
}
