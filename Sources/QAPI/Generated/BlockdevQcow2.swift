// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

public import JSON

/// A node that another one may stand on.
public indirect enum BlockdevRefOrNull: QAPIValue {
    /// A new node, which goes when the other goes.
    case definition(BlockdevOptions)
    /// The name of a node that exists.
    case reference(String)
    /// No node.
    case null(QAPINull)

    /// Chooses by the JSON type.
    public init(from value: ArgumentValue) throws(ArgumentError) {
        switch value.kind {
        case .object: self = .definition(try BlockdevOptions(from: value))
        case .string: self = .reference(try String(from: value))
        case .null: self = .null(try QAPINull(from: value))
        default: throw value.matchesNo(alternate: "BlockdevRefOrNull")
        }
    }

    /// Writes the branch's value.
    public func encode(to writer: inout JSONWriter) {
        switch self {
        case .definition(let value): value.encode(to: &writer)
        case .reference(let value): value.encode(to: &writer)
        case .null(let value): value.encode(to: &writer)
        }
    }
}

/// How much metadata a write is checked against before it can destroy it.
public enum Qcow2OverlapCheckMode: String, QAPIEnum {
    /// Nothing.
    case none = "none"
    /// What takes constant time and no memory: header, tables of tables, directories.
    case constant = "constant"
    /// What is known without reading.
    case cached = "cached"
    /// Everything, inactive L2 tables too, which must be read.
    case all = "all"
}

/// What a write is checked against, kind by kind.
public struct Qcow2OverlapCheckFlags: QAPIObject {
    /// What the members that are absent say, cached by default.
    public var template: Qcow2OverlapCheckMode?
    /// The header.
    public var mainHeader: Bool?
    /// The disk's L1 table.
    public var activeL1: Bool?
    /// The disk's L2 tables.
    public var activeL2: Bool?
    /// The refcount table.
    public var refcountTable: Bool?
    /// Refcount blocks.
    public var refcountBlock: Bool?
    /// The list of snapshots.
    public var snapshotTable: Bool?
    /// Snapshots' L1 tables.
    public var inactiveL1: Bool?
    /// Snapshots' L2 tables.
    public var inactiveL2: Bool?
    /// The list of bitmaps.
    public var bitmapDirectory: Bool?

    /// Makes a value from its members.
    public init(
        template: Qcow2OverlapCheckMode? = nil,
        mainHeader: Bool? = nil,
        activeL1: Bool? = nil,
        activeL2: Bool? = nil,
        refcountTable: Bool? = nil,
        refcountBlock: Bool? = nil,
        snapshotTable: Bool? = nil,
        inactiveL1: Bool? = nil,
        inactiveL2: Bool? = nil,
        bitmapDirectory: Bool? = nil
    ) {
        self.template = template
        self.mainHeader = mainHeader
        self.activeL1 = activeL1
        self.activeL2 = activeL2
        self.refcountTable = refcountTable
        self.refcountBlock = refcountBlock
        self.snapshotTable = snapshotTable
        self.inactiveL1 = inactiveL1
        self.inactiveL2 = inactiveL2
        self.bitmapDirectory = bitmapDirectory
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        template = try reader.optional("template")
        mainHeader = try reader.optional("main-header")
        activeL1 = try reader.optional("active-l1")
        activeL2 = try reader.optional("active-l2")
        refcountTable = try reader.optional("refcount-table")
        refcountBlock = try reader.optional("refcount-block")
        snapshotTable = try reader.optional("snapshot-table")
        inactiveL1 = try reader.optional("inactive-l1")
        inactiveL2 = try reader.optional("inactive-l2")
        bitmapDirectory = try reader.optional("bitmap-directory")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("template", ifPresent: template)
        writer.member("main-header", ifPresent: mainHeader)
        writer.member("active-l1", ifPresent: activeL1)
        writer.member("active-l2", ifPresent: activeL2)
        writer.member("refcount-table", ifPresent: refcountTable)
        writer.member("refcount-block", ifPresent: refcountBlock)
        writer.member("snapshot-table", ifPresent: snapshotTable)
        writer.member("inactive-l1", ifPresent: inactiveL1)
        writer.member("inactive-l2", ifPresent: inactiveL2)
        writer.member("bitmap-directory", ifPresent: bitmapDirectory)
    }
}

/// What a write is checked against.
public enum Qcow2OverlapChecks: QAPIValue {
    /// Kind by kind.
    case flags(Qcow2OverlapCheckFlags)
    /// A usual selection.
    case mode(Qcow2OverlapCheckMode)

    /// Chooses by the JSON type.
    public init(from value: ArgumentValue) throws(ArgumentError) {
        switch value.kind {
        case .object: self = .flags(try Qcow2OverlapCheckFlags(from: value))
        case .string: self = .mode(try Qcow2OverlapCheckMode(from: value))
        default: throw value.matchesNo(alternate: "Qcow2OverlapChecks")
        }
    }

