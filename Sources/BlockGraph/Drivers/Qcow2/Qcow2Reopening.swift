import ImageFormats
import Storage

/// An image's change to other options. While its file can still be written the image is made clean; writing begins again only when the file
/// is open for it.
final class Qcow2Reopening: DriverReopening {
    private let image: Qcow2Image
    private let prepared: Qcow2Image.PreparedOptions
    private let wasReadOnly: Bool
    private let readOnly: Bool

    /// The first step.
    /// - Throws: what the image refuses; it is then as it was.
    init(_ image: Qcow2Image, to options: Qcow2OpenOptions, readOnly: Bool) async throws(BlockError) {
        self.image = image
        self.readOnly = readOnly
        wasReadOnly = image.isReadOnly
        prepared = try await image.prepare(options)
        super.init()
        if readOnly { try await image.activate(writing: false) }
    }

    override func commit() async {
        image.commit(prepared)
        guard !readOnly && wasReadOnly else { return }
        do throws(BlockError) {
            try await image.activate(writing: true)
        } catch {
            // The image refuses to be written, as every write will say; it stays readable.
            return
        }
    }

    override func abort() async {
        guard readOnly && !wasReadOnly else { return }
        do throws(BlockError) {
            try await image.activate(writing: true)
        } catch {
            return
        }
    }
}
