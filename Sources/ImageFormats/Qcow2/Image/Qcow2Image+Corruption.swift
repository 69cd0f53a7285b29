internal import Glibc
internal import Storage
internal import Waiting

extension Qcow2Image {
    /// Byte offset of the incompatible features in the header.
    private static let incompatibleField: Int64 = 72

    /// Tells that the image contradicts itself. When it can be written to and the damage is fatal, it is first marked as corrupt on disk (from
    /// version 3 on), and refuses every further write.
    /// - Parameters:
    ///   - message: what is wrong, in QEMU's words.
    ///   - range: the bytes of the file that are concerned, if some are.
    ///   - isFatal: whether going on to write could make it worse.
    /// - Returns: what the request that met the damage fails with: EIO.
    func signalCorruption(_ message: String, range: Range<Int64>? = nil, isFatal: Bool = true) async -> BlockError {
        let isFatal = isFatal && !isReadOnly
        let failure = BlockError.system(EIO)
        // Once is enough, except that fatal damage after harmless damage is still marked.
        if hasReportedCorruption && (!isFatal || isCorrupt) { return failure }
        hasReportedCorruption = true
        if isFatal {
            // Before anything is awaited: no write begins from here on.
            isCorrupt = true
            await markCorrupt()
        }
        onCorruption?(
            CorruptionReport(
                message: message, offset: range?.lowerBound, size: range.map { $0.upperBound - $0.lowerBound }, isFatal: isFatal))
        return failure
    }

    /// Writes the corrupt bit. A disk that refuses leaves the image unmarked, and refused here all the same.
    private func markCorrupt() async {
        await headerTurn.lock()
        defer { headerTurn.unlock() }
        header.incompatible.insert(.corrupt)
        guard header.version >= 3 else { return }
        do throws(BlockError) {
            try await write(BigEndian.bytes(header.incompatible.rawValue), at: Self.incompatibleField)
            try await file.flush()
        } catch {
            return
        }
    }

    /// Refuses to read from an image that was found damaged while it could be written to: what its tables show may be somebody else's bytes.
    /// Opened for reading it can be looked at.
    /// - Throws: ENOMEDIUM, as QEMU.
    @inline(__always)
    func checkReadable() throws(BlockError) {
        guard !isCorrupt || isReadOnly else { throw .system(ENOMEDIUM) }
    }

    /// Refuses to write to an image that must not be written to.
    /// - Throws: `.readOnly`; ENOMEDIUM, as QEMU, when damage was found.
    func checkWritable() throws(BlockError) {
        guard !isReadOnly else { throw BlockError(.readOnly, "The image is read-only") }
        guard !isCorrupt else { throw .system(ENOMEDIUM) }
    }
}
