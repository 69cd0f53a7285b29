// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

public import JSON

/// An internal snapshot of an image.
public struct SnapshotInfo: QAPIObject {
    /// Its id, unique in the image.
    public var id: String
    /// The name that it was given.
    public var name: String
    /// Bytes of the machine's state that were saved with it; 0 for a snapshot of the disk alone.
    public var vmStateSize: Int64
    /// When it was taken, in seconds since 1970, UTC.
    public var dateSec: Int64
    /// The nanoseconds to that.
    public var dateNsec: Int64
    /// How long the guest had run, in seconds.
    public var vmClockSec: Int64
    /// The nanoseconds to that.
    public var vmClockNsec: Int64
    /// How many instructions the guest had carried out, where they were counted.
    public var icount: Int64?

    /// Makes a value from its members.
    public init(
        id: String,
        name: String,
        vmStateSize: Int64,
        dateSec: Int64,
        dateNsec: Int64,
        vmClockSec: Int64,
        vmClockNsec: Int64,
        icount: Int64? = nil
    ) {
        self.id = id
        self.name = name
        self.vmStateSize = vmStateSize
        self.dateSec = dateSec
        self.dateNsec = dateNsec
        self.vmClockSec = vmClockSec
        self.vmClockNsec = vmClockNsec
        self.icount = icount
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        id = try reader.required("id")
        name = try reader.required("name")
        vmStateSize = try reader.required("vm-state-size")
        dateSec = try reader.required("date-sec")
        dateNsec = try reader.required("date-nsec")
        vmClockSec = try reader.required("vm-clock-sec")
        vmClockNsec = try reader.required("vm-clock-nsec")
        icount = try reader.optional("icount")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("id", id)
        writer.member("name", name)
        writer.member("vm-state-size", vmStateSize)
        writer.member("date-sec", dateSec)
        writer.member("date-nsec", dateNsec)
        writer.member("vm-clock-sec", vmClockSec)
        writer.member("vm-clock-nsec", vmClockNsec)
        writer.member("icount", ifPresent: icount)
    }
}

/// What an image says of a bitmap that it keeps.
public enum Qcow2BitmapInfoFlags: String, QAPIEnum {
    /// Somebody has it in memory, or had when the image was left; then its bits mean nothing.
    case inUse = "in-use"
    /// It records as soon as the image is open.
    case auto = "auto"
}

/// A dirty bitmap as a qcow2 image keeps it.
public struct Qcow2BitmapInfo: QAPIObject {
    /// Its name.
    public var name: String
    /// Bytes a bit.
    public var granularity: UInt32
    /// What is said of it.
    public var flags: [Qcow2BitmapInfoFlags]

    /// Makes a value from its members.
    public init(
        name: String,
        granularity: UInt32,
        flags: [Qcow2BitmapInfoFlags]
    ) {
        self.name = name
        self.granularity = granularity
        self.flags = flags
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        name = try reader.required("name")
        granularity = try reader.required("granularity")
        flags = try reader.required("flags")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("name", name)
        writer.member("granularity", granularity)
        writer.member("flags", flags)
    }
}

/// What only a qcow2 image has.
public struct ImageInfoSpecificQCow2: QAPIObject {
    /// "0.10" for version 2, "1.1" for version 3.
    public var compat: String
    /// The name of the external data file as it stands in the image.
    public var dataFile: String?
    /// The data file is kept readable as a raw image.
    public var dataFileRaw: Bool?
    /// Clusters have subclusters.
    public var extendedL2: Bool?
    /// Refcounts may be written late.
    public var lazyRefcounts: Bool?
    /// The image was found damaged and may only be read.
    public var corrupt: Bool?
    /// Bits of a refcount.
    public var refcountBits: Int64
    /// The dirty bitmaps that it keeps.
    public var bitmaps: [Qcow2BitmapInfo]?
    /// How clusters are compressed.
    public var compressionType: Qcow2CompressionType

