/// Where the header says that metadata is, as plain numbers. The checker believes them and nothing behind them.
struct MetadataPlan {
    /// The format's version: 2 or 3.
    let version: Int
    /// The sizes that follow from the header.
    let geometry: Qcow2Geometry
    /// The virtual disk's length in bytes.
    let virtualLength: Int64
    /// Guest data is in another file: its clusters have no refcounts.
    let hasDataFile: Bool
    let l1Offset: Int64
    let l1Entries: Int
    var refcountTableOffset: Int64
    var refcountTableEntries: Int64
    var snapshotsOffset: UInt64
    var snapshotCount: Int64
    let bitmaps: Qcow2BitmapsExtension?
    /// The features that say the image may be wrong.
    let incompatible: Qcow2IncompatibleFeatures

    /// Takes the numbers of a header that was validated for checking.
    init(_ header: Qcow2Header) {
        version = Int(header.version)
        geometry = header.geometry
        virtualLength = header.length
        hasDataFile = header.needsDataFile
        l1Offset = Int64(header.l1Offset)
        l1Entries = Int(header.l1Entries)
        refcountTableOffset = Int64(header.refcountTableOffset)
        refcountTableEntries = Int64(header.refcountTableClusters) << Int64(header.clusterBits - 3)
        snapshotsOffset = header.snapshotsOffset
        snapshotCount = Int64(header.snapshotCount)
        bitmaps = header.bitmaps
        incompatible = header.incompatible
    }
}

/// The parts of a table's words, as the format defines them.
enum TableWord {
    /// The refcount of what is referred to is exactly one.
    static let copied: UInt64 = 1 << 63
    /// The cluster is compressed.
    static let compressed: UInt64 = 1 << 62
    /// The cluster reads as zeroes (in an image without subclusters).
    static let zero: UInt64 = 1
    /// An L1 or L2 entry's host offset.
    static let offset: UInt64 = 0x00ff_ffff_ffff_fe00
    /// Bits of an L1 entry that mean nothing.
    static let l1Reserved: UInt64 = 0x7f00_0000_0000_01ff
    /// Bits of an L2 entry of a standard cluster that mean nothing.
    static let l2Reserved: UInt64 = 0x3f00_0000_0000_01fe
    /// The host offset in the refcount table.
    static let refcountBlock: UInt64 = 0xffff_ffff_ffff_fe00
    /// The bits of a subcluster bitmap that say "allocated".
    static let subclustersAllocated: UInt64 = 0x0000_0000_ffff_ffff
}
