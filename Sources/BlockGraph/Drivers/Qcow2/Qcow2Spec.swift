/// Options of `qcow2`; nil is the default of `blockdev-add`.
public struct Qcow2Spec: Sendable, Equatable {
    /// What is read where the image has nothing.
    public enum Backing: Sendable, Equatable {
        /// What the image's header names, if it names something.
        case fromHeader
        /// Nothing, whatever the header says.
        case none
        /// This.
        case child(ChildSpec)
    }

    /// A kind of metadata that a write must not hit; the raw values are the names on the wire.
    public enum Overlap: String, Sendable, CaseIterable {
        case mainHeader = "main-header"
        case activeL1 = "active-l1"
        case activeL2 = "active-l2"
        case refcountTable = "refcount-table"
        case refcountBlock = "refcount-block"
        case snapshotTable = "snapshot-table"
        case inactiveL1 = "inactive-l1"
        case inactiveL2 = "inactive-l2"
        case bitmapDirectory = "bitmap-directory"

        /// What takes no time to check against.
        public static let constant: Set<Overlap> = [.mainHeader, .activeL1, .refcountTable, .snapshotTable, .bitmapDirectory]
        /// What is known without reading; the default.
        public static let cached = constant.union([.activeL2, .refcountBlock, .inactiveL1])
    }

    /// The image.
    public var file: ChildSpec
    /// Where the guest's data is, for images with an external data file; nil is what the header names.
    public var dataFile: ChildSpec?
    /// What is read where the image has nothing.
    public var backing: Backing
    /// Whether refcounts are written late.
    public var lazyRefcounts: Bool?
    /// Whether the guest's discards reach the file; by default where the node's do.
    public var passDiscardRequest: Bool?
    /// Whether what a deleted snapshot leaves is discarded in the file.
    public var passDiscardSnapshot: Bool?
    /// Whether anything else that becomes free is discarded in the file.
    public var passDiscardOther: Bool?
    /// Whether discarded clusters stay allocated.
    public var discardNoUnref: Bool?
    /// Which metadata writes are checked against.
    public var overlapCheck: Set<Overlap>?
    /// Bytes of both metadata caches together; negative values are refused.
    public var cacheSize: Int64?
    /// Bytes of the cache of L2 tables.
    public var l2CacheSize: Int64?
    /// Bytes of an entry of that cache.
    public var l2CacheEntrySize: Int64?
    /// Bytes of the cache of refcount blocks.
    public var refcountCacheSize: Int64?
    /// Seconds after which unused metadata is dropped; 0 for never.
    public var cacheCleanInterval: Int64?

    /// Makes options.
    public init(file: ChildSpec, dataFile: ChildSpec? = nil, backing: Backing = .fromHeader) {
        self.file = file
        self.dataFile = dataFile
        self.backing = backing
    }
}

extension DriverSpec {
    /// A qcow2 image.
    public static func qcow2(_ spec: Qcow2Spec) -> DriverSpec { DriverSpec(Qcow2Definition(spec: spec)) }
}
