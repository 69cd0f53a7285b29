import ImageFormats
import Storage

/// Runs work where it is.
private struct Inline: Offload {
    func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value { work() }
}

/// Memory for a request.
func withMemory<Result>(_ count: Int, filler: UInt8, _ body: (UnsafeMutableRawBufferPointer) async -> Result) async -> Result {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, count), alignment: 512)
    defer { buffer.deallocate() }
    _ = buffer.initializeMemory(as: UInt8.self, repeating: filler)
    return await body(UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
}

/// An image that was not refused, with a data file if it wants one.
struct OpenImage {
    /// How much of the virtual disk is looked at.
    static let window = 96 << 10
    let qcow2: Qcow2Image

    init?(_ file: BoundedStorage, _ dataFile: BoundedStorage, _ purpose: Qcow2Header.Purpose) async {
        let options = Qcow2OpenOptions(purpose: purpose)
        guard let image = try? await Qcow2Image.open(file: file, options: options, offload: Inline()) else { return nil }
        qcow2 = image
        let isMissed = (try? image.checkDataFile()) == nil
        precondition(isMissed == image.header.needsDataFile, "a data file is missed or not by mistake")
        if image.header.needsDataFile { image.dataFile = dataFile }
    }

    /// What is looked at.
    var visible: Int { Int(min(Int64(Self.window), qcow2.length)) }

    /// The beginning of the disk; nil where it cannot be read throughout.
    func contents() async -> [UInt8]? { await read(at: 0, count: visible) }

    func read(at offset: Int64, count: Int) async -> [UInt8]? {
        await withMemory(count, filler: 0xA5) { buffer in
            guard (try? await qcow2.read(at: GuestOffset(offset), into: buffer)) != nil else { return nil }
            return Array(buffer)
        }
    }

    /// Reads a bitmap's bits.
    func readBits(_ bitmap: Qcow2Bitmap) async {
        let length = qcow2.length
        var position: Int64 = 0
        let isRead: Void? = try? await qcow2.readBitmap(bitmap.name) { (range, _) throws(BlockError) in
            precondition(range.lowerBound == position && range.upperBound <= length, "bits of another part of the disk")
            position = range.upperBound
        }
        if isRead != nil { precondition(position == length, "bits that do not cover the disk") }
    }
}
