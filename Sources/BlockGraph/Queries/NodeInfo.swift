/// What a query tells about one node.
public struct NodeInfo: Sendable, Equatable {
    /// A child and its name.
    public struct Child: Sendable, Equatable {
        /// `file`, `backing`, ...
        public var name: String
        /// Its node-name.
        public var nodeName: String
    }

    /// The node-name.
    public var nodeName: String
    /// The driver's name.
    public var driver: String
    /// The file name, or the options that would open the node again.
    public var filename: NodeFilename
    /// Whether writes are refused.
    public var isReadOnly: Bool
    /// What becomes of writes of zeroes.
    public var detectZeroes: DetectZeroes
    /// cache.direct.
    public var cacheDirect: Bool
    /// cache.no-flush.
    public var cacheNoFlush: Bool
    /// How its backing node is named; nil when it has none.
    public var backingFilename: NodeFilename?
    /// The backing node, or the node that a filter stands on: the next one of the chain.
    public var nodeBelow: String?
    /// Its children, in order.
    public var children: [Child]
    /// What its image is.
    public var image: ImageInfo
    /// Clients' bitmaps, newest first.
    public var bitmaps: [BitmapInfo]
    /// The offset from which a write is told; 0 for none.
    public var writeThreshold: UInt64
}

/// What a query tells about the image of a node.
public struct ImageInfo: Sendable, Equatable {
    /// The length that a guest sees.
    public var virtualSize: Int64
    /// Bytes on the host, where known.
    public var actualSize: Int64?
    /// What its driver tells.
    public var details: ImageDetails
}

/// What a query tells about a bitmap.
public struct BitmapInfo: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// Dirty bytes, counting whole regions, also where the disk ends within one.
    public var count: Int64
    /// Bytes a bit.
    public var granularity: Int64
    /// Whether writes set bits.
    public var isRecording: Bool
    /// Whether a job has it.
    public var isBusy: Bool
    /// Whether the image keeps it.
    public var isPersistent: Bool
    /// Whether its bits cannot be trusted.
    public var isInconsistent: Bool

    init(_ bitmap: DirtyBitmap) {
        name = bitmap.name ?? ""
        count = Int64(bitmap.dirtyRegions) * bitmap.granularity
        granularity = bitmap.granularity
        isRecording = bitmap.isRecording
        isBusy = bitmap.isBusy
        isPersistent = bitmap.isPersistent
        isInconsistent = bitmap.isInconsistent
    }
}

/// How a node is named to a person: by path where that says all, else by its options.
public indirect enum NodeFilename: Sendable, Equatable {
    /// A path or URL.
    case plain(String)
    /// Options to be shown as `json:{...}`, in this order.
    case options([Option])

    /// One option.
    public struct Option: Sendable, Equatable {
        /// Its name.
        public var name: String
        /// Its value.
        public var value: Value
        /// Makes an option.
        public init(name: String, value: Value) {
            self.name = name
            self.value = value
        }
    }
    /// An option's value.
    public enum Value: Sendable, Equatable {
        /// Text.
        case string(String)
        /// A number.
        case integer(UInt64)
        /// A number that may be negative.
        case signed(Int64)
        /// A truth value.
        case boolean(Bool)
        /// A child's options.
        case options([Option])
        /// Several children.
        case list([Value])
        /// That there is none.
        case null
    }
}

extension NodeFilename {
    /// QEMU shows options in the order of its hash table: by the hash of their names, modulo 512.
    static func inReferenceOrder(_ options: [Option]) -> [Option] { inReferenceOrder(options, name: \.name) }

    /// The same for anything that has names.
    public static func inReferenceOrder<Element>(_ elements: [Element], name: (Element) -> String) -> [Element] {
        elements.map { (hash(name($0)) % 512, $0) }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// The hash function of the tdb database, which QEMU's tables use.
    private static func hash(_ name: String) -> UInt32 {
        var sum = 0x238F_13AF &* UInt32(truncatingIfNeeded: name.utf8.count)
        for (index, byte) in name.utf8.enumerated() { sum = sum &+ UInt32(byte) << UInt32(index * 5 % 24) }
        return 1_103_515_243 &* sum &+ 12_345
    }
}