    /// Makes a value from its members.
    public init(
        compat: String,
        dataFile: String? = nil,
        dataFileRaw: Bool? = nil,
        extendedL2: Bool? = nil,
        lazyRefcounts: Bool? = nil,
        corrupt: Bool? = nil,
        refcountBits: Int64,
        bitmaps: [Qcow2BitmapInfo]? = nil,
        compressionType: Qcow2CompressionType
    ) {
        self.compat = compat
        self.dataFile = dataFile
        self.dataFileRaw = dataFileRaw
        self.extendedL2 = extendedL2
        self.lazyRefcounts = lazyRefcounts
        self.corrupt = corrupt
        self.refcountBits = refcountBits
        self.bitmaps = bitmaps
        self.compressionType = compressionType
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        compat = try reader.required("compat")
        dataFile = try reader.optional("data-file")
        dataFileRaw = try reader.optional("data-file-raw")
        extendedL2 = try reader.optional("extended-l2")
        lazyRefcounts = try reader.optional("lazy-refcounts")
        corrupt = try reader.optional("corrupt")
        refcountBits = try reader.required("refcount-bits")
        bitmaps = try reader.optional("bitmaps")
        compressionType = try reader.required("compression-type")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("compat", compat)
        writer.member("data-file", ifPresent: dataFile)
        writer.member("data-file-raw", ifPresent: dataFileRaw)
        writer.member("extended-l2", ifPresent: extendedL2)
        writer.member("lazy-refcounts", ifPresent: lazyRefcounts)
        writer.member("corrupt", ifPresent: corrupt)
        writer.member("refcount-bits", refcountBits)
        writer.member("bitmaps", ifPresent: bitmaps)
        writer.member("compression-type", compressionType)
    }
}

/// Formats that have something of their own to tell.
public enum ImageInfoSpecificKind: String, QAPIEnum {
    /// Qcow2.
    case qcow2 = "qcow2"
}

/// What only a qcow2 image has.
public struct ImageInfoSpecificQCow2Wrapper: QAPIObject {
    /// Its members.
    public var data: ImageInfoSpecificQCow2

    /// Makes a value from its members.
    public init(
        data: ImageInfoSpecificQCow2
    ) {
        self.data = data
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        data = try reader.required("data")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("data", data)
    }
}

/// What only images of one format have.
public enum ImageInfoSpecific: QAPIObject {
    /// Qcow2.
    case qcow2(ImageInfoSpecificQCow2Wrapper)

    /// The value of `type`.
    public var type: ImageInfoSpecificKind {
        switch self {
        case .qcow2: .qcow2
        }
    }

    /// Reads the tag and the members that come with it.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        let tag: ImageInfoSpecificKind = try reader.required("type")
        switch tag {
        case .qcow2: self = .qcow2(try ImageInfoSpecificQCow2Wrapper(members: &reader))
        }
    }

    /// Writes the tag and the members that come with it.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("type", type)
        switch self {
        case .qcow2(let payload): payload.encodeMembers(to: &writer)
        }
    }
}

/// What is known about an image.
public struct ImageInfo: QAPIObject {
    /// The file, or a description of the node where there is none.
    public var filename: String
    /// The driver of the node.
    public var format: String
    /// The image was not closed cleanly.
    public var dirtyFlag: Bool?
    /// Bytes that the image takes on its storage, where that is known.
    public var actualSize: Int64?
    /// Bytes that a reader sees.
    public var virtualSize: Int64
    /// Bytes that the image allocates at a time.
    public var clusterSize: Int64?
    /// The backing file's name as it stands in the image.
    public var backingFilename: String?
    /// The same as it is opened, relative to the image.
    public var fullBackingFilename: String?
    /// The backing file's format as it stands in the image.
    public var backingFilenameFormat: String?
    /// Its internal snapshots.
    public var snapshots: [SnapshotInfo]?
    /// What only images of this format have.
    public var formatSpecific: ImageInfoSpecific?
    /// Its backing image, or the image below a filter; not when a query is flat.
    @Indirect public var backingImage: ImageInfo?

    /// Makes a value from its members.
    public init(
        filename: String,
        format: String,
        dirtyFlag: Bool? = nil,
        actualSize: Int64? = nil,
        virtualSize: Int64,
        clusterSize: Int64? = nil,
        backingFilename: String? = nil,
        fullBackingFilename: String? = nil,
        backingFilenameFormat: String? = nil,
        snapshots: [SnapshotInfo]? = nil,
        formatSpecific: ImageInfoSpecific? = nil,
        backingImage: ImageInfo? = nil
    ) {
        self.filename = filename
        self.format = format
        self.dirtyFlag = dirtyFlag
        self.actualSize = actualSize
        self.virtualSize = virtualSize
        self.clusterSize = clusterSize
        self.backingFilename = backingFilename
        self.fullBackingFilename = fullBackingFilename
        self.backingFilenameFormat = backingFilenameFormat
        self.snapshots = snapshots
        self.formatSpecific = formatSpecific
        self.backingImage = backingImage
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        filename = try reader.required("filename")
        format = try reader.required("format")
        dirtyFlag = try reader.optional("dirty-flag")
        actualSize = try reader.optional("actual-size")
        virtualSize = try reader.required("virtual-size")
        clusterSize = try reader.optional("cluster-size")
        backingFilename = try reader.optional("backing-filename")
        fullBackingFilename = try reader.optional("full-backing-filename")
        backingFilenameFormat = try reader.optional("backing-filename-format")
        snapshots = try reader.optional("snapshots")
        formatSpecific = try reader.optional("format-specific")
        backingImage = try reader.optional("backing-image")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("filename", filename)
        writer.member("format", format)
        writer.member("dirty-flag", ifPresent: dirtyFlag)
        writer.member("actual-size", ifPresent: actualSize)
        writer.member("virtual-size", virtualSize)
        writer.member("cluster-size", ifPresent: clusterSize)
        writer.member("backing-filename", ifPresent: backingFilename)
        writer.member("full-backing-filename", ifPresent: fullBackingFilename)
        writer.member("backing-filename-format", ifPresent: backingFilenameFormat)
        writer.member("snapshots", ifPresent: snapshots)
        writer.member("format-specific", ifPresent: formatSpecific)
        writer.member("backing-image", ifPresent: backingImage)
    }
}

