// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

public import JSON

/// What becomes of a request to discard.
public enum BlockdevDiscardOptions: String, QAPIEnum {
    /// Nothing.
    case ignore = "ignore"
    /// It is passed on to the storage.
    case unmap = "unmap"
}

/// What becomes of a write that holds nothing but zeroes.
public enum BlockdevDetectZeroesOptions: String, QAPIEnum {
    /// It is written as it is.
    case off = "off"
    /// It is turned into a request to write zeroes, which storage may do without data.
    case on = "on"
    /// As `on`, and the storage may give up the space where discard is unmap too.
    case unmap = "unmap"
}

/// How requests reach the kernel.
public enum BlockdevAioOptions: String, QAPIEnum {
    /// By blocking calls in a pool of threads.
    case threads = "threads"
    /// Asynchronously; needs cache.direct. io_uring does the work of Linux AIO here.
    case native = "native"
    /// Asynchronously, by io_uring.
    case ioUring = "io_uring"
}

/// How a node caches.
public struct BlockdevCacheOptions: QAPIObject {
    /// Pass by the host's page cache; false by default.
    public var direct: Bool?
    /// Ignore flushes, which loses data when the host crashes; false by default.
    public var noFlush: Bool?

    /// Makes a value from its members.
    public init(
        direct: Bool? = nil,
        noFlush: Bool? = nil
    ) {
        self.direct = direct
        self.noFlush = noFlush
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        direct = try reader.optional("direct")
        noFlush = try reader.optional("no-flush")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("direct", ifPresent: direct)
        writer.member("no-flush", ifPresent: noFlush)
    }
}

/// The kinds of nodes.
public enum BlockdevDriver: String, QAPIEnum {
    /// Makes requests to another node fail, for tests.
    case blkdebug = "blkdebug"
    /// Does each request on two nodes and compares, for tests.
    case blkverify = "blkverify"
    /// Has the format below store what is written compressed.
    case compress = "compress"
    /// Saves old data to another node before it is overwritten.
    case copyBeforeWrite = "copy-before-write"
    /// Keeps in the node below what is read from its backing files.
    case copyOnRead = "copy-on-read"
    /// A regular file of the host.
    case file = "file"
    /// The point in time that a copy-before-write node below keeps.
    case snapshotAccess = "snapshot-access"
    /// A block device of the host.
    case hostDevice = "host_device"
    /// Reads of zeroes or of nothing, writes to nowhere, for measurements.
    case nullAIO = "null-aio"
    /// The same as `null-aio`.
    case nullCo = "null-co"
    /// Makes the file below grow in large steps.
    case preallocate = "preallocate"
    /// An image that grows as it is written, with backing files, snapshots and bitmaps.
    case qcow2 = "qcow2"
    /// The same data on several nodes, of which a majority must agree.
    case quorum = "quorum"
    /// The bytes of another node as they are, or a window into them.
    case raw = "raw"
    /// Holds requests back to keep the limits of a throttle group.
    case throttle = "throttle"
}

/// Options of the drivers file and host_device.
public struct BlockdevOptionsFile: QAPIObject {
    /// The path.
    public var filename: String
    /// Whether the image is locked against other processes; auto by default, which is on where the file system can.
    public var locking: OnOffAuto?
    /// How requests reach the kernel, threads by default.
    public var aio: BlockdevAioOptions?

    /// Makes a value from its members.
    public init(
        filename: String,
        locking: OnOffAuto? = nil,
        aio: BlockdevAioOptions? = nil
    ) {
        self.filename = filename
        self.locking = locking
        self.aio = aio
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        filename = try reader.required("filename")
        locking = try reader.optional("locking")
        aio = try reader.optional("aio")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("filename", filename)
        writer.member("locking", ifPresent: locking)
        writer.member("aio", ifPresent: aio)
    }
}

/// Options of the drivers null-co and null-aio.
public struct BlockdevOptionsNull: QAPIObject {
    /// The size in bytes, 1 GiB by default.
    public var size: Int64?
    /// How long a request takes, in nanoseconds; 0 by default.
    public var latencyNs: UInt64?
    /// Reads give zeroes; otherwise the reader's buffer stays as it is. false by default.
    public var readZeroes: Bool?

    /// Makes a value from its members.
    public init(
        size: Int64? = nil,
        latencyNs: UInt64? = nil,
        readZeroes: Bool? = nil
    ) {
        self.size = size
        self.latencyNs = latencyNs
        self.readZeroes = readZeroes
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        size = try reader.optional("size")
        latencyNs = try reader.optional("latency-ns")
        readZeroes = try reader.optional("read-zeroes")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("size", ifPresent: size)
        writer.member("latency-ns", ifPresent: latencyNs)
        writer.member("read-zeroes", ifPresent: readZeroes)
    }
}

/// Options of every driver that stands on one other node.
public struct BlockdevOptionsGenericFormat: QAPIObject {
    /// That node.
    public var file: BlockdevRef

