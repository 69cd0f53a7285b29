// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

public import JSON

/// Options of the driver blkverify.
public struct BlockdevOptionsBlkverify: QAPIObject {
    /// The node that is tested.
    public var test: BlockdevRef
    /// The node that it is compared with.
    public var raw: BlockdevRef

    /// Makes a value from its members.
    public init(
        test: BlockdevRef,
        raw: BlockdevRef
    ) {
        self.test = test
        self.raw = raw
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        test = try reader.required("test")
        raw = try reader.required("raw")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("test", test)
        writer.member("raw", raw)
    }
}

/// The kinds of requests that a rule of blkdebug may make fail.
public enum BlkdebugIOType: String, QAPIEnum {
    /// Reads.
    case read = "read"
    /// Writes of data.
    case write = "write"
    /// Writes of zeroes.
    case writeZeroes = "write-zeroes"
    /// Discards.
    case discard = "discard"
    /// Flushes.
    case flush = "flush"
    /// Questions about what is allocated.
    case blockStatus = "block-status"
}

/// The steps of a format at which a rule of blkdebug may come into force.
public enum BlkdebugEvent: String, QAPIEnum {
    /// An L1 entry is written.
    case l1Update = "l1_update"
    /// Space for a longer L1 table is allocated.
    case l1GrowAllocTable = "l1_grow_alloc_table"
    /// A longer L1 table is written.
    case l1GrowWriteTable = "l1_grow_write_table"
    /// The header turns to a longer L1 table.
    case l1GrowActivateTable = "l1_grow_activate_table"
    /// An L2 table is read.
    case l2Load = "l2_load"
    /// An L2 table is written.
    case l2Update = "l2_update"
    /// An L2 entry of a compressed cluster is written.
    case l2UpdateCompressed = "l2_update_compressed"
    /// An L2 table that is copied is read.
    case l2AllocCowRead = "l2_alloc_cow_read"
    /// A new L2 table is written.
    case l2AllocWrite = "l2_alloc_write"
    /// Guest data is read from the file.
    case readAIO = "read_aio"
    /// Guest data is read from the backing file.
    case readBackingAIO = "read_backing_aio"
    /// A compressed cluster is read.
    case readCompressed = "read_compressed"
    /// Guest data is written to the file.
    case writeAIO = "write_aio"
    /// A compressed cluster is written.
    case writeCompressed = "write_compressed"
    /// A machine's state is read.
    case vmstateLoad = "vmstate_load"
    /// A machine's state is written.
    case vmstateSave = "vmstate_save"
    /// What a write leaves of a new cluster is read.
    case cowRead = "cow_read"
    /// What a write leaves of a new cluster is written.
    case cowWrite = "cow_write"
    /// The refcount table is read.
    case reftableLoad = "reftable_load"
    /// The refcount table grows.
    case reftableGrow = "reftable_grow"
    /// The refcount table is written.
    case reftableUpdate = "reftable_update"
    /// A refcount block is read.
    case refblockLoad = "refblock_load"
    /// A refcount block is written.
    case refblockUpdate = "refblock_update"
    /// A part of a refcount block is written.
    case refblockUpdatePart = "refblock_update_part"
    /// A refcount block is allocated.
    case refblockAlloc = "refblock_alloc"
    /// A new refcount block is entered into the table.
    case refblockAllocHookup = "refblock_alloc_hookup"
    /// A new refcount block is written.
    case refblockAllocWrite = "refblock_alloc_write"
    /// The refcount blocks of a longer table are written.
    case refblockAllocWriteBlocks = "refblock_alloc_write_blocks"
    /// A longer refcount table is written.
    case refblockAllocWriteTable = "refblock_alloc_write_table"
    /// The header turns to a longer refcount table.
    case refblockAllocSwitchTable = "refblock_alloc_switch_table"
    /// Clusters are allocated.
    case clusterAlloc = "cluster_alloc"
    /// Part of a cluster is allocated.
    case clusterAllocBytes = "cluster_alloc_bytes"
    /// Clusters are freed.
    case clusterFree = "cluster_free"
    /// Cached tables are about to be written.
    case flushToOs = "flush_to_os"
    /// The file is about to be flushed.
    case flushToDisk = "flush_to_disk"
    /// The block before a write that fills only a part of it is read.
    case pwritevRmwHead = "pwritev_rmw_head"
    /// It has been read.
    case pwritevRmwAfterHead = "pwritev_rmw_after_head"
    /// The block at the end of a write that fills only a part of it is read.
    case pwritevRmwTail = "pwritev_rmw_tail"
    /// It has been read.
    case pwritevRmwAfterTail = "pwritev_rmw_after_tail"
    /// A write begins.
    case pwritev = "pwritev"
    /// A zeroing begins.
    case pwritevZero = "pwritev_zero"
    /// A write or zeroing has ended.
    case pwritevDone = "pwritev_done"
    /// An image is about to be emptied.
    case emptyImagePrepare = "empty_image_prepare"
    /// A shorter L1 table is written.
    case l1ShrinkWriteTable = "l1_shrink_write_table"
    /// The L2 tables of a shorter L1 table are freed.
    case l1ShrinkFreeL2Clusters = "l1_shrink_free_l2_clusters"
    /// Copy-on-read writes what it has read.
    case corWrite = "cor_write"
    /// Space of new clusters is provided.
    case clusterAllocSpace = "cluster_alloc_space"
    /// Nothing: a rule for it holds from the beginning.
    case none = "none"
}

