public import Storage

extension Qcow2Header {
    /// What parsing a part of the first cluster yields.
    public enum Parsed: Sendable, Equatable {
        /// The header.
        case header(Qcow2Header)
        /// So many bytes of the file, at most a cluster, are needed to go on; what the file has not counts as zeroes.
        case needs(bytes: Int)
    }

    /// Reads a header from the file's first bytes.
    ///
    /// Only what the layout needs is checked here; `validate` does the rest.
    /// - Throws: `.invalidImage` with QEMU's messages when the layout is broken, `.unsupported` for another version.
    public static func parse(_ bytes: [UInt8]) throws(BlockError) -> Parsed {
        guard bytes.count >= version3Length else { return .needs(bytes: fullLength) }
        var header = try fields(bytes)
        let clusterSize = 1 << Int(header.clusterBits)
        let headerLength = header.version == 2 ? version2Length : Int(BigEndian.load(bytes, 100, as: UInt32.self))
        guard headerLength <= bytes.count else { return .needs(bytes: headerLength) }
        if header.version >= 3 { header.additionalFields = Array(bytes[version3Length..<headerLength]) }

        let name = try backingName(bytes, clusterSize: clusterSize)
        if let name, name.upperBound > bytes.count { return .needs(bytes: name.upperBound) }
        let end = name?.lowerBound ?? clusterSize
        if let needed = try header.parseExtensions(bytes, from: headerLength, to: end) { return .needs(bytes: needed) }
        header.backingFileBytes = name.map { textBytes(bytes[$0]) }
        return .header(header)
    }

    /// The fields with their own places, and their sizes in check.
    private static func fields(_ bytes: [UInt8]) throws(BlockError) -> Qcow2Header {
        guard BigEndian.load(bytes, 0, as: UInt32.self) == magic else {
            throw BlockError(.invalidImage, "Image is not in qcow2 format")
        }
        let version = BigEndian.load(bytes, 4, as: UInt32.self)
        guard version == 2 || version == 3 else { throw BlockError(.unsupported, "Unsupported qcow2 version \(version)") }
        let clusterBits = BigEndian.load(bytes, 20, as: UInt32.self)
        guard clusterBits >= Qcow2Limits.minClusterBits, clusterBits <= Qcow2Limits.maxClusterBits else {
            throw BlockError(.invalidImage, "Unsupported cluster size: 2^\(clusterBits)")
        }
        var header = Qcow2Header(
            version: version, clusterBits: clusterBits, virtualSize: BigEndian.load(bytes, 24, as: UInt64.self))
        header.encryption = BigEndian.load(bytes, 32, as: UInt32.self)
        header.l1Entries = BigEndian.load(bytes, 36, as: UInt32.self)
        header.l1Offset = BigEndian.load(bytes, 40, as: UInt64.self)
        header.refcountTableOffset = BigEndian.load(bytes, 48, as: UInt64.self)
        header.refcountTableClusters = BigEndian.load(bytes, 56, as: UInt32.self)
        header.snapshotCount = BigEndian.load(bytes, 60, as: UInt32.self)
        header.snapshotsOffset = BigEndian.load(bytes, 64, as: UInt64.self)
        if version >= 3 { try header.parseVersion3(bytes) }
        return header
    }

    private mutating func parseVersion3(_ bytes: [UInt8]) throws(BlockError) {
        incompatible = Qcow2IncompatibleFeatures(rawValue: BigEndian.load(bytes, 72, as: UInt64.self))
        compatible = Qcow2CompatibleFeatures(rawValue: BigEndian.load(bytes, 80, as: UInt64.self))
        autoclear = Qcow2AutoclearFeatures(rawValue: BigEndian.load(bytes, 88, as: UInt64.self))
        refcountOrder = BigEndian.load(bytes, 96, as: UInt32.self)
        let headerLength = BigEndian.load(bytes, 100, as: UInt32.self)
        guard headerLength >= Self.version3Length else { throw BlockError(.invalidImage, "qcow2 header too short") }
        guard headerLength <= 1 << clusterBits else { throw BlockError(.invalidImage, "qcow2 header exceeds cluster size") }
    }

    /// Where the backing file's name is; nil for none.
    private static func backingName(_ bytes: [UInt8], clusterSize: Int) throws(BlockError) -> Range<Int>? {
        let offset = BigEndian.load(bytes, 8, as: UInt64.self)
        guard offset != 0 else { return nil }
        guard offset <= clusterSize else { throw BlockError(.invalidImage, "Invalid backing file offset") }
        let start = Int(offset)
        let count = Int(BigEndian.load(bytes, 16, as: UInt32.self))
        guard count <= min(Qcow2Limits.maxBackingFileName, clusterSize - start) else {
            throw BlockError(.invalidImage, "Backing file name too long")
        }
        return start..<start + count
    }

