// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

public import JSON

/// How much of a new image has its space from the start.
public enum PreallocMode: String, QAPIEnum {
    /// Nothing.
    case off = "off"
    /// What a format needs to find data; not for plain files.
    case metadata = "metadata"
    /// Everything, reserved without being written.
    case falloc = "falloc"
    /// Everything, by writing zeroes.
    case full = "full"
}

/// How a plain file is made.
public struct BlockdevCreateOptionsFile: QAPIObject {
    /// The path; a file that exists is overwritten.
    public var filename: String
    /// Its size in bytes.
    public var size: ByteCount
    /// How much of it has its space from the start, off by default.
    public var preallocation: PreallocMode?
    /// Ask the file system not to copy on write, where it does; false by default.
    public var nocow: Bool?
    /// Bytes that the file system is asked to allot at a time, where it can; 0 leaves it alone.
    public var extentSizeHint: ByteCount?

    /// Makes a value from its members.
    public init(
        filename: String,
        size: ByteCount,
        preallocation: PreallocMode? = nil,
        nocow: Bool? = nil,
        extentSizeHint: ByteCount? = nil
    ) {
        self.filename = filename
        self.size = size
        self.preallocation = preallocation
        self.nocow = nocow
        self.extentSizeHint = extentSizeHint
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        filename = try reader.required("filename")
        size = try reader.required("size")
        preallocation = try reader.optional("preallocation")
        nocow = try reader.optional("nocow")
        extentSizeHint = try reader.optional("extent-size-hint")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("filename", filename)
        writer.member("size", size)
        writer.member("preallocation", ifPresent: preallocation)
        writer.member("nocow", ifPresent: nocow)
        writer.member("extent-size-hint", ifPresent: extentSizeHint)
    }
}

/// Versions of the format qcow2.
public enum BlockdevQcow2Version: String, QAPIEnum {
    /// The first one, which every program reads.
    case v2 = "v2"
    /// The present one.
    case v3 = "v3"
}

/// How compressed clusters are compressed.
public enum Qcow2CompressionType: String, QAPIEnum {
    /// By zlib.
    case zlib = "zlib"
    /// By zstd, which is faster and needs version 3.
    case zstd = "zstd"
}

/// How a qcow2 image is made.
public struct BlockdevCreateOptionsQcow2: QAPIObject {
    /// Where it is made: a node, which is overwritten.
    public var file: BlockdevRef
    /// Where the disk's data is to be, if not in the image.
    public var dataFile: BlockdevRef?
    /// Keep the data file readable as a raw image; false by default.
    public var dataFileRaw: Bool?
    /// Clusters have subclusters; false by default.
    public var extendedL2: Bool?
    /// The disk's size in bytes, a multiple of 512.
    public var size: ByteCount
    /// V3 by default.
    public var version: BlockdevQcow2Version?
    /// The name of the backing file, none by default; it is written down as it is, and not opened.
    public var backingFile: String?
    /// The format of the backing file.
    public var backingFmt: BlockdevDriver?
    /// A power of two from 512 bytes to 2 MiB, 64 KiB by default.
    public var clusterSize: ByteCount?
    /// How much of the image has its space from the start, off by default.
    public var preallocation: PreallocMode?
    /// Refcounts may be written late; false by default.
    public var lazyRefcounts: Bool?
    /// How many bits count the users of a cluster: a power of two up to 64, 16 by default.
    public var refcountBits: Int64?
    /// How compressed clusters are compressed, zlib by default.
    public var compressionType: Qcow2CompressionType?

