import ImageFormats
import Storage

/// An image of any bytes, and what is to be done with it: it may be refused, it may fail, but it may not crash, hang, be read outside of its file,
/// or, when a check finds nothing wrong with it, lose or gain anything by what is done with it.
struct HostileImage {
    private let file: [UInt8]
    private let program: [Step]

    /// - Parameter input: the image, and behind it the program.
    init(_ input: [UInt8]) {
        file = input.dropLast(Step.programBytes)
        program = Step.program(input.suffix(Step.programBytes))
    }

    /// Does everything with the image: as it is, and as its repair leaves it.
    func exercise() async {
        await look()
        await Exercise(file).run(program)
        if let repaired = await Soundness.repair(file, .all), repaired != file { await Exercise(repaired).run(program) }
    }

    /// Reads what can be read of the image without changing it.
    private func look() async {
        guard let image = await OpenImage(BoundedStorage(file), BoundedStorage([]), .reading) else { return }
        _ = await image.contents()
        _ = await image.read(at: max(0, image.qcow2.length - 8192), count: Int(min(8192, image.qcow2.length)))
        var position: Int64 = 0
        for _ in 0..<64 where position < image.qcow2.length {
            let left = image.qcow2.length - position
            guard let extent = try? await image.qcow2.extent(at: GuestOffset(position), limit: left) else { break }
            precondition(extent.length > 0 && extent.length <= left, "an extent beyond the disk")
            position += extent.length
        }
        for bitmap in (try? await image.qcow2.bitmaps()) ?? [] { await image.readBits(bitmap) }
        try? await image.qcow2.close()
    }
}
