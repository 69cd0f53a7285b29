/// An image's header with all that stands in the first cluster: fields, extensions and the name of the backing file.
///
/// A value without I/O: `parse` reads it from bytes, `validate` refuses what cannot be opened, `encode` makes the bytes again, in which
/// everything that was not understood is kept.
///
/// Bytes, all numbers big-endian: 0 magic `QFI\xfb`, 4 version, 8 backing file offset, 16 its name's length, 20 cluster bits, 24 virtual size,
/// 32 encryption, 36 L1 entries, 40 L1 offset, 48 refcount table offset, 56 its clusters, 60 snapshots, 64 snapshot table offset; from
/// version 3 on 72 incompatible, 80 compatible, 88 autoclear features, 96 refcount order, 100 header length, 104 compression type.
public struct Qcow2Header: Sendable, Equatable {
    /// `QFI\xfb`.
    public static let magic: UInt32 = 0x5146_49fb
    /// Bytes of the fields of version 2.
    static let version2Length = 72
    /// Bytes of the fields that version 3 always has.
    static let version3Length = 104
    /// Bytes of the fields that are known here, padded to a multiple of 8.
    static let fullLength = 112

    /// 2 or 3.
    public var version: UInt32
    /// log2 of the cluster size.
    public var clusterBits: UInt32
    /// The virtual disk's size in bytes as it is stored; `length` is what a user sees.
    public var virtualSize: UInt64
    /// The payload's encryption as it is stored; see `Qcow2Encryption`.
    public var encryption: UInt32
    /// Entries of the active L1 table.
    public var l1Entries: UInt32
    /// Where the active L1 table begins.
    public var l1Offset: UInt64
    /// Where the refcount table begins.
    public var refcountTableOffset: UInt64
    /// Clusters of the refcount table.
    public var refcountTableClusters: UInt32
    /// Internal snapshots.
    public var snapshotCount: UInt32
    /// Where the snapshot table begins.
    public var snapshotsOffset: UInt64
    /// What a program must know; nothing in version 2.
    public var incompatible: Qcow2IncompatibleFeatures
    /// What a program may ignore; nothing in version 2.
    public var compatible: Qcow2CompatibleFeatures
    /// What a program that does not know it clears; nothing in version 2.
    public var autoclear: Qcow2AutoclearFeatures
    /// log2 of the refcounts' width in bits; 4 in version 2.
    public var refcountOrder: UInt32
    /// The bytes from 104 up to the header's length: the compression type, and fields of a later time, which are kept.
    public var additionalFields: [UInt8]

    /// The backing file's name as it is stored, up to its first zero byte; nil for none.
    public var backingFileBytes: [UInt8]?
    /// The name of the backing file's format as it is stored, up to its first zero byte; nil for none.
    public var backingFormatBytes: [UInt8]?
    /// The external data file's name as it is stored, up to its first zero byte; nil for none.
    public var dataFileNameBytes: [UInt8]?
    /// Where the bitmaps' directory is; nil without bitmaps, and when a program that knew none has written to the image since.
    public var bitmaps: Qcow2BitmapsExtension?
    /// Whether there was a bitmaps extension that no longer tells the truth: it goes with the next writing of the header.
    public var hasStaleBitmaps: Bool
    /// Where the encryption's own header is.
    public var encryptionHeader: Qcow2EncryptionHeaderPointer?
    /// The feature name table as it was found; what is written is `Qcow2FeatureName.known`.
    public var featureNames: [Qcow2FeatureName]
    /// Extensions that nobody here knows, in their order, kept byte for byte.
    public var unknownExtensions: [Qcow2UnknownExtension]

    /// Makes the header of a new image without extensions. Nothing is checked: `validate` does.
    public init(version: UInt32, clusterBits: UInt32, virtualSize: UInt64, refcountOrder: UInt32 = 4) {
        self.version = version
        self.clusterBits = clusterBits
        self.virtualSize = virtualSize
        self.refcountOrder = refcountOrder
        encryption = 0
        l1Entries = 0
        l1Offset = 0
        refcountTableOffset = 0
        refcountTableClusters = 0
        snapshotCount = 0
        snapshotsOffset = 0
        incompatible = []
        compatible = []
        autoclear = []
        additionalFields = version >= 3 ? [UInt8](repeating: 0, count: Self.fullLength - Self.version3Length) : []
        hasStaleBitmaps = false
        featureNames = []
        unknownExtensions = []
    }

    /// The virtual disk's length in bytes: the stored size down to whole sectors of 512 bytes.
    public var length: Int64 { Int64(clamping: virtualSize) & ~511 }

    /// The length of the fields: where the extensions begin.
    public var headerLength: Int { version == 2 ? Self.version2Length : Self.version3Length + additionalFields.count }

    /// The compression's number as it is stored; 0 where there is no such field.
    public var compressionNumber: UInt8 {
        get { additionalFields.first ?? 0 }
        set {
            if additionalFields.isEmpty {
                guard newValue != 0 else { return }
                additionalFields = [UInt8](repeating: 0, count: Self.fullLength - Self.version3Length)
            }
            additionalFields[0] = newValue
        }
    }

    /// How compressed clusters are compressed.
    public var compression: Qcow2CompressionType { Qcow2CompressionType(rawValue: compressionNumber) ?? .zlib }

    /// The backing file's name; nil for none.
    public var backingFile: String? {
        get { backingFileBytes.map { String(decoding: $0, as: UTF8.self) } }
        set { backingFileBytes = newValue.map { Array($0.utf8) } }
    }

    /// The name of the backing file's format; nil for none.
    public var backingFormat: String? {
        get { backingFormatBytes.map { String(decoding: $0, as: UTF8.self) } }
        set { backingFormatBytes = newValue.map { Array($0.utf8) } }
    }

    /// The external data file's name; nil for none.
    public var dataFileName: String? {
        get { dataFileNameBytes.map { String(decoding: $0, as: UTF8.self) } }
        set { dataFileNameBytes = newValue.map { Array($0.utf8) } }
    }

    /// Whether the guest's clusters are in another file.
    public var needsDataFile: Bool { incompatible.contains(.externalDataFile) }

    /// Whether that file is a raw image of the disk.
    public var isDataFileRaw: Bool { autoclear.contains(.rawExternalData) }

    /// The sizes that follow from the header, which was validated.
    public var geometry: Qcow2Geometry {
        Qcow2Geometry(
            clusterBits: Int(clusterBits), refcountOrder: Int(refcountOrder), hasSubclusters: incompatible.contains(.extendedL2))
    }
}