    /// Makes a value from its members.
    public init(
        file: BlockdevRef,
        dataFile: BlockdevRef? = nil,
        dataFileRaw: Bool? = nil,
        extendedL2: Bool? = nil,
        size: ByteCount,
        version: BlockdevQcow2Version? = nil,
        backingFile: String? = nil,
        backingFmt: BlockdevDriver? = nil,
        clusterSize: ByteCount? = nil,
        preallocation: PreallocMode? = nil,
        lazyRefcounts: Bool? = nil,
        refcountBits: Int64? = nil,
        compressionType: Qcow2CompressionType? = nil
    ) {
        self.file = file
        self.dataFile = dataFile
        self.dataFileRaw = dataFileRaw
        self.extendedL2 = extendedL2
        self.size = size
        self.version = version
        self.backingFile = backingFile
        self.backingFmt = backingFmt
        self.clusterSize = clusterSize
        self.preallocation = preallocation
        self.lazyRefcounts = lazyRefcounts
        self.refcountBits = refcountBits
        self.compressionType = compressionType
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        file = try reader.required("file")
        dataFile = try reader.optional("data-file")
        dataFileRaw = try reader.optional("data-file-raw")
        extendedL2 = try reader.optional("extended-l2")
        size = try reader.required("size")
        version = try reader.optional("version")
        backingFile = try reader.optional("backing-file")
        backingFmt = try reader.optional("backing-fmt")
        clusterSize = try reader.optional("cluster-size")
        preallocation = try reader.optional("preallocation")
        lazyRefcounts = try reader.optional("lazy-refcounts")
        refcountBits = try reader.optional("refcount-bits")
        compressionType = try reader.optional("compression-type")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("file", file)
        writer.member("data-file", ifPresent: dataFile)
        writer.member("data-file-raw", ifPresent: dataFileRaw)
        writer.member("extended-l2", ifPresent: extendedL2)
        writer.member("size", size)
        writer.member("version", ifPresent: version)
        writer.member("backing-file", ifPresent: backingFile)
        writer.member("backing-fmt", ifPresent: backingFmt)
        writer.member("cluster-size", ifPresent: clusterSize)
        writer.member("preallocation", ifPresent: preallocation)
        writer.member("lazy-refcounts", ifPresent: lazyRefcounts)
        writer.member("refcount-bits", ifPresent: refcountBits)
        writer.member("compression-type", ifPresent: compressionType)
    }
}

/// The kinds of nodes for which an image can be asked for. Those without members of their own in
/// `BlockdevCreateOptions` make none.
public enum BlockdevCreateDriver: String, QAPIEnum {
    /// Makes none.
    case blkdebug = "blkdebug"
    /// Makes none.
    case blkverify = "blkverify"
    /// Makes none.
    case bochs = "bochs"
    /// Makes none.
    case cloop = "cloop"
    /// Makes none.
    case compress = "compress"
    /// Makes none.
    case copyBeforeWrite = "copy-before-write"
    /// Makes none.
    case copyOnRead = "copy-on-read"
    /// Makes none.
    case dmg = "dmg"
    /// A plain file.
    case file = "file"
    /// Makes none.
    case snapshotAccess = "snapshot-access"
    /// Makes none.
    case hostCdrom = "host_cdrom"
    /// Makes none.
    case hostDevice = "host_device"
    /// Makes none.
    case nbd = "nbd"
    /// Makes none.
    case nullAIO = "null-aio"
    /// Makes none.
    case nullCo = "null-co"
    /// Makes none.
    case nvme = "nvme"
    /// Makes none.
    case preallocate = "preallocate"
    /// A qcow2 image.
    case qcow2 = "qcow2"
    /// Makes none.
    case quorum = "quorum"
    /// Makes none.
    case raw = "raw"
    /// Makes none.
    case replication = "replication"
    /// Makes none.
    case throttle = "throttle"
    /// Makes none.
    case vvfat = "vvfat"
}