/// A rule that makes requests fail.
public struct BlkdebugInjectErrorOptions: QAPIObject {
    /// The rule comes into force with this event.
    public var event: BlkdebugEvent
    /// And only in this state; any by default.
    public var state: Int64?
    /// The kind of requests that fail; by default all but block-status.
    public var iotype: BlkdebugIOType?
    /// The error number, EIO by default.
    public var errno: Int64?
    /// Only requests that touch this sector of 512 bytes fail.
    public var sector: Int64?
    /// Only one request fails; false by default.
    public var once: Bool?
    /// The failure does not wait for another turn of the event loop; false by default.
    public var immediately: Bool?

    /// Makes a value from its members.
    public init(
        event: BlkdebugEvent,
        state: Int64? = nil,
        iotype: BlkdebugIOType? = nil,
        errno: Int64? = nil,
        sector: Int64? = nil,
        once: Bool? = nil,
        immediately: Bool? = nil
    ) {
        self.event = event
        self.state = state
        self.iotype = iotype
        self.errno = errno
        self.sector = sector
        self.once = once
        self.immediately = immediately
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        event = try reader.required("event")
        state = try reader.optional("state")
        iotype = try reader.optional("iotype")
        errno = try reader.optional("errno")
        sector = try reader.optional("sector")
        once = try reader.optional("once")
        immediately = try reader.optional("immediately")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("event", event)
        writer.member("state", ifPresent: state)
        writer.member("iotype", ifPresent: iotype)
        writer.member("errno", ifPresent: errno)
        writer.member("sector", ifPresent: sector)
        writer.member("once", ifPresent: once)
        writer.member("immediately", ifPresent: immediately)
    }
}

/// A rule that changes the state of blkdebug, which begins as 1.
public struct BlkdebugSetStateOptions: QAPIObject {
    /// The event that changes it.
    public var event: BlkdebugEvent
    /// And only in this state; any by default.
    public var state: Int64?
    /// The state from then on.
    public var newState: Int64

    /// Makes a value from its members.
    public init(
        event: BlkdebugEvent,
        state: Int64? = nil,
        newState: Int64
    ) {
        self.event = event
        self.state = state
        self.newState = newState
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        event = try reader.required("event")
        state = try reader.optional("state")
        newState = try reader.required("new_state")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("event", event)
        writer.member("state", ifPresent: state)
        writer.member("new_state", newState)
    }
}

