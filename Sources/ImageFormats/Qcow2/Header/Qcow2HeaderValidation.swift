internal import Glibc
public import Storage

extension Qcow2Header {
    /// What an image is opened for.
    public enum Purpose: Sendable {
        /// To read it only.
        case reading
        /// To read and write it.
        case writing
        /// To check or repair it: what a repair can mend is let through.
        case checking
    }

    /// Refuses an image that cannot be opened for `purpose`, with QEMU's messages.
    /// - Throws: `.unsupported` for features and encryption, `.invalidImage` for what contradicts the format, `.readOnly` for a corrupt image
    ///   that is to be written to.
    public func validate(for purpose: Purpose) throws(BlockError) {
        try validateCompression()
        try validateFeatures()
        if incompatible.contains(.corrupt) && purpose == .writing {
            throw BlockError(.readOnly, "qcow2: Image is corrupt; cannot be opened read/write")
        }
        if incompatible.contains(.extendedL2) && clusterBits < Qcow2Limits.minClusterBitsWithSubclusters {
            throw BlockError(.invalidImage, "Unsupported subcluster size: \((1 << Int(clusterBits)) / 32)")
        }
        guard refcountOrder <= 6 else {
            throw BlockError(.invalidImage, "Reference count entry width too large; may not exceed 64 bits")
        }
        try validateEncryption()
        try validateRefcountTable(for: purpose)
        if purpose != .checking {
            try validateTable(
                "Snapshot table", offset: snapshotsOffset, size: Int64(snapshotCount) * 40, limit: 40 * Qcow2Limits.maxSnapshots)
        }
        try validateL1()
        try validateBitmaps()
        if isDataFileRaw && !needsDataFile { throw BlockError(.invalidImage, "data-file-raw requires a data file") }
    }

    private func validateCompression() throws(BlockError) {
        guard Qcow2CompressionType(rawValue: compressionNumber) != nil else {
            throw BlockError(.unsupported, "qcow2: unknown compression type: \(compressionNumber)")
        }
        if compression == .zlib {
            guard !incompatible.contains(.compressionType) else {
                throw BlockError(.invalidImage, "qcow2: Compression type incompatible feature bit must not be set")
            }
        } else {
            guard incompatible.contains(.compressionType) else {
                throw BlockError(.invalidImage, "qcow2: Compression type incompatible feature bit must be set")
            }
        }
    }

    private func validateFeatures() throws(BlockError) {
        var unknown = incompatible.subtracting(.known)
        guard !unknown.isEmpty else { return }
        var found: [String] = []
        for name in featureNames where name.field == Qcow2FeatureName.Field.incompatible.rawValue && name.bit < 64 {
            let feature = Qcow2IncompatibleFeatures(rawValue: 1 << UInt64(name.bit))
            if unknown.contains(feature) {
                found.append(name.name)
                unknown.subtract(feature)
            }
        }
        if !unknown.isEmpty { found.append("Unknown incompatible feature: \(String(unknown.rawValue, radix: 16))") }
        throw BlockError(.unsupported, "Unsupported qcow2 feature(s): \(found.joined(separator: ", "))")
    }

    private func validateEncryption() throws(BlockError) {
        switch Qcow2Encryption(rawValue: encryption) {
        case .some(.none): return
        case .aes: throw BlockError(.unsupported, "The image is encrypted with AES, which is not supported")
        case .luks: throw BlockError(.unsupported, "The image is encrypted with LUKS, which is not supported")
        case nil: throw BlockError(.unsupported, "Unsupported encryption method \(Int32(bitPattern: encryption))")
        }
    }

    private func validateRefcountTable(for purpose: Purpose) throws(BlockError) {
        if refcountTableClusters == 0 && purpose != .checking {
            throw BlockError(.invalidImage, "Image does not contain a reference count table")
        }
        try validateTable(
            "Reference count table", offset: refcountTableOffset, size: Int64(refcountTableClusters) << Int64(clusterBits),
            limit: Qcow2Limits.maxRefcountTableSize)
    }

    private func validateL1() throws(BlockError) {
        try validateTable("Active L1 table", offset: l1Offset, size: Int64(l1Entries) * 8, limit: Qcow2Limits.maxL1TableSize)
        guard virtualSize <= .max - UInt64(geometry.l2Coverage) else {
            throw .system(EFBIG, "Could not refresh total sector count")
        }
        guard let size = Int64(exactly: virtualSize), geometry.l1Entries(forLength: size) <= Int64(Int32.max) else {
            throw BlockError(.invalidImage, "Image is too big")
        }
        guard geometry.l1Entries(forLength: size) <= Int64(l1Entries) else { throw BlockError(.invalidImage, "L1 table is too small") }
    }

    private func validateBitmaps() throws(BlockError) {
        guard let bitmaps else { return }
        guard bitmaps.count <= Qcow2Limits.maxBitmaps else {
            throw BlockError(
                .invalidImage,
                "bitmaps_ext: Image has \(bitmaps.count) bitmaps, exceeding the QEMU supported maximum of \(Qcow2Limits.maxBitmaps)")
        }
        guard bitmaps.count > 0 else { throw BlockError(.invalidImage, "found bitmaps extension with zero bitmaps") }
        guard bitmaps.directoryOffset & ((1 << UInt64(clusterBits)) - 1) == 0 else {
            throw BlockError(.invalidImage, "bitmaps_ext: invalid bitmap directory offset")
        }
        guard bitmaps.directorySize <= Qcow2Limits.maxBitmapDirectorySize else {
            throw BlockError(
                .invalidImage,
                "bitmaps_ext: bitmap directory size (\(bitmaps.directorySize)) exceeds the maximum supported size "
                    + "(\(Qcow2Limits.maxBitmapDirectorySize))")
        }
        guard bitmaps.directoryOffset <= UInt64(Int64.max) - bitmaps.directorySize else {
            throw BlockError(.invalidImage, "bitmaps_ext: invalid bitmap directory offset")
        }
    }

    /// Refuses a table that is larger than `limit`, begins within a cluster, or ends where no file can.
    func validateTable(_ name: String, offset: UInt64, size: Int64, limit: Int64) throws(BlockError) {
        guard size <= limit else { throw BlockError(.invalidImage, "\(name) too large") }
        guard offset & ((1 << UInt64(clusterBits)) - 1) == 0, offset <= UInt64(Int64.max - size) else {
            throw BlockError(.invalidImage, "\(name) offset invalid")
        }
    }
}