/// An image as it is to be. Drivers without members of their own cannot make images.
public enum BlockdevCreateOptions: QAPIObject {
    /// Makes none.
    case blkdebug
    /// Makes none.
    case blkverify
    /// Makes none.
    case bochs
    /// Makes none.
    case cloop
    /// Makes none.
    case compress
    /// Makes none.
    case copyBeforeWrite
    /// Makes none.
    case copyOnRead
    /// Makes none.
    case dmg
    /// A plain file.
    case file(BlockdevCreateOptionsFile)
    /// Makes none.
    case snapshotAccess
    /// Makes none.
    case hostCdrom
    /// Makes none.
    case hostDevice
    /// Makes none.
    case nbd
    /// Makes none.
    case nullAIO
    /// Makes none.
    case nullCo
    /// Makes none.
    case nvme
    /// Makes none.
    case preallocate
    /// A qcow2 image.
    case qcow2(BlockdevCreateOptionsQcow2)
    /// Makes none.
    case quorum
    /// Makes none.
    case raw
    /// Makes none.
    case replication
    /// Makes none.
    case throttle
    /// Makes none.
    case vvfat

    /// The value of `driver`.
    public var driver: BlockdevCreateDriver {
        switch self {
        case .blkdebug: .blkdebug
        case .blkverify: .blkverify
        case .bochs: .bochs
        case .cloop: .cloop
        case .compress: .compress
        case .copyBeforeWrite: .copyBeforeWrite
        case .copyOnRead: .copyOnRead
        case .dmg: .dmg
        case .file: .file
        case .snapshotAccess: .snapshotAccess
        case .hostCdrom: .hostCdrom
        case .hostDevice: .hostDevice
        case .nbd: .nbd
        case .nullAIO: .nullAIO
        case .nullCo: .nullCo
        case .nvme: .nvme
        case .preallocate: .preallocate
        case .qcow2: .qcow2
        case .quorum: .quorum
        case .raw: .raw
        case .replication: .replication
        case .throttle: .throttle
        case .vvfat: .vvfat
        }
    }

    /// Reads the tag and the members that come with it.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        let tag: BlockdevCreateDriver = try reader.required("driver")
        switch tag {
        case .blkdebug: self = .blkdebug
        case .blkverify: self = .blkverify
        case .bochs: self = .bochs
        case .cloop: self = .cloop
        case .compress: self = .compress
        case .copyBeforeWrite: self = .copyBeforeWrite
        case .copyOnRead: self = .copyOnRead
        case .dmg: self = .dmg
        case .file: self = .file(try BlockdevCreateOptionsFile(members: &reader))
        case .snapshotAccess: self = .snapshotAccess
        case .hostCdrom: self = .hostCdrom
        case .hostDevice: self = .hostDevice
        case .nbd: self = .nbd
        case .nullAIO: self = .nullAIO
        case .nullCo: self = .nullCo
        case .nvme: self = .nvme
        case .preallocate: self = .preallocate
        case .qcow2: self = .qcow2(try BlockdevCreateOptionsQcow2(members: &reader))
        case .quorum: self = .quorum
        case .raw: self = .raw
        case .replication: self = .replication
        case .throttle: self = .throttle
        case .vvfat: self = .vvfat
        }
    }

    /// Writes the tag and the members that come with it.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("driver", driver)
        switch self {
        case .file(let payload): payload.encodeMembers(to: &writer)
        case .qcow2(let payload): payload.encodeMembers(to: &writer)
        case .blkdebug, .blkverify, .bochs, .cloop, .compress, .copyBeforeWrite, .copyOnRead, .dmg, .snapshotAccess, .hostCdrom, .hostDevice, .nbd, .nullAIO, .nullCo, .nvme, .preallocate, .quorum, .raw, .replication, .throttle, .vvfat: break
        }
    }
}

/// Starts a job that makes an image. The job stays in the list until it is dismissed.
public struct BlockdevCreate: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "blockdev-create"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// The name of the job.
    public var jobID: String
    /// The image.
    public var options: BlockdevCreateOptions

    /// Makes a value from its members.
    public init(
        jobID: String,
        options: BlockdevCreateOptions
    ) {
        self.jobID = jobID
        self.options = options
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        jobID = try reader.required("job-id")
        options = try reader.required("options")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("job-id", jobID)
        writer.member("options", options)
    }
}