/// Options of the driver blkdebug.
public struct BlockdevOptionsBlkdebug: QAPIObject {
    /// The node below.
    public var image: BlockdevRef
    /// A file of rules.
    public var config: String?
    /// Requests are made multiples of this many bytes.
    public var align: Int64?
    /// The longest read or write in bytes.
    public var maxTransfer: Int32?
    /// Writes of zeroes that are shorter than this, or don't fit it, are written as data.
    public var optWriteZero: Int32?
    /// The longest write of zeroes in bytes.
    public var maxWriteZero: Int32?
    /// Discards that are shorter than this, or don't fit it, are left out.
    public var optDiscard: Int32?
    /// The longest discard in bytes.
    public var maxDiscard: Int32?
    /// Rules that make requests fail.
    public var injectError: [BlkdebugInjectErrorOptions]?
    /// Rules that change the state.
    public var setState: [BlkdebugSetStateOptions]?
    /// Permissions that it takes on `image` beyond what its own users need.
    public var takeChildPerms: [BlockPermission]?
    /// Permissions that it does not share with other users of `image`.
    public var unshareChildPerms: [BlockPermission]?

    /// Makes a value from its members.
    public init(
        image: BlockdevRef,
        config: String? = nil,
        align: Int64? = nil,
        maxTransfer: Int32? = nil,
        optWriteZero: Int32? = nil,
        maxWriteZero: Int32? = nil,
        optDiscard: Int32? = nil,
        maxDiscard: Int32? = nil,
        injectError: [BlkdebugInjectErrorOptions]? = nil,
        setState: [BlkdebugSetStateOptions]? = nil,
        takeChildPerms: [BlockPermission]? = nil,
        unshareChildPerms: [BlockPermission]? = nil
    ) {
        self.image = image
        self.config = config
        self.align = align
        self.maxTransfer = maxTransfer
        self.optWriteZero = optWriteZero
        self.maxWriteZero = maxWriteZero
        self.optDiscard = optDiscard
        self.maxDiscard = maxDiscard
        self.injectError = injectError
        self.setState = setState
        self.takeChildPerms = takeChildPerms
        self.unshareChildPerms = unshareChildPerms
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        image = try reader.required("image")
        config = try reader.optional("config")
        align = try reader.optional("align")
        maxTransfer = try reader.optional("max-transfer")
        optWriteZero = try reader.optional("opt-write-zero")
        maxWriteZero = try reader.optional("max-write-zero")
        optDiscard = try reader.optional("opt-discard")
        maxDiscard = try reader.optional("max-discard")
        injectError = try reader.optional("inject-error")
        setState = try reader.optional("set-state")
        takeChildPerms = try reader.optional("take-child-perms")
        unshareChildPerms = try reader.optional("unshare-child-perms")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("image", image)
        writer.member("config", ifPresent: config)
        writer.member("align", ifPresent: align)
        writer.member("max-transfer", ifPresent: maxTransfer)
        writer.member("opt-write-zero", ifPresent: optWriteZero)
        writer.member("max-write-zero", ifPresent: maxWriteZero)
        writer.member("opt-discard", ifPresent: optDiscard)
        writer.member("max-discard", ifPresent: maxDiscard)
        writer.member("inject-error", ifPresent: injectError)
        writer.member("set-state", ifPresent: setState)
        writer.member("take-child-perms", ifPresent: takeChildPerms)
        writer.member("unshare-child-perms", ifPresent: unshareChildPerms)
    }
}

/// How a quorum reads.
public enum QuorumReadPattern: String, QAPIEnum {
    /// From all children, which are compared.
    case quorum = "quorum"
    /// From the first child that can be read.
    case fifo = "fifo"
}

