internal import Glibc
public import ImageFormats
public import Storage

/// The raw format over a file node: the whole of it, or a window.
public class RawDriver: NodeDriver {
    let file: NodeEdge
    private(set) var layout: RawLayout

    /// Makes a driver over `file`.
    public init(_ file: NodeEdge, layout: RawLayout) {
        self.file = file
        self.layout = layout
    }

    /// Requests are cut and aligned below.
    public override var limits: StorageLimits {
        let below = file.node.driver.limits
        return StorageLimits(memoryAlignment: below.memoryAlignment, maxTransfer: Int.max, maxZeroes: .max)
    }

    public override var preferredAlignment: Int {
        // A window that begins inside of a block cannot be aligned at all: 512 is as good as any.
        let below = file.node.driver.preferredAlignment
        return layout.offset & Int64(below - 1) == 0 ? below : 1
    }

    public override var length: Int64 { layout.length(fileLength: file.node.length) }
    public override var children: [NodeEdge] { [file] }

    public override func passRead(at offset: Int64, count: Int64) throws(BlockError) -> Passage? {
        let place = try layout.locateRead(offset, count: count)
        return file.node.driver.hearsEvents || bytesInFile(place, count) < count ? nil : Passage(file.node, at: place)
    }

    public override func passWrite(at offset: Int64, count: Int64) throws(BlockError) -> Passage? {
        let place = try locateWrite(offset, count: count)
        return file.node.driver.hearsEvents ? nil : Passage(file.node, at: place)
    }

    /// How many of the bytes at a place of the file are in the file: all but those between its end and the image's, which read as zeroes.
    @inline(__always)
    private func bytesInFile(_ place: Int64, _ count: Int64) -> Int64 {
        layout.mayEndBeyondFile ? min(count, max(0, file.node.length - place)) : count
    }

    /// Where in the file a write goes. What lies beyond the file's end cannot be written: nobody gave the node leave to make the file longer,
    /// and others may rely on its length.
    private func locateWrite(_ offset: Int64, count: Int64) throws(BlockError) -> Int64 {
        let place = try layout.locateWrite(offset, count: count)
        guard bytesInFile(place, count) == count else { throw BlockError(.system(errno: ENOSPC), "No space left on device") }
        return place
    }

    // The rest of the requests is for files that hear of them, or whose node must look at them.

    public override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        let place = try layout.locateRead(offset, count: Int64(buffer.count))
        file.node.note(.readAio)
        let inside = Int(bytesInFile(place, Int64(buffer.count)))
        try await file.node.read(at: place, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<inside]))
        _ = UnsafeMutableRawBufferPointer(rebasing: buffer[inside...]).initializeMemory(as: UInt8.self, repeating: 0)
    }

    public override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        let place = try locateWrite(offset, count: Int64(buffer.count))
        file.node.note(.writeAio)
        try await file.node.write(at: place, from: buffer, flags: flags)
    }

    public override func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        try await file.node.writeZeroes(at: try locateWrite(offset, count: count), count: count, flags: flags)
    }

    public override func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        try await file.node.discard(at: try locateWrite(offset, count: count), count: count)
    }

    public override func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        let place = try layout.locateRead(offset, count: limit)
        let inside = bytesInFile(place, limit)
        guard inside > 0 else { return StorageExtent(.hole, length: limit) }
        return try await file.node.extent(at: place, limit: inside)
    }

    public override func copy(from source: BlockStorage, at sourceOffset: Int64, to offset: Int64, count: Int) async throws(BlockError) {
        let place = try locateWrite(offset, count: Int64(count))
        guard !file.node.driver.hearsEvents else { throw NodeDriver.unsupported }
        try await file.node.copy(fromStorage: source, at: sourceOffset, to: place, count: count)
    }

    public override func prepareReopen(
        as definition: any DriverDefinition, _ options: NodeOptions, futureFile: Node?
    ) async throws(BlockError) -> DriverReopening {
        guard let spec = (definition as? RawDefinition)?.spec else { return DriverReopening() }
        let layout = try RawLayout(offset: spec.offset ?? 0, size: spec.size, fileLength: (futureFile ?? file.node).length)
        return Reopening(self, layout)
    }

    private final class Reopening: DriverReopening {
        private let driver: RawDriver
        private let layout: RawLayout

        init(_ driver: RawDriver, _ layout: RawLayout) {
            self.driver = driver
            self.layout = layout
        }

        override func commit() async { driver.layout = layout }
    }

    public override var snapshotFallback: NodeEdge? { file }

    public override func imageDetails() async -> ImageDetails { await file.node.driver.imageDetails().ofAnImageBelow }

    public override func truncate(to length: Int64, preallocation: Preallocation) async throws(BlockError) {
        try await file.node.truncate(to: try layout.fileLength(forLength: length), preallocation: preallocation)
    }
}
