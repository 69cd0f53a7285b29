internal import Glibc
public import Storage

/// What a new qcow2 image is to be. The defaults are QEMU's.
public struct Qcow2CreateOptions: Sendable, Equatable {
    /// The format's version: 2 or 3.
    public enum Version: UInt32, Sendable, CaseIterable {
        /// `compat=0.10`.
        case v2 = 2
        /// `compat=1.1`.
        case v3 = 3
    }

    /// The virtual disk's length in bytes; a negative one, which is one of 2^63 and more on the wire, is refused.
    public var size: Int64
    /// The format's version.
    public var version: Version
    /// Bytes of a cluster: a power of two from 512 to 2 Mi, with `extendedL2` from 16 Ki.
    public var clusterSize: UInt64
    /// What is provided of the tables and of the data's space.
    public var preallocation: Preallocation
    /// Whether refcounts may be written late.
    public var lazyRefcounts: Bool
    /// Bits of a refcount: a power of two up to 64.
    public var refcountBits: Int64
    /// How compressed clusters are compressed.
    public var compression: Qcow2CompressionType
    /// Whether clusters have subclusters.
    public var extendedL2: Bool
    /// The name that the header gives for the external data file; nil for data within the image.
    public var dataFile: String?
    /// Whether the external data file is a raw image of the disk by itself.
    public var dataFileRaw: Bool
    /// The backing file's name as it goes into the header; nothing is opened.
    public var backingFile: String?
    /// The name of the backing file's format.
    public var backingFormat: String?

    /// Makes options.
    public init(
        size: Int64, version: Version = .v3, clusterSize: UInt64 = 65536, preallocation: Preallocation = .off,
        lazyRefcounts: Bool = false, refcountBits: Int64 = 16, compression: Qcow2CompressionType = .zlib, extendedL2: Bool = false,
        dataFile: String? = nil, dataFileRaw: Bool = false, backingFile: String? = nil, backingFormat: String? = nil
    ) {
        self.size = size
        self.version = version
        self.clusterSize = clusterSize
        self.preallocation = preallocation
        self.lazyRefcounts = lazyRefcounts
        self.refcountBits = refcountBits
        self.compression = compression
        self.extendedL2 = extendedL2
        self.dataFile = dataFile
        self.dataFileRaw = dataFileRaw
        self.backingFile = backingFile
        self.backingFormat = backingFormat
    }

    /// Refuses values that are wrong or contradict each other, in QEMU's words and order.
    /// - Throws: `.invalidOption`.
    public func validate() throws(BlockError) {
        guard size & 511 == 0 else { throw BlockError(.invalidOption, "Image size must be a multiple of 512 bytes") }
        if extendedL2 {
            try needVersion3("Extended L2 entries are only supported with compatibility level 1.1 and above (use version=v3 or greater)")
        }
        try validateClusterSize()
        try validateBacking()
        if lazyRefcounts {
            try needVersion3("Lazy refcounts only supported with compatibility level 1.1 and above (use version=v3 or greater)")
        }
        try validateRefcounts()
        try validateDataFile()
        if compression != .zlib {
            try needVersion3(
                "Non-zlib compression type is only supported with compatibility level 1.1 and above (use version=v3 or greater)")
        }
        try validateSize()
    }

    private func needVersion3(_ message: String) throws(BlockError) {
        guard version == .v3 else { throw BlockError(.invalidOption, message) }
    }

    private func validateClusterSize() throws(BlockError) {
        guard clusterSize.nonzeroBitCount == 1, clusterSize >= 512, clusterSize <= 2 << 20 else {
            throw BlockError(.invalidOption, "Cluster size must be a power of two between 512 and 2048k")
        }
        guard !extendedL2 || clusterSize >= 16384 else {
            throw BlockError(.invalidOption, "Extended L2 entries are only supported with cluster sizes of at least 16384 bytes")
        }
    }

    private func validateBacking() throws(BlockError) {
        guard backingFile == nil || preallocation == .off || extendedL2 else {
            throw BlockError(.invalidOption, "Backing file and preallocation can only be used at the same time if extended_l2 is on")
        }
        guard backingFormat == nil || backingFile != nil else {
            throw BlockError(.invalidOption, "Backing format cannot be used without backing file")
        }
    }

    private func validateRefcounts() throws(BlockError) {
        guard refcountBits > 0, refcountBits <= 64, refcountBits.nonzeroBitCount == 1 else {
            throw BlockError(.invalidOption, "Refcount width must be a power of two and may not exceed 64 bits")
        }
        if refcountBits != 16 {
            try needVersion3(
                "Different refcount widths than 16 bits require compatibility level 1.1 or above (use version=v3 or greater)")
        }
    }

    private func validateDataFile() throws(BlockError) {
        if dataFileRaw {
            guard dataFile != nil else { throw BlockError(.invalidOption, "data-file-raw requires data-file") }
            guard backingFile == nil else {
                throw BlockError(.invalidOption, "Backing file and data-file-raw cannot be used at the same time")
            }
        }
        if dataFile != nil {
            try needVersion3("External data files are only supported with compatibility level 1.1 and above (use version=v3 or greater)")
        }
    }

    /// The greatest length of any node, in bytes: no alignment up to 1 GiB takes an offset within it beyond 64 bits.
    private static let longest = Int64.max & ~((1 << 30) - 1)

    private func validateSize() throws(BlockError) {
        guard size >= 0 else { throw BlockError(.invalidOption, "Could not resize image: Image size cannot be negative") }
        guard size <= Self.longest else {
            throw BlockError(.outOfBounds, "Could not resize image: offset(\(size)) exceeds maximum(\(Self.longest))")
        }
        guard geometry.l1Entries(forLength: size) <= Qcow2Limits.maxL1TableSize / 8 else {
            throw .system(EFBIG, "Could not resize image: Failed to grow the L1 table")
        }
    }

    /// The sizes that follow from validated options.
    var geometry: Qcow2Geometry {
        Qcow2Geometry(
            clusterBits: clusterSize.trailingZeroBitCount, refcountOrder: refcountBits.trailingZeroBitCount, hasSubclusters: extendedL2)
    }

    /// What is provided in the end: an external raw file is only a raw image of the disk when the tables refer to all of it.
    var effectivePreallocation: Preallocation { dataFileRaw && preallocation == .off ? .metadata : preallocation }
}
