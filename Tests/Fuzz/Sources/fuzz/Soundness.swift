import ImageFormats
import Storage

/// What checks say of an image.
enum Soundness {
    /// Whether a check finds nothing wrong. It looks no further than the file reaches, so the file is checked at its longest, too.
    static func isSound(_ bytes: [UInt8]) async -> Bool {
        guard await check(BoundedStorage(bytes), .none)?.isClean == true else { return false }
        return await check(BoundedStorage(grown(bytes)), .none)?.isClean == true
    }

    /// Whether a sound image still is one after it was changed.
    ///
    /// Where two entries of the active layer had one cluster and one of them lost it, the other lacks its copied flag, which costs a copy.
    static func isStillSound(_ bytes: [UInt8], mayLeak: Bool) async -> Bool {
        guard let result = await check(BoundedStorage(grown(bytes)), .none) else { return false }
        let flags = result.findings.filter { $0.message.contains("wrong copied flag") && $0.message.hasSuffix("refcount 1") }
        return result.isComplete && result.corruptions == flags.count && result.checkErrors == 0 && (mayLeak || result.leaks == 0)
    }

    /// Repairs an image, which is clean afterwards, or else the repair says why it is not.
    /// - Returns: the image as it is then; nil when it cannot be repaired.
    static func repair(_ bytes: [UInt8], _ repair: Qcow2Repair) async -> [UInt8]? {
        let storage = BoundedStorage(bytes)
        guard let result = await check(storage, repair) else { return nil }
        guard result.isClean else {
            precondition(!result.findings.isEmpty, "a repair that is no success and does not say why")
            return storage.bytes
        }
        let again = await check(BoundedStorage(storage.bytes), .none)
        guard again?.isClean == true else { fatalError("repaired, but not clean: \(String(describing: again))") }
        return storage.bytes
    }

    private static func check(_ storage: BoundedStorage, _ repair: Qcow2Repair) async -> Qcow2CheckResult? {
        guard let header = try? await Qcow2Image.readHeader(storage), (try? header.validate(for: .checking)) != nil,
            let result = try? await Qcow2Checker.check(file: storage, header: header, repair: repair)
        else { return nil }
        precondition(result.findings.count <= Qcow2CheckResult.maxFindings)
        return result
    }

    private static func grown(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: max(0, BoundedStorage.capacity - bytes.count))
    }
}