    /// Makes a value from its members.
    public init(
        file: BlockdevRef
    ) {
        self.file = file
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        file = try reader.required("file")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("file", file)
    }
}

/// Options of the driver raw.
public struct BlockdevOptionsRaw: QAPIObject {
    /// That node.
    public var file: BlockdevRef
    /// Where in the other node the image begins, in bytes; 0 by default.
    public var offset: Int64?
    /// How long it is, in bytes; to the end by default.
    public var size: Int64?

    /// Makes a value from its members.
    public init(
        file: BlockdevRef,
        offset: Int64? = nil,
        size: Int64? = nil
    ) {
        self.file = file
        self.offset = offset
        self.size = size
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        file = try reader.required("file")
        offset = try reader.optional("offset")
        size = try reader.optional("size")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("file", file)
        writer.member("offset", ifPresent: offset)
        writer.member("size", ifPresent: size)
    }
}

/// A node as it is to be.
public struct BlockdevOptions: QAPIObject {
    /// Its driver, with the members that come with it.
    public var variant: Variant
    /// Its name; required where it is not part of another node's definition.
    public var nodeName: String?
    /// What becomes of requests to discard, ignore by default.
    public var discard: BlockdevDiscardOptions?
    /// How it caches.
    public var cache: BlockdevCacheOptions?
    /// Nothing is written to it; false by default.
    public var readOnly: Bool?
    /// Open it read-only when it cannot be opened for writing; false by default.
    public var autoReadOnly: Bool?
    /// Allow others to write it meanwhile; needs `read-only`. false by default.
    public var forceShare: Bool?
    /// What becomes of writes of zeroes, off by default.
    public var detectZeroes: BlockdevDetectZeroesOptions?

    /// Makes a value from its members.
    public init(
        variant: Variant,
        nodeName: String? = nil,
        discard: BlockdevDiscardOptions? = nil,
        cache: BlockdevCacheOptions? = nil,
        readOnly: Bool? = nil,
        autoReadOnly: Bool? = nil,
        forceShare: Bool? = nil,
        detectZeroes: BlockdevDetectZeroesOptions? = nil
    ) {
        self.variant = variant
        self.nodeName = nodeName
        self.discard = discard
        self.cache = cache
        self.readOnly = readOnly
        self.autoReadOnly = autoReadOnly
        self.forceShare = forceShare
        self.detectZeroes = detectZeroes
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        let tag: BlockdevDriver
        tag = try reader.required("driver")
        nodeName = try reader.optional("node-name")
        discard = try reader.optional("discard")
        cache = try reader.optional("cache")
        readOnly = try reader.optional("read-only")
        autoReadOnly = try reader.optional("auto-read-only")
        forceShare = try reader.optional("force-share")
        detectZeroes = try reader.optional("detect-zeroes")
        variant = try Variant(tag, members: &reader)
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("driver", variant.tag)
        writer.member("node-name", ifPresent: nodeName)
        writer.member("discard", ifPresent: discard)
        writer.member("cache", ifPresent: cache)
        writer.member("read-only", ifPresent: readOnly)
        writer.member("auto-read-only", ifPresent: autoReadOnly)
        writer.member("force-share", ifPresent: forceShare)
        writer.member("detect-zeroes", ifPresent: detectZeroes)
        variant.encodeMembers(to: &writer)
    }

    /// Its driver.
    public var driver: BlockdevDriver { variant.tag }