/// How a node caches.
public struct BlockdevCacheInfo: QAPIObject {
    /// A write may be reported before it is on stable storage; always true.
    public var writeback: Bool
    /// The host's page cache is passed by.
    public var direct: Bool
    /// Flushes are ignored.
    public var noFlush: Bool

    /// Makes a value from its members.
    public init(
        writeback: Bool,
        direct: Bool,
        noFlush: Bool
    ) {
        self.writeback = writeback
        self.direct = direct
        self.noFlush = noFlush
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        writeback = try reader.required("writeback")
        direct = try reader.required("direct")
        noFlush = try reader.required("no-flush")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("writeback", writeback)
        writer.member("direct", direct)
        writer.member("no-flush", noFlush)
    }
}

/// What a node stands on.
public struct BlockdevChild: QAPIObject {
    /// The part that it plays, such as "file".
    public var child: String
    /// The node.
    public var nodeName: String

    /// Makes a value from its members.
    public init(
        child: String,
        nodeName: String
    ) {
        self.child = child
        self.nodeName = nodeName
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        child = try reader.required("child")
        nodeName = try reader.required("node-name")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("child", child)
        writer.member("node-name", nodeName)
    }
}

/// What is known about one node.
public struct BlockDeviceInfo: QAPIObject {
    /// The file, or a description of the node where there is none.
    public var file: String
    /// The node's name, generated when none was given.
    public var nodeName: String
    /// Nothing may be written to it now.
    public var ro: Bool
    /// Its driver.
    public var drv: String
    /// The file name of its backing node.
    public var backingFile: String?
    /// How many backing files are below it.
    public var backingFileDepth: Int64
    /// The nodes that it stands on.
    public var children: [BlockdevChild]
    /// It may be used; always true here.
    public var active: Bool
    /// Its data is encrypted.
    public var encrypted: Bool
    /// What becomes of writes of zeroes.
    public var detectZeroes: BlockdevDetectZeroesOptions
    /// Limit of bytes a second; 0 is none.
    public var bps: Int64
    /// Limit of bytes read a second.
    public var bpsRd: Int64
    /// Limit of bytes written a second.
    public var bpsWr: Int64
    /// Limit of requests a second.
    public var iops: Int64
    /// Limit of reads a second.
    public var iopsRd: Int64
    /// Limit of writes a second.
    public var iopsWr: Int64
    /// Its image.
    public var image: ImageInfo
    /// How it caches.
    public var cache: BlockdevCacheInfo
    /// Offset from which a write is reported; 0 is none.
    public var writeThreshold: Int64
    /// Its dirty bitmaps, the newest first.
    public var dirtyBitmaps: [BlockDirtyInfo]?

