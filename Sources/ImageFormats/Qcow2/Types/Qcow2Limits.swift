/// The largest of everything in an image that is opened. They are QEMU's: what QEMU makes is opened, and a hostile image cannot ask for
/// more memory than these.
public enum Qcow2Limits {
    /// The smallest cluster: 512 bytes.
    public static let minClusterBits = 9
    /// The largest cluster: 2 MiB.
    public static let maxClusterBits = 21
    /// The smallest cluster of an image with subclusters: 16 KiB, so that a subcluster has 512 bytes.
    public static let minClusterBitsWithSubclusters = 14
    /// Bytes of an L1 table.
    public static let maxL1TableSize: Int64 = 32 << 20
    /// Bytes of the refcount table.
    public static let maxRefcountTableSize: Int64 = 8 << 20
    /// Internal snapshots.
    public static let maxSnapshots: Int64 = 65536
    /// Bytes of the whole snapshot table.
    public static let maxSnapshotTableSize: Int64 = 1024 * maxSnapshots
    /// Bytes of extra data of one snapshot.
    public static let maxSnapshotExtraData: Int64 = 1024
    /// Persistent bitmaps.
    public static let maxBitmaps: Int64 = 65535
    /// Bytes of the bitmap directory.
    public static let maxBitmapDirectorySize: Int64 = 1024 * maxBitmaps
    /// Bytes of the name of a backing file.
    public static let maxBackingFileName = 1023
    /// Bytes of the name of a backing file's format.
    public static let maxBackingFormatName = 15
    /// What an L1 or L2 entry can refer to lies below this offset.
    public static let maxHostOffset: Int64 = 1 << 56
}
