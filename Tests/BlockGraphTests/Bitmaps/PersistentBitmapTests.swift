import BlockGraph
import Storage
import Testing

@Suite struct `persistent bitmaps` {
    private func open(_ bench: GraphBench, readOnly: Bool? = nil) async throws {
        try await bench.graph.open(
            NodeSpec(nodeName: "q", driver: .qcow2(Qcow2Spec(file: .named("f"))), readOnly: readOnly))
    }

    private func bench() async throws -> GraphBench {
        let bench = try GraphBench()
        try await bench.add("f")
        try await bench.graph.create(NewQcow2Image(file: .named("f"), size: 1 << 20))
        return bench
    }

    private func write(_ bench: GraphBench, at offset: Int64) async throws {
        let guest = try await bench.guest("q")
        try await guest.write(7, at: offset)
        await bench.graph.detach(guest)
    }

    @Test func `come back with their image and go on recording`() async throws {
        let bench = try await bench()
        try await open(bench)
        let (a, b) = (BitmapName(node: "q", name: "a"), BitmapName(node: "q", name: "b"))
        try await bench.graph.addBitmap(BitmapSpec(a, granularity: 65536, isPersistent: true))
        try await bench.graph.addBitmap(BitmapSpec(b, granularity: 4096, isPersistent: true, isRecording: false))
        try await bench.graph.addBitmap(BitmapSpec(BitmapName(node: "q", name: "gone"), granularity: 4096))
        try await write(bench, at: 70000)
        let before = try await bench.graph.content(of: a)
        try await bench.graph.close("q")

        try await open(bench)
        #expect(try await bench.graph.content(of: a) == before && before.words[0] == 2)
        let other = try await bench.graph.content(of: b)
        #expect(other.isPersistent && !other.isRecording && other.granularity == 4096 && other.words.allSatisfy { $0 == 0 })
        await #expect(throws: BlockError.self) { try await bench.graph.content(of: BitmapName(node: "q", name: "gone")) }
        try await write(bench, at: 0)
        try await bench.graph.resize("q", to: 2 << 20)
        try await bench.graph.removeBitmap(b)
        try await bench.graph.close("q")

        try await open(bench, readOnly: true)
        let after = try await bench.graph.content(of: a)
        #expect(after.words == [3] && after.length == 2 << 20)
        await #expect(throws: BlockError.self) { try await bench.graph.content(of: b) }
        try await bench.graph.close("q")
        await bench.stop()
    }

    @Test func `are kept by an image of version 3 only, with the reference's words`() async throws {
        let bench = try await bench()
        var image = NewQcow2Image(file: .named("f"), size: 1 << 20)
        image.isVersion2 = true
        try await bench.graph.create(image)
        try await open(bench)
        let error = await #expect(throws: BlockError.self) {
            try await bench.graph.addBitmap(BitmapSpec(BitmapName(node: "q", name: "a"), granularity: 65536, isPersistent: true))
        }
        #expect(error?.message == "Can't make bitmap 'a' persistent in 'q': Cannot store dirty bitmaps in qcow2 v2 files")
        try await bench.graph.close("q")
        await bench.stop()
    }
}
