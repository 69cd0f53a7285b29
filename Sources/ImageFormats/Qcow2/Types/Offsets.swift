/// A byte of the virtual disk, counted from its beginning: what the user of an image addresses.
public struct GuestOffset: Sendable, Hashable, Comparable {
    /// Bytes from the beginning; never negative.
    public let bytes: Int64

    /// Makes the offset of a byte of the virtual disk.
    @inlinable
    public init(_ bytes: Int64) { self.bytes = bytes }

    /// Which comes first.
    @inlinable
    public static func < (left: GuestOffset, right: GuestOffset) -> Bool { left.bytes < right.bytes }

    /// The byte that follows by `distance`.
    @inlinable
    public static func + (offset: GuestOffset, distance: Int64) -> GuestOffset { GuestOffset(offset.bytes + distance) }
}

/// A byte of the image file, or of the external data file: what a table entry refers to.
public struct HostOffset: Sendable, Hashable, Comparable {
    /// Bytes from the beginning of the file; never negative, and below 2^56 in all that an L1 or L2 table can refer to.
    public let bytes: Int64

    /// Makes the offset of a byte of the file.
    @inlinable
    public init(_ bytes: Int64) { self.bytes = bytes }

    /// The file's first byte, where the header is; in a table entry, "none".
    @inlinable
    public static var zero: HostOffset { HostOffset(0) }

    /// Which comes first.
    @inlinable
    public static func < (left: HostOffset, right: HostOffset) -> Bool { left.bytes < right.bytes }

    /// The byte that follows by `distance`.
    @inlinable
    public static func + (offset: HostOffset, distance: Int64) -> HostOffset { HostOffset(offset.bytes + distance) }
}

/// The number of a cluster of the image file: what refcounts are kept for.
public struct HostCluster: Sendable, Hashable, Comparable {
    /// Clusters from the beginning of the file; never negative.
    public let index: Int64

    /// Makes the number of a cluster.
    @inlinable
    public init(_ index: Int64) { self.index = index }

    /// Which comes first.
    @inlinable
    public static func < (left: HostCluster, right: HostCluster) -> Bool { left.index < right.index }

    /// The cluster that follows by `count`.
    @inlinable
    public static func + (cluster: HostCluster, count: ClusterCount) -> HostCluster { HostCluster(cluster.index + count.value) }
}

/// How many clusters.
public struct ClusterCount: Sendable, Hashable, Comparable {
    /// The number; never negative.
    public let value: Int64

    /// Makes a number of clusters.
    @inlinable
    public init(_ value: Int64) { self.value = value }

    /// Which is less.
    @inlinable
    public static func < (left: ClusterCount, right: ClusterCount) -> Bool { left.value < right.value }

    /// The sum.
    @inlinable
    public static func + (left: ClusterCount, right: ClusterCount) -> ClusterCount { ClusterCount(left.value + right.value) }
}
