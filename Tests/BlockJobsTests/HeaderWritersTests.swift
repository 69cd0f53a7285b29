import BlockGraph
import IOLoop
import Storage
import TestSupport
import Testing

/// A qcow2 header has two writers: who changes its fields and extensions, and who moves the refcount table.
@Suite struct HeaderWritersTests {
    private static let file = "file"

    private func table(_ world: World) async -> Int {
        await world.contents(Self.file)[48..<56].reduce(0) { $0 << 8 | Int($1) }
    }

    /// An image of small clusters, with one stored bitmap, shortly before its refcount table has to grow.
    private func prepare(_ world: World) async throws -> (guest: NodeUser, position: Int64) {
        try await world.disk(Self.file, length: 0)
        var image = NewQcow2Image(file: .named(Self.file), size: 8 << 20)
        image.clusterSize = 512
        image.refcountBits = 64
        try await world.graph.create(image)
        let node = NodeSpec(nodeName: "image", driver: .qcow2(Qcow2Spec(file: .named(Self.file))))
        _ = try await world.graph.open(node)
        try await world.graph.addBitmap(BitmapSpec(BitmapName(node: "image", name: "b"), isPersistent: true))
        try await world.graph.close("image")
        _ = try await world.graph.open(node)
        let guest = try await world.guest(of: "image")
        var position: Int64 = 0
        while await world.with(Self.file, { $0.length }) < 2 << 20 - 48 << 10 {
            try await guest.write([UInt8](repeating: 1, count: 4096), at: position)
            position += 4096
        }
        try await guest.flush()
        return (guest, position)
    }

    @Test(.timeLimit(.minutes(10)))
    func `a header that is written while the refcount table moves names the table that is in force`() async throws {
        let world = try World(graphDeadlines: GraphDeadlines(drain: .seconds(3600), flush: .seconds(3600), close: .seconds(3600)))
        let (guest, start) = try await prepare(world)
        let old = await table(world)
        let graph = world.graph
        await world.with(Self.file) { $0.hang(next: .write, times: nil) }
        let removal = Task { try await graph.removeBitmap(BitmapName(node: "image", name: "b")) }
        // Up to where only the header is left to be written: one field has changed already.
        while true {
            await world.with(Self.file) { await $0.waitUntilHanging() }
            let last = await world.with(Self.file) { storage in storage.log.last { $0.operation == .write } }
            if let last, (72..<104).contains(last.offset) { break }
            await world.with(Self.file) { $0.release() }
        }
        await world.with(Self.file) { $0.heal() }
        let writing = Task {
            var position = start
            while await table(world) == old, position < start + 64 * 4096 {
                try await guest.write([UInt8](repeating: 2, count: 4096), at: position)
                position += 4096
            }
        }
        for _ in 0..<200 { await world.threads[0].run { _ in await Task.yield() } }
        await world.with(Self.file) { $0.release() }
        try await within {
            try await removal.value
            try await writing.value
        }
        let moved = await table(world)
        #expect(moved != old)
        // What is written from here on is counted in the new table: the header still names it when everything is on disk.
        try await guest.write([UInt8](repeating: 3, count: 65536), at: 0)
        try await guest.flush()
        #expect(await table(world) == moved)
        await graph.detach(guest)
        try await graph.close("image")
        #expect(await table(world) == moved)
    }
}

extension NodeUser {
    fileprivate func flush() async throws(BlockError) {
        try await thread.run { [access] (_: isolated IOThread) async throws(BlockError) in try await access.value.flush() }
    }
}
