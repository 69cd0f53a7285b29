internal import Glibc
public import Storage

extension Qcow2Header {
    /// The bytes from the file's beginning up to the end of the backing file's name, to be followed by nothing that means anything.
    /// - Throws: ENOSPC when they don't fit into the first cluster.
    public func encode() throws(BlockError) -> [UInt8] {
        var bytes = fixedFields()
        if let backingFormatBytes { append(Qcow2ExtensionType.backingFormat, backingFormatBytes, to: &bytes) }
        if needsDataFile, let dataFileNameBytes { append(Qcow2ExtensionType.dataFileName, dataFileNameBytes, to: &bytes) }
        if let encryptionHeader {
            let data = BigEndian.bytes(encryptionHeader.offset) + BigEndian.bytes(encryptionHeader.length)
            append(Qcow2ExtensionType.encryptionHeader, data, to: &bytes)
        }
        // With smaller clusters the table would leave no room for a backing file's name.
        if version >= 3 && clusterBits > 12 { append(Qcow2ExtensionType.featureNames, Self.featureNameTable, to: &bytes) }
        if let bitmaps {
            let data =
                BigEndian.bytes(bitmaps.count) + BigEndian.bytes(UInt32(0)) + BigEndian.bytes(bitmaps.directorySize)
                + BigEndian.bytes(bitmaps.directoryOffset)
            append(Qcow2ExtensionType.bitmaps, data, to: &bytes)
        }
        for unknown in unknownExtensions { append(unknown.type, unknown.bytes, to: &bytes) }
        append(Qcow2ExtensionType.end, [], to: &bytes)
        if let backingFileBytes {
            bytes.replaceSubrange(8..<20, with: BigEndian.bytes(UInt64(bytes.count)) + BigEndian.bytes(UInt32(backingFileBytes.count)))
            bytes += backingFileBytes
        }
        guard bytes.count <= 1 << clusterBits else { throw .system(ENOSPC) }
        return bytes
    }

    private func fixedFields() -> [UInt8] {
        var bytes = BigEndian.bytes(Self.magic) + BigEndian.bytes(version)
        bytes += [UInt8](repeating: 0, count: 12)
        bytes += BigEndian.bytes(clusterBits) + BigEndian.bytes(virtualSize) + BigEndian.bytes(encryption)
        bytes += BigEndian.bytes(l1Entries) + BigEndian.bytes(l1Offset)
        bytes += BigEndian.bytes(refcountTableOffset) + BigEndian.bytes(refcountTableClusters)
        bytes += BigEndian.bytes(snapshotCount) + BigEndian.bytes(snapshotsOffset)
        guard version >= 3 else { return bytes }
        bytes += BigEndian.bytes(incompatible.rawValue) + BigEndian.bytes(compatible.rawValue)
        bytes += BigEndian.bytes(autoclear.rawValue) + BigEndian.bytes(refcountOrder)
        bytes += BigEndian.bytes(UInt32(headerLength)) + additionalFields
        return bytes
    }

    private func append(_ type: UInt32, _ data: [UInt8], to bytes: inout [UInt8]) {
        bytes += BigEndian.bytes(type) + BigEndian.bytes(UInt32(data.count)) + data
        bytes += [UInt8](repeating: 0, count: -data.count & 7)
    }

    private static let featureNameTable: [UInt8] = Qcow2FeatureName.known.flatMap { feature in
        let name = Array(feature.name.utf8.prefix(Qcow2FeatureName.nameSize))
        return [feature.field, feature.bit] + name + [UInt8](repeating: 0, count: Qcow2FeatureName.nameSize - name.count)
    }
}