    /// The members that come with each value of `driver`.
    public indirect enum Variant: Sendable, Equatable {
        /// Makes requests to another node fail, for tests.
        case blkdebug(BlockdevOptionsBlkdebug)
        /// Does each request on two nodes and compares, for tests.
        case blkverify(BlockdevOptionsBlkverify)
        /// Has the format below store what is written compressed.
        case compress(BlockdevOptionsGenericFormat)
        /// Saves old data to another node before it is overwritten.
        case copyBeforeWrite(BlockdevOptionsCbw)
        /// Keeps in the node below what is read from its backing files.
        case copyOnRead(BlockdevOptionsCor)
        /// A regular file of the host.
        case file(BlockdevOptionsFile)
        /// The point in time that a copy-before-write node below keeps.
        case snapshotAccess(BlockdevOptionsGenericFormat)
        /// A block device of the host.
        case hostDevice(BlockdevOptionsFile)
        /// Reads of zeroes or of nothing, writes to nowhere, for measurements.
        case nullAIO(BlockdevOptionsNull)
        /// The same as `null-aio`.
        case nullCo(BlockdevOptionsNull)
        /// Makes the file below grow in large steps.
        case preallocate(BlockdevOptionsPreallocate)
        /// An image that grows as it is written, with backing files, snapshots and bitmaps.
        case qcow2(BlockdevOptionsQcow2)
        /// The same data on several nodes, of which a majority must agree.
        case quorum(BlockdevOptionsQuorum)
        /// The bytes of another node as they are, or a window into them.
        case raw(BlockdevOptionsRaw)
        /// Holds requests back to keep the limits of a throttle group.
        case throttle(BlockdevOptionsThrottle)

        /// The value of `driver`.
        public var tag: BlockdevDriver {
            switch self {
            case .blkdebug: .blkdebug
            case .blkverify: .blkverify
            case .compress: .compress
            case .copyBeforeWrite: .copyBeforeWrite
            case .copyOnRead: .copyOnRead
            case .file: .file
            case .snapshotAccess: .snapshotAccess
            case .hostDevice: .hostDevice
            case .nullAIO: .nullAIO
            case .nullCo: .nullCo
            case .preallocate: .preallocate
            case .qcow2: .qcow2
            case .quorum: .quorum
            case .raw: .raw
            case .throttle: .throttle
            }
        }

        /// Reads the members that come with `tag`.
        init(_ tag: BlockdevDriver, members reader: inout ArgumentReader) throws(ArgumentError) {
            switch tag {
            case .blkdebug: self = .blkdebug(try BlockdevOptionsBlkdebug(members: &reader))
            case .blkverify: self = .blkverify(try BlockdevOptionsBlkverify(members: &reader))
            case .compress: self = .compress(try BlockdevOptionsGenericFormat(members: &reader))
            case .copyBeforeWrite: self = .copyBeforeWrite(try BlockdevOptionsCbw(members: &reader))
            case .copyOnRead: self = .copyOnRead(try BlockdevOptionsCor(members: &reader))
            case .file: self = .file(try BlockdevOptionsFile(members: &reader))
            case .snapshotAccess: self = .snapshotAccess(try BlockdevOptionsGenericFormat(members: &reader))
            case .hostDevice: self = .hostDevice(try BlockdevOptionsFile(members: &reader))
            case .nullAIO: self = .nullAIO(try BlockdevOptionsNull(members: &reader))
            case .nullCo: self = .nullCo(try BlockdevOptionsNull(members: &reader))
            case .preallocate: self = .preallocate(try BlockdevOptionsPreallocate(members: &reader))
            case .qcow2: self = .qcow2(try BlockdevOptionsQcow2(members: &reader))
            case .quorum: self = .quorum(try BlockdevOptionsQuorum(members: &reader))
            case .raw: self = .raw(try BlockdevOptionsRaw(members: &reader))
            case .throttle: self = .throttle(try BlockdevOptionsThrottle(members: &reader))
            }
        }

        /// Writes the members that come with the tag.
        func encodeMembers(to writer: inout JSONWriter) {
            switch self {
            case .blkdebug(let payload): payload.encodeMembers(to: &writer)
            case .blkverify(let payload): payload.encodeMembers(to: &writer)
            case .compress(let payload): payload.encodeMembers(to: &writer)
            case .copyBeforeWrite(let payload): payload.encodeMembers(to: &writer)
            case .copyOnRead(let payload): payload.encodeMembers(to: &writer)
            case .file(let payload): payload.encodeMembers(to: &writer)
            case .snapshotAccess(let payload): payload.encodeMembers(to: &writer)
            case .hostDevice(let payload): payload.encodeMembers(to: &writer)
            case .nullAIO(let payload): payload.encodeMembers(to: &writer)
            case .nullCo(let payload): payload.encodeMembers(to: &writer)
            case .preallocate(let payload): payload.encodeMembers(to: &writer)
            case .qcow2(let payload): payload.encodeMembers(to: &writer)
            case .quorum(let payload): payload.encodeMembers(to: &writer)
            case .raw(let payload): payload.encodeMembers(to: &writer)
            case .throttle(let payload): payload.encodeMembers(to: &writer)
            }
        }
    }
}

/// A node that another one stands on.
public indirect enum BlockdevRef: QAPIValue {
    /// A new node, which goes when the other goes.
    case definition(BlockdevOptions)
    /// The name of a node that exists.
    case reference(String)

    /// Chooses by the JSON type.
    public init(from value: ArgumentValue) throws(ArgumentError) {
        switch value.kind {
        case .object: self = .definition(try BlockdevOptions(from: value))
        case .string: self = .reference(try String(from: value))
        default: throw value.matchesNo(alternate: "BlockdevRef")
        }
    }

    /// Writes the branch's value.
    public func encode(to writer: inout JSONWriter) {
        switch self {
        case .definition(let value): value.encode(to: &writer)
        case .reference(let value): value.encode(to: &writer)
        }
    }
}

/// Adds a node.
public struct BlockdevAdd: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "blockdev-add"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// All arguments.
    public var arguments: BlockdevOptions

    /// Makes a value from its members.
    public init(_ arguments: BlockdevOptions) { self.arguments = arguments }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        arguments = try BlockdevOptions(members: &reader)
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        arguments.encodeMembers(to: &writer)
    }
}

/// Removes a node that `blockdev-add` has added and that nothing uses.
public struct BlockdevDel: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "blockdev-del"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// The node.
    public var nodeName: String

    /// Makes a value from its members.
    public init(
        nodeName: String
    ) {
        self.nodeName = nodeName
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        nodeName = try reader.required("node-name")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("node-name", nodeName)
    }
}