    /// Writes the branch's value.
    public func encode(to writer: inout JSONWriter) {
        switch self {
        case .flags(let value): value.encode(to: &writer)
        case .mode(let value): value.encode(to: &writer)
        }
    }
}

/// Options of the driver qcow2.
public struct BlockdevOptionsQcow2: QAPIObject {
    /// That node.
    public var file: BlockdevRef
    /// What is read where the image has nothing. What the image's header names by default; null for nothing.
    public var backing: BlockdevRefOrNull?
    /// Write refcounts late, which a repair makes good after a crash; what the image says by default.
    public var lazyRefcounts: Bool?
    /// Discard in the file what a user discards; by default where `discard` of the node is unmap.
    public var passDiscardRequest: Bool?
    /// Discard in the file what a deleted snapshot leaves; true by default.
    public var passDiscardSnapshot: Bool?
    /// Discard in the file what becomes free otherwise; false by default.
    public var passDiscardOther: Bool?
    /// Keep the place of discarded clusters for later writes; needs discards to be passed on. false by default.
    public var discardNoUnref: Bool?
    /// What writes are checked against, cached by default.
    public var overlapCheck: Qcow2OverlapChecks?
    /// Bytes of the caches of L2 tables and of refcounts together.
    public var cacheSize: Int64?
    /// Bytes of the cache of L2 tables.
    public var l2CacheSize: Int64?
    /// Bytes of an entry of that cache: a power of two from 512 to the cluster size, 4096 by default.
    public var l2CacheEntrySize: Int64?
    /// Bytes of the cache of refcounts.
    public var refcountCacheSize: Int64?
    /// Drop cached metadata that was not used for so many seconds; 600 by default, 0 for never.
    public var cacheCleanInterval: Int64?
    /// Where the disk's data is, for an image with an external data file; what the header names by default.
    public var dataFile: BlockdevRef?

    /// Makes a value from its members.
    public init(
        file: BlockdevRef,
        backing: BlockdevRefOrNull? = nil,
        lazyRefcounts: Bool? = nil,
        passDiscardRequest: Bool? = nil,
        passDiscardSnapshot: Bool? = nil,
        passDiscardOther: Bool? = nil,
        discardNoUnref: Bool? = nil,
        overlapCheck: Qcow2OverlapChecks? = nil,
        cacheSize: Int64? = nil,
        l2CacheSize: Int64? = nil,
        l2CacheEntrySize: Int64? = nil,
        refcountCacheSize: Int64? = nil,
        cacheCleanInterval: Int64? = nil,
        dataFile: BlockdevRef? = nil
    ) {
        self.file = file
        self.backing = backing
        self.lazyRefcounts = lazyRefcounts
        self.passDiscardRequest = passDiscardRequest
        self.passDiscardSnapshot = passDiscardSnapshot
        self.passDiscardOther = passDiscardOther
        self.discardNoUnref = discardNoUnref
        self.overlapCheck = overlapCheck
        self.cacheSize = cacheSize
        self.l2CacheSize = l2CacheSize
        self.l2CacheEntrySize = l2CacheEntrySize
        self.refcountCacheSize = refcountCacheSize
        self.cacheCleanInterval = cacheCleanInterval
        self.dataFile = dataFile
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        file = try reader.required("file")
        backing = try reader.optional("backing")
        lazyRefcounts = try reader.optional("lazy-refcounts")
        passDiscardRequest = try reader.optional("pass-discard-request")
        passDiscardSnapshot = try reader.optional("pass-discard-snapshot")
        passDiscardOther = try reader.optional("pass-discard-other")
        discardNoUnref = try reader.optional("discard-no-unref")
        overlapCheck = try reader.optional("overlap-check")
        cacheSize = try reader.optional("cache-size")
        l2CacheSize = try reader.optional("l2-cache-size")
        l2CacheEntrySize = try reader.optional("l2-cache-entry-size")
        refcountCacheSize = try reader.optional("refcount-cache-size")
        cacheCleanInterval = try reader.optional("cache-clean-interval")
        dataFile = try reader.optional("data-file")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("file", file)
        writer.member("backing", ifPresent: backing)
        writer.member("lazy-refcounts", ifPresent: lazyRefcounts)
        writer.member("pass-discard-request", ifPresent: passDiscardRequest)
        writer.member("pass-discard-snapshot", ifPresent: passDiscardSnapshot)
        writer.member("pass-discard-other", ifPresent: passDiscardOther)
        writer.member("discard-no-unref", ifPresent: discardNoUnref)
        writer.member("overlap-check", ifPresent: overlapCheck)
        writer.member("cache-size", ifPresent: cacheSize)
        writer.member("l2-cache-size", ifPresent: l2CacheSize)
        writer.member("l2-cache-entry-size", ifPresent: l2CacheEntrySize)
        writer.member("refcount-cache-size", ifPresent: refcountCacheSize)
        writer.member("cache-clean-interval", ifPresent: cacheCleanInterval)
        writer.member("data-file", ifPresent: dataFile)
    }
}
