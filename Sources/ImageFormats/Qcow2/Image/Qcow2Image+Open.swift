public import Storage
import Waiting

extension Qcow2Image {
    /// Opens an image: reads its header and its L1 table, and nothing else. The owner then sets `dataFile` and `backing`.
    ///
    /// An image that is opened for writing loses the features that a writer must clear, and is repaired first when it was not closed properly.
    /// - Throws: what `Qcow2Header` refuses; `.invalidOption` for options that contradict each other.
    public static func open(
        file: BlockStorage, options: Qcow2OpenOptions = Qcow2OpenOptions(), offload: any Offload
    ) async throws(BlockError) -> Qcow2Image {
        let header = try await readHeader(file)
        try header.validate(for: options.purpose)
        let sizes = try options.validated(for: header)
        let l1 = try await L1Table.load(from: file, header: header)
        let image = Qcow2Image(file: file, header: header, options: options, sizes: sizes, l1: l1, offload: offload)
        // A broken table is told now, as QEMU does, and not when a snapshot is asked for.
        if header.snapshotCount > 0 && options.purpose != .checking { _ = try await image.loadedSnapshots() }
        if options.purpose == .writing { try await image.beginWriting() }
        return image
    }

    /// Reads the header of the image in `file`, which need not be openable.
    public static func readHeader(_ file: BlockStorage) async throws(BlockError) -> Qcow2Header {
        // Nearly every header fits, and none needs more than its cluster.
        var count = 1024
        while true {
            let bytes: [UInt8]
            do throws(BlockError) {
                bytes = try await file.bytesPadded(at: 0, count: count)
            } catch {
                throw BlockError(error.kind, "Could not read qcow2 header: \(error.message)")
            }
            switch try Qcow2Header.parse(bytes) {
            case .header(let header): return header
            case .needs(let needed): count = max(needed, count + 1)
            }
        }
    }

    /// What must be done before the first write.
    private func beginWriting() async throws(BlockError) {
        if header.hasStaleBitmaps || !header.autoclear.isSubset(of: .known) {
            try await updateHeader { header in
                header.autoclear.formIntersection(.known)
                header.hasStaleBitmaps = false
            }
        }
        if header.incompatible.contains(.dirty) { try await repairRefcounts() }
    }

    /// Refuses what `activate(writing: true)` would refuse, whatever the disk does.
    public func checkCanBeWritten() throws(BlockError) {
        if isReadOnly { try header.validate(for: .writing) }
    }

    /// Changes between reading and writing. Nothing may be in flight. When writing ends, everything is on disk and the image is clean.
    /// - Throws: as `open` and `finishWriting` do; the image is then as it was.
    public func activate(writing: Bool) async throws(BlockError) {
        guard writing == isReadOnly else { return }
        await bitmapTurn.lock()
        defer { bitmapTurn.unlock() }
        if writing {
            try header.validate(for: .writing)
            isReadOnly = false
            do throws(BlockError) {
                try await beginWriting()
            } catch {
                isReadOnly = true
                throw error
            }
        } else {
            try await finishWriting()
            writeState = nil
            isReadOnly = true
        }
        options.purpose = writing ? .writing : .reading
    }
}