/// Options of the driver quorum.
public struct BlockdevOptionsQuorum: QAPIObject {
    /// Two children that differ are an error; false by default.
    public var blkverify: Bool?
    /// The nodes that hold the same data.
    public var children: [BlockdevRef]
    /// How many of them must agree.
    public var voteThreshold: Int64
    /// Children that were outvoted are corrected; false by default.
    public var rewriteCorrupted: Bool?
    /// How reads are done, quorum by default.
    public var readPattern: QuorumReadPattern?

    /// Makes a value from its members.
    public init(
        blkverify: Bool? = nil,
        children: [BlockdevRef],
        voteThreshold: Int64,
        rewriteCorrupted: Bool? = nil,
        readPattern: QuorumReadPattern? = nil
    ) {
        self.blkverify = blkverify
        self.children = children
        self.voteThreshold = voteThreshold
        self.rewriteCorrupted = rewriteCorrupted
        self.readPattern = readPattern
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        blkverify = try reader.optional("blkverify")
        children = try reader.required("children")
        voteThreshold = try reader.required("vote-threshold")
        rewriteCorrupted = try reader.optional("rewrite-corrupted")
        readPattern = try reader.optional("read-pattern")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("blkverify", ifPresent: blkverify)
        writer.member("children", children)
        writer.member("vote-threshold", voteThreshold)
        writer.member("rewrite-corrupted", ifPresent: rewriteCorrupted)
        writer.member("read-pattern", ifPresent: readPattern)
    }
}

/// Options of the driver throttle.
public struct BlockdevOptionsThrottle: QAPIObject {
    /// The group whose limits hold, made with `object-add`.
    public var throttleGroup: String
    /// The node below.
    public var file: BlockdevRef

    /// Makes a value from its members.
    public init(
        throttleGroup: String,
        file: BlockdevRef
    ) {
        self.throttleGroup = throttleGroup
        self.file = file
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        throttleGroup = try reader.required("throttle-group")
        file = try reader.required("file")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("throttle-group", throttleGroup)
        writer.member("file", file)
    }
}

/// Options of the driver copy-on-read.
public struct BlockdevOptionsCor: QAPIObject {
    /// That node.
    public var file: BlockdevRef
    /// The lowest node of the chain whose data is copied; all of the chain by default.
    public var bottom: String?

    /// Makes a value from its members.
    public init(
        file: BlockdevRef,
        bottom: String? = nil
    ) {
        self.file = file
        self.bottom = bottom
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        file = try reader.required("file")
        bottom = try reader.optional("bottom")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("file", file)
        writer.member("bottom", ifPresent: bottom)
    }
}

/// Options of the driver copy-before-write.
public struct BlockdevOptionsCbw: QAPIObject {
    /// That node.
    public var file: BlockdevRef
    /// Where old data goes.
    public var target: BlockdevRef
    /// Save only what is dirty in this bitmap.
    public var bitmap: BlockDirtyBitmap?
    /// What a failure breaks, break-guest-write by default.
    public var onCBWError: OnCbwError?
    /// A saving that takes longer than so many seconds has failed; 0, the default, is never.
    public var cbwTimeout: UInt32?
    /// Save at least so many bytes at a time, a power of 2; 64 KiB by default.
    public var minClusterSize: ByteCount?

    /// Makes a value from its members.
    public init(
        file: BlockdevRef,
        target: BlockdevRef,
        bitmap: BlockDirtyBitmap? = nil,
        onCBWError: OnCbwError? = nil,
        cbwTimeout: UInt32? = nil,
        minClusterSize: ByteCount? = nil
    ) {
        self.file = file
        self.target = target
        self.bitmap = bitmap
        self.onCBWError = onCBWError
        self.cbwTimeout = cbwTimeout
        self.minClusterSize = minClusterSize
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        file = try reader.required("file")
        target = try reader.required("target")
        bitmap = try reader.optional("bitmap")
        onCBWError = try reader.optional("on-cbw-error")
        cbwTimeout = try reader.optional("cbw-timeout")
        minClusterSize = try reader.optional("min-cluster-size")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("file", file)
        writer.member("target", target)
        writer.member("bitmap", ifPresent: bitmap)
        writer.member("on-cbw-error", ifPresent: onCBWError)
        writer.member("cbw-timeout", ifPresent: cbwTimeout)
        writer.member("min-cluster-size", ifPresent: minClusterSize)
    }
}