    /// Takes the extensions between two places.
    /// - Returns: nil, or how many bytes of the file are needed to go on.
    private mutating func parseExtensions(_ bytes: [UInt8], from start: Int, to end: Int) throws(BlockError) -> Int? {
        var offset = start
        while offset < end {
            guard end - offset >= 8 else { throw BlockError(.invalidImage, "Header extension too large") }
            guard offset + 8 <= bytes.count else { return min(end, max(offset + 8, bytes.count * 2)) }
            let type = BigEndian.load(bytes, offset, as: UInt32.self)
            let count = Int(BigEndian.load(bytes, offset + 4, as: UInt32.self))
            offset += 8
            guard count <= end - offset else { throw BlockError(.invalidImage, "Header extension too large") }
            if type == Qcow2ExtensionType.end { return nil }
            guard offset + count <= bytes.count else { return min(end, max(offset + count, bytes.count * 2)) }
            try take(type, Array(bytes[offset..<offset + count]))
            offset += (count + 7) & ~7
        }
        return nil
    }

    private mutating func take(_ type: UInt32, _ data: [UInt8]) throws(BlockError) {
        switch type {
        case Qcow2ExtensionType.backingFormat:
            guard data.count <= Qcow2Limits.maxBackingFormatName else {
                throw BlockError(.invalidImage, "ERROR: ext_backing_format: len=\(data.count) too large (>=16)")
            }
            backingFormatBytes = Self.textBytes(data[...])
        case Qcow2ExtensionType.featureNames: featureNames = Self.names(data)
        case Qcow2ExtensionType.bitmaps: try takeBitmaps(data)
        case Qcow2ExtensionType.encryptionHeader: try takeEncryptionHeader(data)
        case Qcow2ExtensionType.dataFileName: dataFileNameBytes = Self.textBytes(data[...])
        default: unknownExtensions.append(Qcow2UnknownExtension(type: type, bytes: data))
        }
    }

    private mutating func takeBitmaps(_ data: [UInt8]) throws(BlockError) {
        guard data.count == Qcow2BitmapsExtension.size else {
            throw BlockError(.invalidImage, "bitmaps_ext: Invalid extension length")
        }
        guard autoclear.contains(.bitmaps) else {
            hasStaleBitmaps = true
            return
        }
        guard BigEndian.load(data, 4, as: UInt32.self) == 0 else {
            throw BlockError(.invalidImage, "bitmaps_ext: Reserved field is not zero")
        }
        bitmaps = Qcow2BitmapsExtension(
            count: BigEndian.load(data, 0, as: UInt32.self), directorySize: BigEndian.load(data, 8, as: UInt64.self),
            directoryOffset: BigEndian.load(data, 16, as: UInt64.self))
    }

    private mutating func takeEncryptionHeader(_ data: [UInt8]) throws(BlockError) {
        guard encryption == Qcow2Encryption.luks.rawValue else {
            throw BlockError(.invalidImage, "CRYPTO header extension only expected with LUKS encryption method")
        }
        guard data.count == Qcow2EncryptionHeaderPointer.size else {
            throw BlockError(
                .invalidImage,
                "CRYPTO header extension size \(data.count), but expected size \(Qcow2EncryptionHeaderPointer.size)")
        }
        encryptionHeader = Qcow2EncryptionHeaderPointer(
            offset: BigEndian.load(data, 0, as: UInt64.self), length: BigEndian.load(data, 8, as: UInt64.self))
    }

    /// A table's entries; one without a name ends it.
    private static func names(_ data: [UInt8]) -> [Qcow2FeatureName] {
        var names: [Qcow2FeatureName] = []
        var offset = 0
        while offset + Qcow2FeatureName.size <= data.count {
            let name = textBytes(data[offset + 2..<offset + Qcow2FeatureName.size])
            if name.isEmpty { break }
            names.append(
                Qcow2FeatureName(field: data[offset], bit: data[offset + 1], name: String(decoding: name, as: UTF8.self)))
            offset += Qcow2FeatureName.size
        }
        return names
    }

    /// Text in the image ends at a zero byte if it has one.
    private static func textBytes(_ bytes: ArraySlice<UInt8>) -> [UInt8] { Array(bytes.prefix { $0 != 0 }) }
}
