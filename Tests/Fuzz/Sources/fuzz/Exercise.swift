import ImageFormats
import Storage

/// A program that runs on an image, beside a plain array that has what the disk must show.
final class Exercise {
    let file: BoundedStorage
    private let dataFile = BoundedStorage([])
    /// The beginning of the disk; nil while nobody knows.
    var model: [UInt8]?
    /// The same for snapshots, by id, as far as it is known.
    var snapshots: [String: [UInt8]] = [:]
    /// Whether the image was sound, so that it must stay so.
    var isSound = false
    /// Whether something has failed, which may leave leaks.
    var mayLeak = false

    init(_ bytes: [UInt8]) { file = BoundedStorage(bytes) }

    func run(_ program: [Step]) async {
        isSound = await Soundness.isSound(file.bytes)
        guard var image = await open() else { return }
        model = await image.contents()
        for step in program {
            switch step.kind {
            case .reopen, .repair:
                guard await close(image) else { return }
                if step.kind == .repair { await repair(step.place & 1 == 0 ? .all : .leaks) }
                guard let again = await open() else { return }
                image = again
                await expectModel(image, "an image that was opened again shows something else")
            default: await perform(step, image)
            }
            if image.qcow2.isCorrupt { break }
        }
        guard await close(image), isSound, let again = await open() else { return }
        await expectModel(again, "the image has lost or gained something")
    }

    /// - Returns: nil when the image is refused, which a sound one that was open already is not.
    private func open() async -> OpenImage? {
        let image = await OpenImage(file, dataFile, .writing)
        if image == nil && isSound && model != nil { fatalError("a sound image does not open again") }
        image?.qcow2.onCorruption = { [unowned self] report in
            // A check does not look at everything that a request does, so it may be true; but not of what has been read before.
            if isSound && model != nil { fatalError("a sound image is said to be damaged: \(report)") }
        }
        return image
    }

    /// Compares with the model, as far as there is one.
    func expectModel(_ image: OpenImage, _ complaint: StaticString) async {
        guard isSound, !image.qcow2.isCorrupt, let model else { return }
        let found = await image.contents()
        if found == model { return }
        let place = found.map { found in zip(found, model).enumerated().first { $1.0 != $1.1 }?.offset ?? min(found.count, model.count) }
        fatalError("\(complaint): \(found?.count ?? -1) of \(model.count) bytes, at \(place ?? -1)")
    }

    /// - Returns: whether it can be used again.
    private func close(_ image: OpenImage) async -> Bool {
        if (try? await image.qcow2.flush()) == nil { mayLeak = true }
        await expectModel(image, "the image does not show what was written")
        if (try? await image.qcow2.close()) == nil { mayLeak = true }
        guard !image.qcow2.isCorrupt else { return false }
        guard isSound else { return true }
        // The refcounts of an image that is left dirty may be anything; whoever opens it next repairs it.
        if mayLeak && image.qcow2.header.incompatible.contains(.dirty) { return true }
        guard await Soundness.isStillSound(file.bytes, mayLeak: mayLeak) else { return await complain() }
        return true
    }

    private func complain() async -> Bool {
        let storage = BoundedStorage(file.bytes)
        let header = try? await Qcow2Image.readHeader(storage)
        guard let header, let result = try? await Qcow2Checker.check(file: storage, header: header) else {
            fatalError("a sound image cannot be checked any more")
        }
        fatalError("a sound image was damaged: \(result)")
    }

    private func repair(_ repair: Qcow2Repair) async {
        guard let repaired = await Soundness.repair(file.bytes, repair) else {
            precondition(!isSound, "a sound image cannot be repaired")
            return
        }
        try? await file.truncate(to: Int64(repaired.count), preallocation: .off)
        await withMemory(repaired.count, filler: 0) { buffer in
            buffer.copyBytes(from: repaired)
            try? await file.write(at: 0, from: UnsafeRawBufferPointer(buffer), flags: [])
        }
        if isSound {
            // Leaks go with either kind of repair.
            guard await Soundness.isSound(file.bytes) else { fatalError("a repair leaves something of a sound image") }
            mayLeak = false
        } else {
            isSound = await Soundness.isSound(file.bytes)
            // What it shows is another thing: a repair may change it.
            model = nil
            snapshots = [:]
        }
    }
}