/// Options of the driver preallocate.
public struct BlockdevOptionsPreallocate: QAPIObject {
    /// That node.
    public var file: BlockdevRef
    /// The end of the file is provided as a multiple of this many bytes, 1 MiB by default.
    public var preallocAlign: Int64?
    /// How many bytes beyond a write are provided, 128 MiB by default.
    public var preallocSize: Int64?

    /// Makes a value from its members.
    public init(
        file: BlockdevRef,
        preallocAlign: Int64? = nil,
        preallocSize: Int64? = nil
    ) {
        self.file = file
        self.preallocAlign = preallocAlign
        self.preallocSize = preallocSize
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        file = try reader.required("file")
        preallocAlign = try reader.optional("prealloc-align")
        preallocSize = try reader.optional("prealloc-size")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("file", file)
        writer.member("prealloc-align", ifPresent: preallocAlign)
        writer.member("prealloc-size", ifPresent: preallocSize)
    }
}

/// What a child of a quorum was asked for.
public enum QuorumOpType: String, QAPIEnum {
    /// A read.
    case read = "read"
    /// A write.
    case write = "write"
    /// A flush.
    case flush = "flush"
}

/// Too few children of a quorum agree, or too many failed: a request has failed.
public struct QuorumFailureEvent: QAPIEvent {
    /// The name on the wire.
    public static let name = "QUORUM_FAILURE"
    /// Whether there is data.
    public static let hasData = true

    /// The node.
    public var reference: String
    /// The first sector of 512 bytes.
    public var sectorNum: Int64
    /// How many.
    public var sectorsCount: Int64

    /// Makes a value from its members.
    public init(
        reference: String,
        sectorNum: Int64,
        sectorsCount: Int64
    ) {
        self.reference = reference
        self.sectorNum = sectorNum
        self.sectorsCount = sectorsCount
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        reference = try reader.required("reference")
        sectorNum = try reader.required("sector-num")
        sectorsCount = try reader.required("sectors-count")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("reference", reference)
        writer.member("sector-num", sectorNum)
        writer.member("sectors-count", sectorsCount)
    }
}

/// A child of a quorum failed or was outvoted.
public struct QuorumReportBadEvent: QAPIEvent {
    /// The name on the wire.
    public static let name = "QUORUM_REPORT_BAD"
    /// Whether there is data.
    public static let hasData = true

    /// What it was asked for.
    public var type: QuorumOpType
    /// Why it failed; missing when it was outvoted.
    public var error: String?
    /// The child.
    public var nodeName: String
    /// The first sector of 512 bytes.
    public var sectorNum: Int64
    /// How many.
    public var sectorsCount: Int64

    /// Makes a value from its members.
    public init(
        type: QuorumOpType,
        error: String? = nil,
        nodeName: String,
        sectorNum: Int64,
        sectorsCount: Int64
    ) {
        self.type = type
        self.error = error
        self.nodeName = nodeName
        self.sectorNum = sectorNum
        self.sectorsCount = sectorsCount
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        type = try reader.required("type")
        error = try reader.optional("error")
        nodeName = try reader.required("node-name")
        sectorNum = try reader.required("sector-num")
        sectorsCount = try reader.required("sectors-count")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("type", type)
        writer.member("error", ifPresent: error)
        writer.member("node-name", nodeName)
        writer.member("sector-num", sectorNum)
        writer.member("sectors-count", sectorsCount)
    }
}
