import ImageFormats
import Storage

/// An image of any bytes: it may be refused, it may fail, but it may not crash, hang, be read outside of its file, or, when a check finds nothing
/// wrong with it, lose or gain anything by being written to.
struct HostileImage {
    /// How much of the virtual disk is looked at.
    private static let window = 96 << 10
    /// More than a file may grow to by what is written here.
    private static let reach = 1 << 20
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Does everything with the image.
    func exercise() async {
        guard let contents = await readAll() else { return }
        // A check looks no further than the file reaches, and the file is going to grow.
        let grown = bytes + [UInt8](repeating: 0, count: max(0, Self.reach - bytes.count))
        let findings = [await check(bytes), await check(grown)]
        let isSound = findings.allSatisfy { $0?.isClean == true }
        await change(contents, isSound: isSound)
    }

    /// Runs work where it is.
    private struct Inline: Offload {
        func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value { work() }
    }

    private func open(_ storage: BoundedStorage, _ purpose: Qcow2Header.Purpose) async -> Qcow2Image? {
        let image = try? await Qcow2Image.open(file: storage, options: Qcow2OpenOptions(purpose: purpose), offload: Inline())
        if let image, image.header.needsDataFile { image.dataFile = BoundedStorage([]) }
        return image
    }

    /// The beginning and the end of the disk; nil for an image that does not open, and an empty array for one that cannot be read throughout.
    private func readAll() async -> [UInt8]? {
        guard let image = await open(BoundedStorage(bytes), .reading) else { return nil }
        let count = Int(min(Int64(Self.window), image.length))
        let contents = await read(image, at: 0, count: count)
        _ = await read(image, at: max(0, image.length - 8192), count: Int(min(8192, image.length)))
        var position: Int64 = 0
        for _ in 0..<64 where position < image.length {
            guard let extent = try? await image.extent(at: GuestOffset(position), limit: image.length - position) else { break }
            precondition(extent.length > 0 && extent.length <= image.length - position, "an extent beyond the disk")
            position += extent.length
        }
        return contents ?? []
    }

    private func read(_ image: Qcow2Image, at offset: Int64, count: Int) async -> [UInt8]? {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, count), alignment: 512)
        defer { buffer.deallocate() }
        _ = buffer.initializeMemory(as: UInt8.self, repeating: 0xA5)
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        guard (try? await image.read(at: GuestOffset(offset), into: part)) != nil else { return nil }
        return Array(part)
    }

    /// What a check finds; nil when it cannot be made.
    private func check(_ bytes: [UInt8]) async -> Qcow2CheckResult? {
        let storage = BoundedStorage(bytes)
        guard let header = try? await Qcow2Image.readHeader(storage), (try? header.validate(for: .checking)) != nil,
            let result = try? await Qcow2Checker.check(file: storage, header: header)
        else { return nil }
        return result
    }

    /// Writes, zeroes and discards by what the last bytes say, and compares with a plain array.
    private func change(_ contents: [UInt8], isSound: Bool) async {
        let storage = BoundedStorage(bytes)
        guard let image = await open(storage, .writing) else { return }
        var model = contents
        var hasFailed = contents.isEmpty
        for (number, choice) in bytes.suffix(6).enumerated() where image.length >= 1024 {
            let limit = Int(min(Int64(Self.window), image.length))
            let start = Int(choice) * 641 % limit
            let count = min(limit - start, 1 + Int(choice) * 97)
            hasFailed = await change(image, &model, kind: number, start..<start + count, filler: choice) || hasFailed
        }
        if (try? await image.flush()) == nil { hasFailed = true }
        if (try? await image.close()) == nil { hasFailed = true }
        guard isSound, !hasFailed, !image.isCorrupt, !image.header.needsDataFile else { return }
        let result = await check(storage.bytes)
        guard result?.isClean == true else { fatalError("writing has damaged a sound image: \(String(describing: result))") }
        guard let again = await open(BoundedStorage(storage.bytes), .reading) else { fatalError("a sound image does not open again") }
        let found = await read(again, at: 0, count: model.count)
        precondition(found == model, "writing has changed what it should not have")
    }

    /// - Returns: whether the change failed, so that what is there now is unknown.
    private func change(_ image: Qcow2Image, _ model: inout [UInt8], kind: Int, _ range: Range<Int>, filler: UInt8) async -> Bool {
        let place = GuestOffset(Int64(range.lowerBound))
        var isDone = true
        switch kind % 3 {
        case 0:
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, range.count), alignment: 512)
            defer { buffer.deallocate() }
            _ = buffer.initializeMemory(as: UInt8.self, repeating: filler)
            isDone = (try? await image.write(at: place, from: UnsafeRawBufferPointer(rebasing: buffer[..<range.count]))) != nil
            if model.count >= range.upperBound { model.replaceSubrange(range, with: repeatElement(filler, count: range.count)) }
        case 1:
            isDone = (try? await image.writeZeroes(at: place, count: Int64(range.count))) != nil
            if model.count >= range.upperBound { model.replaceSubrange(range, with: repeatElement(0, count: range.count)) }
        default:
            isDone = (try? await image.flush()) != nil
        }
        return !isDone
    }
}
