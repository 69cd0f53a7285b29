/// Features that a program must know in order to open the image.
public struct Qcow2IncompatibleFeatures: OptionSet, Sendable, Hashable {
    /// The field as it is in the header.
    public let rawValue: UInt64
    /// Makes a set from the header's field.
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// Refcounts may be wrong: they are rebuilt from the tables before the image is written to.
    public static let dirty = Self(rawValue: 1 << 0)
    /// Anything may be wrong: the image is not written to until it is repaired.
    public static let corrupt = Self(rawValue: 1 << 1)
    /// Guest clusters live in another file, each at its guest offset.
    public static let externalDataFile = Self(rawValue: 1 << 2)
    /// Compressed clusters are not compressed with zlib.
    public static let compressionType = Self(rawValue: 1 << 3)
    /// L2 entries have 16 bytes, clusters 32 subclusters.
    public static let extendedL2 = Self(rawValue: 1 << 4)
    /// All that are known here.
    public static let known: Self = [.dirty, .corrupt, .externalDataFile, .compressionType, .extendedL2]
}

/// Features that a program may ignore.
public struct Qcow2CompatibleFeatures: OptionSet, Sendable, Hashable {
    /// The field as it is in the header.
    public let rawValue: UInt64
    /// Makes a set from the header's field.
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// Refcounts may be written late, under the dirty bit.
    public static let lazyRefcounts = Self(rawValue: 1 << 0)
}

/// Features that a program which does not know them clears before it writes.
public struct Qcow2AutoclearFeatures: OptionSet, Sendable, Hashable {
    /// The field as it is in the header.
    public let rawValue: UInt64
    /// Makes a set from the header's field.
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    /// The bitmaps extension tells the truth.
    public static let bitmaps = Self(rawValue: 1 << 0)
    /// The external data file is a raw image of the disk by itself.
    public static let rawExternalData = Self(rawValue: 1 << 1)
    /// All that are known here.
    public static let known: Self = [.bitmaps, .rawExternalData]
}

/// How compressed clusters are compressed.
public enum Qcow2CompressionType: UInt8, Sendable, CaseIterable {
    /// Raw deflate streams.
    case zlib = 0
    /// Zstandard frames.
    case zstd = 1
}

/// How the payload is encrypted.
public enum Qcow2Encryption: UInt32, Sendable {
    /// Not at all.
    case none = 0
    /// AES-CBC, which nothing should use any more.
    case aes = 1
    /// LUKS.
    case luks = 2
}

/// A feature's name, for programs that don't know the feature.
public struct Qcow2FeatureName: Sendable, Hashable {
    /// The field of the header that the bit belongs to.
    public enum Field: UInt8, Sendable {
        /// `Qcow2IncompatibleFeatures`.
        case incompatible = 0
        /// `Qcow2CompatibleFeatures`.
        case compatible = 1
        /// `Qcow2AutoclearFeatures`.
        case autoclear = 2
    }

    /// The field of the header, as it is stored; others than `Field` has are none of ours.
    public let field: UInt8
    /// The bit's number: 0...63 in a valid table.
    public let bit: UInt8
    /// The name: at most 46 bytes.
    public let name: String

    /// Makes a table entry.
    public init(_ field: Field, bit: UInt8, name: String) {
        self.init(field: field.rawValue, bit: bit, name: name)
    }

    init(field: UInt8, bit: UInt8, name: String) {
        self.field = field
        self.bit = bit
        self.name = name
    }

    /// The table that is written into images of version 3 whose clusters have more than 4 KiB.
    public static let known: [Qcow2FeatureName] = [
        Qcow2FeatureName(.incompatible, bit: 0, name: "dirty bit"),
        Qcow2FeatureName(.incompatible, bit: 1, name: "corrupt bit"),
        Qcow2FeatureName(.incompatible, bit: 2, name: "external data file"),
        Qcow2FeatureName(.incompatible, bit: 3, name: "compression type"),
        Qcow2FeatureName(.incompatible, bit: 4, name: "extended L2 entries"),
        Qcow2FeatureName(.compatible, bit: 0, name: "lazy refcounts"),
        Qcow2FeatureName(.autoclear, bit: 0, name: "bitmaps"),
        Qcow2FeatureName(.autoclear, bit: 1, name: "raw external data"),
    ]

    /// The bytes of a table entry, and of its name in it.
    static let size = 48
    static let nameSize = 46
}
