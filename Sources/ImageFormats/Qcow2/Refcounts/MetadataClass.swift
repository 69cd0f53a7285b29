/// The kinds of metadata that a write must not hit: QEMU's classes of overlap checks.
public struct MetadataClass: OptionSet, Sendable, Hashable {
    /// The raw bits.
    public let rawValue: UInt16
    /// Makes a set from raw bits.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The header's cluster.
    public static let mainHeader = MetadataClass(rawValue: 1)
    /// The L1 table of the virtual disk.
    public static let activeL1 = MetadataClass(rawValue: 2)
    /// The L2 tables of the virtual disk.
    public static let activeL2 = MetadataClass(rawValue: 4)
    /// The refcount table.
    public static let refcountTable = MetadataClass(rawValue: 8)
    /// The refcount blocks.
    public static let refcountBlock = MetadataClass(rawValue: 16)
    /// The table of internal snapshots.
    public static let snapshotTable = MetadataClass(rawValue: 32)
    /// The L1 tables of snapshots.
    public static let inactiveL1 = MetadataClass(rawValue: 64)
    /// The L2 tables of snapshots, which must be read to be known.
    public static let inactiveL2 = MetadataClass(rawValue: 128)
    /// The directory of persistent bitmaps.
    public static let bitmapDirectory = MetadataClass(rawValue: 256)

    /// No check.
    public static let none: MetadataClass = []
    /// What can be checked without looking anywhere.
    public static let constant: MetadataClass = [.mainHeader, .activeL1, .refcountTable, .snapshotTable, .bitmapDirectory]
    /// What can be checked without reading from the disk. The default.
    public static let cached: MetadataClass = [.constant, .activeL2, .refcountBlock, .inactiveL1]
    /// All classes.
    public static let all: MetadataClass = [.cached, .inactiveL2]

    /// The class as a person reads it, for the message about an overlap.
    var title: String {
        switch self {
        case .mainHeader: "qcow2_header"
        case .activeL1: "active L1 table"
        case .activeL2: "active L2 table"
        case .refcountTable: "refcount table"
        case .refcountBlock: "refcount block"
        case .snapshotTable: "snapshot table"
        case .inactiveL1: "inactive L1 table"
        case .inactiveL2: "inactive L2 table"
        case .bitmapDirectory: "bitmap directory"
        default: "metadata"
        }
    }
}
