import ImageFormats
import Storage

/// An image's change to other options. While its file can still be written the image is made clean; writing begins again only when the file
/// is open for it.
final class Qcow2Reopening: DriverReopening {
    private let driver: Qcow2Driver
    private let image: Qcow2Image
    private let prepared: Qcow2Image.PreparedOptions
    private let wasReadOnly: Bool
    private let readOnly: Bool

    /// The first step.
    /// - Throws: what the image refuses; it is then as it was.
    init(_ driver: Qcow2Driver, to options: Qcow2OpenOptions, readOnly: Bool) async throws(BlockError) {
        self.driver = driver
        image = driver.image
        self.readOnly = readOnly
        wasReadOnly = image.isReadOnly
        prepared = try await image.prepare(options)
        super.init()
        if readOnly { try await image.activate(writing: false) } else { try image.checkCanBeWritten() }
    }

    /// A dirty image is repaired, and features that a writer must clear go: all that the first write needs, and that a disk may refuse.
    override func begin() async throws(BlockError) {
        guard !readOnly else { return }
        // From here on its clusters may move: what chains above remember of them is worth nothing any more.
        defer { ChainStructure.changed() }
        try await image.activate(writing: true)
    }

    override func commit() async {
        image.commit(prepared)
        driver.optionsChanged()
    }

    override func abort() async {
        guard image.isReadOnly != wasReadOnly else { return }
        defer { ChainStructure.changed() }
        do throws(BlockError) {
            try await image.activate(writing: !wasReadOnly)
        } catch {
            // Clean as the image was left, there is nothing to write either way.
            return
        }
    }
}
