import BlockGraph
import ImageFormats
import TestSupport
import Testing

@Suite struct `dirty bitmap bits` {
    @Test(arguments: [Int64(512), 4096, 65536])
    func `go into an image and come back`(granularity: Int64) throws {
        var chance = SeededGenerator(seed: UInt64(granularity))
        let bitmap = try DirtyBitmap(length: 20 << 20 + 512, granularity: granularity)
        for _ in 0..<30 {
            bitmap.set(Int64.random(in: 0..<20 << 20, using: &chance), count: Int64.random(in: 1..<300_000, using: &chance))
        }
        bitmap.set(20 << 20, count: 512)
        let back = try DirtyBitmap(length: bitmap.length, granularity: granularity)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 8)
        defer { buffer.deallocate() }
        let coverage = granularity * 8 * 64
        for start in stride(from: Int64(0), to: bitmap.length, by: Int(coverage)) {
            buffer.initializeMemory(as: UInt8.self, repeating: 0)
            let range = start..<min(bitmap.length, start + coverage)
            if bitmap.fill(range, into: buffer) { back.add(.bytes(UnsafeRawBufferPointer(buffer)), for: range) }
        }
        #expect(back.content == bitmap.content)
        #expect(back.dirtyRegions == bitmap.dirtyRegions)
    }

    @Test func `past the end of the disk mean nothing`() throws {
        let bitmap = try DirtyBitmap(length: 5 * 512, granularity: 512)
        let bytes = [UInt8](repeating: 0xFF, count: 64)
        bytes.withUnsafeBytes { bitmap.add(.bytes($0), for: 0..<5 * 512) }
        #expect(bitmap.dirtyRegions == 5 && bitmap.dirtyBytes == 5 * 512)
        let full = try DirtyBitmap(length: 5 * 512, granularity: 512)
        full.add(.ones, for: 0..<5 * 512)
        #expect(full.content == bitmap.content)
        full.clearAll()
        full.add(.zeroes, for: 0..<5 * 512)
        #expect(full.isClean)
    }
}
