import Dispatch
import ImageFormats
import Storage
import TestSupport
import Testing

/// Runs offloaded work on Dispatch's threads.
struct DispatchOffload: Offload {
    func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withUnsafeContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: work()) }
        }
    }
}

/// An image as a storage, for the images above it.
final class ImageStorage: BlockStorage {
    let image: Qcow2Image

    init(_ image: Qcow2Image) {
        self.image = image
        super.init(limits: StorageLimits())
    }

    override var length: Int64 { image.length }

    override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        try await image.read(at: GuestOffset(offset), into: buffer)
    }

    override func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        try await image.extent(at: GuestOffset(offset), limit: limit)
    }
}

extension Qcow2Image {
    /// Opens an image whose file is these bytes.
    static func open(
        _ file: [UInt8], options: Qcow2OpenOptions = Qcow2OpenOptions(purpose: .reading), dataFile: [UInt8]? = nil,
        backing: BlockStorage? = nil
    ) async throws(BlockError) -> Qcow2Image {
        let image = try await open(file: SimulatedStorage(seed: 1, contents: file), options: options, offload: DispatchOffload())
        image.dataFile = dataFile.map { SimulatedStorage(seed: 2, contents: $0) }
        image.backing = backing
        try image.checkDataFile()
        return image
    }

    /// Reads into an array.
    func bytes(at offset: Int64, count: Int) async throws(BlockError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, count), alignment: 512)
        defer { buffer.deallocate() }
        _ = buffer.initializeMemory(as: UInt8.self, repeating: 0xA5)
        try await read(at: GuestOffset(offset), into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
        return Array(buffer[..<count])
    }

    /// Compares all that can be read with what must be there: as a whole, in random pieces, and by extents.
    func expectContents(_ expected: [UInt8], seed: UInt64, location: SourceLocation = #_sourceLocation) async throws {
        #expect(length == Int64(expected.count), sourceLocation: location)
        var position = 0
        while position < expected.count {
            let count = min(1 << 20, expected.count - position)
            let found = try await bytes(at: Int64(position), count: count)
            if found != Array(expected[position..<position + count]) {
                let wrong = found.indices.first { found[$0] != expected[position + $0] } ?? 0
                Issue.record("differs at \(position + wrong), seed \(seed)", sourceLocation: location)
                return
            }
            position += count
        }
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<60 {
            let start = Int.random(in: 0..<expected.count, using: &generator)
            let count = min(expected.count - start, 1 << Int.random(in: 0...17, using: &generator))
            let found = try await bytes(at: Int64(start), count: count)
            #expect(found.elementsEqual(expected[start..<start + count]), "at \(start)+\(count), seed \(seed)", sourceLocation: location)
        }
        try await expectExtents(expected, location)
    }

    private func expectExtents(_ expected: [UInt8], _ location: SourceLocation) async throws {
        var position = 0
        while position < expected.count {
            let extent = try await extent(at: GuestOffset(Int64(position)), limit: Int64(expected.count - position))
            let end = position + Int(extent.length)
            #expect(extent.length > 0 && end <= expected.count, sourceLocation: location)
            if extent.content != .data {
                let isZero = expected[position..<end].withUnsafeBytes { isAllZero($0) }
                #expect(isZero, "\(extent) at \(position)", sourceLocation: location)
            }
            position = end
        }
    }
}

extension [UInt8] {
    /// Lends the bytes to an asynchronous call.
    func withUnsafeBytesAsync(_ body: (UnsafeRawBufferPointer) async throws -> Void) async throws {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: Swift.max(1, count), alignment: 512)
        defer { copy.deallocate() }
        copy.copyBytes(from: self)
        try await body(UnsafeRawBufferPointer(rebasing: copy[..<count]))
    }
}
