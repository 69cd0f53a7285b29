/// What a driver can tell of its image beside the length.
public struct ImageDetails: Sendable, Equatable {
    /// Whether the image was not closed cleanly; nil where that means nothing.
    public var isDirty: Bool?
    /// The unit of allocation in bytes; nil where there is none.
    public var clusterSize: Int64?
    /// The backing file's name as it stands in the image.
    public var backingFilename: String?
    /// The same, as it is opened.
    public var fullBackingFilename: String?
    /// The backing file's format as it stands in the image.
    public var backingFormat: String?

    /// The image's internal snapshots, in its order.
    public var snapshots: [InternalSnapshot] = []
    /// What only its format has.
    public var format: FormatDetails?

    /// Nothing known.
    public init() {}

    /// What a node that shows this image as its own tells of it.
    var ofAnImageBelow: ImageDetails {
        var details = ImageDetails()
        details.isDirty = isDirty
        details.clusterSize = clusterSize
        return details
    }
}

/// What only images of one format have.
public enum FormatDetails: Sendable, Equatable {
    /// A qcow2 image.
    case qcow2(Qcow2Details)
}

/// What a qcow2 image tells of itself.
public struct Qcow2Details: Sendable, Equatable {
    /// A bitmap that the image keeps, as it stands there.
    public struct Bitmap: Sendable, Equatable {
        /// Its name.
        public var name: String
        /// Bytes a bit.
        public var granularity: Int64
        /// Whether somebody has it in memory, or had when the image was left.
        public var isInUse: Bool
        /// Whether it records as soon as the image is open.
        public var isAuto: Bool
    }

    /// 2 or 3.
    public var version: Int
    /// Bits of a refcount.
    public var refcountBits: Int
    /// How compressed clusters are compressed.
    public var compression: NewQcow2Image.Compression
    /// The data file's name as it stands in the image; nil without one.
    public var dataFile: String?
    /// Whether the data file is kept readable as a raw image; nil without one.
    public var isDataFileRaw: Bool?
    /// Whether clusters have subclusters.
    public var hasExtendedL2: Bool
    /// Whether refcounts may be written late.
    public var hasLazyRefcounts: Bool
    /// Whether the image was found damaged.
    public var isCorrupt: Bool
    /// The bitmaps that it keeps.
    public var bitmaps: [Bitmap]
}
