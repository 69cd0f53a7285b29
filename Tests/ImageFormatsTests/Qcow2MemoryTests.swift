import Storage
import TestSupport
import Testing

@testable import ImageFormats

/// How much memory the metadata of an open image takes.
@Suite struct Qcow2MemoryTests {
    private static let clusterSize = 512

    private func image(_ options: Qcow2OpenOptions) async throws -> Qcow2Image {
        let file = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.create("i", "4M", options: "cluster_size=\(Self.clusterSize)")
            return try tools.bytes("i")
        }
        return try await Qcow2Image.open(
            file: SimulatedStorage(seed: 1, contents: file), options: options, offload: DispatchOffload())
    }

    private func fill(_ image: Qcow2Image) async throws {
        let bytes = [UInt8](repeating: 7, count: 64 << 10)
        for offset in stride(from: 0, to: 4 << 20, by: bytes.count) {
            try await bytes.withUnsafeBytesAsync { try await image.write(at: GuestOffset(Int64(offset)), from: $0, flags: []) }
        }
    }

    @Test func `the caches of tables and of refcounts both stay within their options while an image is written`() async throws {
        let options = Qcow2OpenOptions(l2CacheSize: 8192, l2CacheEntrySize: 512, refcountCacheSize: 4096)
        let image = try await image(options)
        try await fill(image)
        let state = try #require(image.writeState)
        #expect(image.l2Cache.memoryInUse == 8192)
        #expect(state.refcounts.cache.memoryInUse == 4096)
        // What is whole in memory: 8 bytes an L2 table and a refcount block, and the places of all of them.
        let whole = image.l1.count * 8 + Int(state.refcounts.table.size) + state.places.memoryInUse
        #expect(image.metadataMemory == 8192 + 4096 + whole)
        let tables = (4 << 20) / 512 / 64
        #expect(state.places.memoryInUse >= 12 * tables && state.places.memoryInUse <= 12 * 8 * tables)
        try await image.close()
    }

    @Test func `refcount blocks that nobody uses go as L2 tables do`() async throws {
        let image = try await image(Qcow2OpenOptions())
        try await fill(image)
        try await image.flush()
        let state = try #require(image.writeState)
        #expect(state.refcounts.cache.memoryInUse > 0 && image.l2Cache.memoryInUse > 0)
        image.dropUnusedMetadata()
        image.dropUnusedMetadata()
        #expect(state.refcounts.cache.memoryInUse == 0 && image.l2Cache.memoryInUse == 0)
        // And are read again when they are needed.
        try await fill(image)
        #expect(try await image.bytes(at: 0, count: 4 << 20) == [UInt8](repeating: 7, count: 4 << 20))
        try await image.close()
    }

    @Test func `changes that are not on disk are kept`() async throws {
        let image = try await image(Qcow2OpenOptions())
        try await fill(image)
        let state = try #require(image.writeState)
        #expect(state.refcounts.isDirty)
        let before = image.metadataMemory
        for _ in 0..<3 { image.dropUnusedMetadata() }
        #expect(image.metadataMemory > 0 && image.metadataMemory <= before && state.refcounts.isDirty)
        try await image.close()
        #expect(image.metadataMemory == image.l1.count * 8)
    }

    @Test func `a backing file takes its share of the L2 cache, at once`() async throws {
        let options = Qcow2OpenOptions(purpose: .reading, l2CacheSize: 8192, l2CacheEntrySize: 512)
        let image = try await image(options)
        #expect(image.chainMemory == 2048)
        // Tables that are not there need no slices: these are of an image with all of its tables.
        let full = try await self.image(Qcow2OpenOptions(l2CacheSize: 8192, l2CacheEntrySize: 512))
        try await fill(full)
        try await full.flush()
        #expect(full.l2Cache.memoryInUse == 8192)
        full.backing = ImageStorage(image)
        #expect(full.l2Cache.memoryInUse <= 6144)
        _ = try await full.bytes(at: 0, count: 4 << 20)
        #expect(full.l2Cache.memoryInUse == 6144)
        full.backing = nil
        _ = try await full.bytes(at: 0, count: 4 << 20)
        #expect(full.l2Cache.memoryInUse == 8192)
        try await full.close()
    }

    @Test(arguments: [
        (Qcow2OpenOptions(), 2 << 20), (Qcow2OpenOptions(l2CacheSize: 1 << 20), 256 << 10), (Qcow2OpenOptions(l2CacheSize: 0), 0),
        // With all in one, what the disk does not need is the refcounts'.
        (Qcow2OpenOptions(cacheSize: 1 << 20), 16 << 10),
    ])
    func `the chain's memory is a quarter of what L2 tables may have, and 2 MiB at most`(options: Qcow2OpenOptions, bytes: Int) async throws
    {
        #expect(try await image(options).chainMemory == bytes)
    }
}
