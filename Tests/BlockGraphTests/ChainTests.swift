import BlockGraph
import IOLoop
import Storage
import TestSupport
import Testing

/// qcow2 images in the graph: chains that qemu-img made, read and written.
@Suite struct ChainTests {
    @Test(arguments: [1, 3, 64])
    func `a chain reads as its layers say, cold and warm`(depth: Int) async throws {
        let bench = try ChainBench()
        try await bench.open(try bench.makeChain(depth: depth))
        let guest = try await bench.guest()
        let expected = ChainBench.contents(depth: depth)
        for _ in 0..<2 {
            #expect(try await guest.read(at: 0, count: 4 << 20) == expected)
            for offset in stride(from: 4096, to: 4 << 20, by: 65536 + 512) {
                let bytes = try await guest.read(at: Int64(offset), count: 512)
                #expect(bytes == Array(expected[offset..<offset + 512]), "\(offset)")
            }
        }
        await bench.graph.detach(guest)
        await bench.stop()
    }

    @Test(arguments: [512, 4096, 2 << 20])
    func `clusters of any size are found through the chain`(clusterSize: Int) async throws {
        let bench = try ChainBench()
        try await bench.open(try bench.makeChain(depth: 3, clusterSize: clusterSize))
        let guest = try await bench.guest()
        for _ in 0..<2 { #expect(try await guest.read(at: 0, count: 4 << 20) == ChainBench.contents(depth: 3)) }
        await bench.graph.detach(guest)
        await bench.stop()
    }

    @Test func `writes go to the overlay alone, and are seen at once over what was remembered`() async throws {
        let bench = try ChainBench()
        try await bench.open(try bench.makeChain(depth: 3))
        let before = try bench.directory.contents(of: "0.qcow2")
        let guest = try await bench.guest()
        #expect(try await guest.read(at: 512, count: 1024) == [UInt8](repeating: 1, count: 1024))
        try await guest.write(0xaa, at: 512, count: 512)
        #expect(try await guest.read(at: 0, count: 512) == [UInt8](repeating: 1, count: 512))
        #expect(try await guest.read(at: 512, count: 512) == [UInt8](repeating: 0xaa, count: 512))
        #expect(try await guest.read(at: 1024, count: 512) == [UInt8](repeating: 1, count: 512))
        await bench.graph.detach(guest)
        try await bench.graph.close("disk")
        #expect(try bench.directory.contents(of: "0.qcow2") == before)
        for layer in 0..<3 { try bench.run("qemu-img", "check", "-q", "\(layer).qcow2") }
        try bench.run("qemu-io", "-f", "qcow2", "-c", "read -P 0xaa 512 512", "-c", "read -P 1 1024 64512", "2.qcow2")
        await bench.stop()
    }

    @Test func `backing null reads zeroes, a backing child reads what it holds`() async throws {
        let bench = try ChainBench()
        let top = try bench.makeChain(depth: 2)
        try await bench.open(top) { $0.backing = .none }
        let alone = try await bench.guest()
        #expect(try await alone.read(at: 0, count: 4096) == [UInt8](repeating: 0, count: 4096))
        await bench.graph.detach(alone)
        try await bench.graph.close("disk")
        bench.directory.makeBase()
        try await bench.graph.open(
            NodeSpec(nodeName: "base", driver: .file(FileSpec(filename: bench.path("base.raw"))), readOnly: true))
        try await bench.open(top) { $0.backing = .child(.named("base")) }
        let guest = try await bench.guest()
        #expect(try await guest.read(at: 0, count: 4096) == [UInt8](repeating: 7, count: 4096))
        // Past the end of the base there is nothing.
        #expect(try await guest.read(at: 131072, count: 4096) == [UInt8](repeating: 0, count: 4096))
        await bench.graph.detach(guest)
        await bench.stop()
    }

    @Test func `a deep chain opens whole and closes from the top`() async throws {
        let bench = try ChainBench()
        let top = try bench.makeChain(depth: 64)
        try await bench.open(top)
        let nodes = await bench.graph.nodes()
        #expect(nodes.count == 128)
        #expect(nodes.last?.nodeName != "disk" && nodes.filter { $0.driver == "qcow2" && !$0.isReadOnly }.map(\.nodeName) == ["disk"])
        try await bench.graph.close("disk")
        #expect(await bench.graph.nodes().isEmpty)
        await bench.stop()
    }

    @Test func `an image grows and shrinks`() async throws {
        let bench = try ChainBench()
        try await bench.open(try bench.makeChain(depth: 2))
        try await bench.graph.resize("disk", to: 8 << 20)
        #expect(try await bench.graph.length(of: "disk") == 8 << 20)
        let guest = try await bench.guest()
        #expect(try await guest.read(at: 8 << 20 - 4096, count: 4096) == [UInt8](repeating: 0, count: 4096))
        await bench.graph.detach(guest)
        try await bench.graph.close("disk")
        try bench.run("qemu-img", "check", "-q", "1.qcow2")
        await bench.stop()
    }

    @Test func `extents tell data through the chain from what nobody has`() async throws {
        let bench = try ChainBench()
        try await bench.open(try bench.makeChain(depth: 3))
        let guest = try await bench.guest()
        let extents = try await guest.thread.run { io async throws(BlockError) in
            var found: [StorageExtent] = []
            var offset: Int64 = 0
            while offset < 4 << 20 {
                let extent = try await guest.access.value.extent(at: offset, limit: (4 << 20) - offset)
                found.append(extent)
                offset += extent.length
            }
            return found
        }
        let data = extents.filter { $0.content == .data }.reduce(0) { $0 + $1.length }
        #expect(data == 3 * 65536)
        await bench.graph.detach(guest)
        await bench.stop()
    }
}

extension TemporaryDirectory {
    fileprivate func makeBase() {
        do { try makeFile("base.raw", size: 65536, pattern: 7) } catch { Issue.record(error) }
    }
}