    /// Makes a value from its members.
    public init(
        file: String,
        nodeName: String,
        ro: Bool,
        drv: String,
        backingFile: String? = nil,
        backingFileDepth: Int64,
        children: [BlockdevChild],
        active: Bool,
        encrypted: Bool,
        detectZeroes: BlockdevDetectZeroesOptions,
        bps: Int64,
        bpsRd: Int64,
        bpsWr: Int64,
        iops: Int64,
        iopsRd: Int64,
        iopsWr: Int64,
        image: ImageInfo,
        cache: BlockdevCacheInfo,
        writeThreshold: Int64,
        dirtyBitmaps: [BlockDirtyInfo]? = nil
    ) {
        self.file = file
        self.nodeName = nodeName
        self.ro = ro
        self.drv = drv
        self.backingFile = backingFile
        self.backingFileDepth = backingFileDepth
        self.children = children
        self.active = active
        self.encrypted = encrypted
        self.detectZeroes = detectZeroes
        self.bps = bps
        self.bpsRd = bpsRd
        self.bpsWr = bpsWr
        self.iops = iops
        self.iopsRd = iopsRd
        self.iopsWr = iopsWr
        self.image = image
        self.cache = cache
        self.writeThreshold = writeThreshold
        self.dirtyBitmaps = dirtyBitmaps
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        file = try reader.required("file")
        nodeName = try reader.required("node-name")
        ro = try reader.required("ro")
        drv = try reader.required("drv")
        backingFile = try reader.optional("backing_file")
        backingFileDepth = try reader.required("backing_file_depth")
        children = try reader.required("children")
        active = try reader.required("active")
        encrypted = try reader.required("encrypted")
        detectZeroes = try reader.required("detect_zeroes")
        bps = try reader.required("bps")
        bpsRd = try reader.required("bps_rd")
        bpsWr = try reader.required("bps_wr")
        iops = try reader.required("iops")
        iopsRd = try reader.required("iops_rd")
        iopsWr = try reader.required("iops_wr")
        image = try reader.required("image")
        cache = try reader.required("cache")
        writeThreshold = try reader.required("write_threshold")
        dirtyBitmaps = try reader.optional("dirty-bitmaps")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("file", file)
        writer.member("node-name", nodeName)
        writer.member("ro", ro)
        writer.member("drv", drv)
        writer.member("backing_file", ifPresent: backingFile)
        writer.member("backing_file_depth", backingFileDepth)
        writer.member("children", children)
        writer.member("active", active)
        writer.member("encrypted", encrypted)
        writer.member("detect_zeroes", detectZeroes)
        writer.member("bps", bps)
        writer.member("bps_rd", bpsRd)
        writer.member("bps_wr", bpsWr)
        writer.member("iops", iops)
        writer.member("iops_rd", iopsRd)
        writer.member("iops_wr", iopsWr)
        writer.member("image", image)
        writer.member("cache", cache)
        writer.member("write_threshold", writeThreshold)
        writer.member("dirty-bitmaps", ifPresent: dirtyBitmaps)
    }
}

/// What is known about one device of a guest.
public struct BlockInfo: QAPIObject {
    /// The device's name.
    public var device: String
    /// Always "unknown".
    public var type: String
    /// Its medium can be removed.
    public var removable: Bool
    /// The guest has locked its medium.
    public var locked: Bool
    /// The node that it shows.
    public var inserted: BlockDeviceInfo?

    /// Makes a value from its members.
    public init(
        device: String,
        type: String,
        removable: Bool,
        locked: Bool,
        inserted: BlockDeviceInfo? = nil
    ) {
        self.device = device
        self.type = type
        self.removable = removable
        self.locked = locked
        self.inserted = inserted
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        device = try reader.required("device")
        type = try reader.required("type")
        removable = try reader.required("removable")
        locked = try reader.required("locked")
        inserted = try reader.optional("inserted")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("device", device)
        writer.member("type", type)
        writer.member("removable", removable)
        writer.member("locked", locked)
        writer.member("inserted", ifPresent: inserted)
    }
}

/// Lists the devices of guests. A storage daemon has none.
public struct QueryBlock: QAPICommand {
    /// An empty list.
    public typealias Reply = [BlockInfo]
    /// The name on the wire.
    public static let name = "query-block"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// Makes a value from its members.
    public init() {}

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {}

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {}
}

/// Changes the size of a node's image. A smaller size loses what is behind the new end.
public struct BlockResize: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "block_resize"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// A node's name too, for old clients.
    public var device: String?
    /// The node.
    public var nodeName: String?
    /// The new size in bytes.
    public var size: Int64

    /// Makes a value from its members.
    public init(
        device: String? = nil,
        nodeName: String? = nil,
        size: Int64
    ) {
        self.device = device
        self.nodeName = nodeName
        self.size = size
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        device = try reader.optional("device")
        nodeName = try reader.optional("node-name")
        size = try reader.required("size")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("device", ifPresent: device)
        writer.member("node-name", ifPresent: nodeName)
        writer.member("size", size)
    }
}

/// Lists all nodes.
public struct QueryNamedBlockNodes: QAPICommand {
    /// One entry a node.
    public typealias Reply = [BlockDeviceInfo]
    /// The name on the wire.
    public static let name = "query-named-block-nodes"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// Leave out what is known about backing files; false by default.
    public var flat: Bool?

    /// Makes a value from its members.
    public init(
        flat: Bool? = nil
    ) {
        self.flat = flat
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        flat = try reader.optional("flat")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("flat", ifPresent: flat)
    }
}
