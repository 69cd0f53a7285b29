// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

public import JSON

/// Statistics of an interval. A storage daemon keeps none.
public struct BlockDeviceTimedStats: QAPIObject {
    /// Its length in seconds.
    public var intervalLength: Int64
    /// The shortest read.
    public var minRdLatencyNs: Int64
    /// The longest read.
    public var maxRdLatencyNs: Int64
    /// The average read.
    public var avgRdLatencyNs: Int64
    /// The shortest write.
    public var minWrLatencyNs: Int64
    /// The longest write.
    public var maxWrLatencyNs: Int64
    /// The average write.
    public var avgWrLatencyNs: Int64
    /// The shortest append to a zone.
    public var minZoneAppendLatencyNs: Int64
    /// The longest append to a zone.
    public var maxZoneAppendLatencyNs: Int64
    /// The average append to a zone.
    public var avgZoneAppendLatencyNs: Int64
    /// The shortest flush.
    public var minFlushLatencyNs: Int64
    /// The longest flush.
    public var maxFlushLatencyNs: Int64
    /// The average flush.
    public var avgFlushLatencyNs: Int64
    /// Reads in flight on the average.
    public var avgRdQueueDepth: Double
    /// Writes in flight on the average.
    public var avgWrQueueDepth: Double
    /// Appends to zones in flight on the average.
    public var avgZoneAppendQueueDepth: Double

    /// Makes a value from its members.
    public init(
        intervalLength: Int64,
        minRdLatencyNs: Int64,
        maxRdLatencyNs: Int64,
        avgRdLatencyNs: Int64,
        minWrLatencyNs: Int64,
        maxWrLatencyNs: Int64,
        avgWrLatencyNs: Int64,
        minZoneAppendLatencyNs: Int64,
        maxZoneAppendLatencyNs: Int64,
        avgZoneAppendLatencyNs: Int64,
        minFlushLatencyNs: Int64,
        maxFlushLatencyNs: Int64,
        avgFlushLatencyNs: Int64,
        avgRdQueueDepth: Double,
        avgWrQueueDepth: Double,
        avgZoneAppendQueueDepth: Double
    ) {
        self.intervalLength = intervalLength
        self.minRdLatencyNs = minRdLatencyNs
        self.maxRdLatencyNs = maxRdLatencyNs
        self.avgRdLatencyNs = avgRdLatencyNs
        self.minWrLatencyNs = minWrLatencyNs
        self.maxWrLatencyNs = maxWrLatencyNs
        self.avgWrLatencyNs = avgWrLatencyNs
        self.minZoneAppendLatencyNs = minZoneAppendLatencyNs
        self.maxZoneAppendLatencyNs = maxZoneAppendLatencyNs
        self.avgZoneAppendLatencyNs = avgZoneAppendLatencyNs
        self.minFlushLatencyNs = minFlushLatencyNs
        self.maxFlushLatencyNs = maxFlushLatencyNs
        self.avgFlushLatencyNs = avgFlushLatencyNs
        self.avgRdQueueDepth = avgRdQueueDepth
        self.avgWrQueueDepth = avgWrQueueDepth
        self.avgZoneAppendQueueDepth = avgZoneAppendQueueDepth
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        intervalLength = try reader.required("interval_length")
        minRdLatencyNs = try reader.required("min_rd_latency_ns")
        maxRdLatencyNs = try reader.required("max_rd_latency_ns")
        avgRdLatencyNs = try reader.required("avg_rd_latency_ns")
        minWrLatencyNs = try reader.required("min_wr_latency_ns")
        maxWrLatencyNs = try reader.required("max_wr_latency_ns")
        avgWrLatencyNs = try reader.required("avg_wr_latency_ns")
        minZoneAppendLatencyNs = try reader.required("min_zone_append_latency_ns")
        maxZoneAppendLatencyNs = try reader.required("max_zone_append_latency_ns")
        avgZoneAppendLatencyNs = try reader.required("avg_zone_append_latency_ns")
        minFlushLatencyNs = try reader.required("min_flush_latency_ns")
        maxFlushLatencyNs = try reader.required("max_flush_latency_ns")
        avgFlushLatencyNs = try reader.required("avg_flush_latency_ns")
        avgRdQueueDepth = try reader.required("avg_rd_queue_depth")
        avgWrQueueDepth = try reader.required("avg_wr_queue_depth")
        avgZoneAppendQueueDepth = try reader.required("avg_zone_append_queue_depth")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("interval_length", intervalLength)
        writer.member("min_rd_latency_ns", minRdLatencyNs)
        writer.member("max_rd_latency_ns", maxRdLatencyNs)
        writer.member("avg_rd_latency_ns", avgRdLatencyNs)
        writer.member("min_wr_latency_ns", minWrLatencyNs)
        writer.member("max_wr_latency_ns", maxWrLatencyNs)
        writer.member("avg_wr_latency_ns", avgWrLatencyNs)
        writer.member("min_zone_append_latency_ns", minZoneAppendLatencyNs)
        writer.member("max_zone_append_latency_ns", maxZoneAppendLatencyNs)
        writer.member("avg_zone_append_latency_ns", avgZoneAppendLatencyNs)
        writer.member("min_flush_latency_ns", minFlushLatencyNs)
        writer.member("max_flush_latency_ns", maxFlushLatencyNs)
        writer.member("avg_flush_latency_ns", avgFlushLatencyNs)
        writer.member("avg_rd_queue_depth", avgRdQueueDepth)
        writer.member("avg_wr_queue_depth", avgWrQueueDepth)
        writer.member("avg_zone_append_queue_depth", avgZoneAppendQueueDepth)
    }
}

/// What a device has done. A storage daemon has no devices, so all but `wr_highest_offset` is zero.
public struct BlockDeviceStats: QAPIObject {
    /// Bytes read.
    public var rdBytes: Int64
    /// Bytes written.
    public var wrBytes: Int64
    /// Bytes appended to zones.
    public var zoneAppendBytes: Int64
    /// Bytes discarded.
    public var unmapBytes: Int64
    /// Reads.
    public var rdOperations: Int64
    /// Writes.
    public var wrOperations: Int64
    /// Appends to zones.
    public var zoneAppendOperations: Int64
    /// Flushes.
    public var flushOperations: Int64
    /// Discards.
    public var unmapOperations: Int64
    /// Time spent on reads.
    public var rdTotalTimeNs: Int64
    /// Time spent on writes.
    public var wrTotalTimeNs: Int64
    /// Time spent on appends to zones.
    public var zoneAppendTotalTimeNs: Int64
    /// Time spent on flushes.
    public var flushTotalTimeNs: Int64
    /// Time spent on discards.
    public var unmapTotalTimeNs: Int64
    /// One past the furthest byte that was written since the node was opened.
    public var wrHighestOffset: Int64
    /// Reads that were merged into others.
    public var rdMerged: Int64
    /// Writes that were merged into others.
    public var wrMerged: Int64
    /// Appends that were merged into others.
    public var zoneAppendMerged: Int64
    /// Discards that were merged into others.
    public var unmapMerged: Int64
    /// Time since the last request.
    public var idleTimeNs: Int64?
    /// Reads that failed.
    public var failedRdOperations: Int64
    /// Writes that failed.
    public var failedWrOperations: Int64
    /// Appends to zones that failed.
    public var failedZoneAppendOperations: Int64
    /// Flushes that failed.
    public var failedFlushOperations: Int64
    /// Discards that failed.
    public var failedUnmapOperations: Int64
    /// Reads that were refused.
    public var invalidRdOperations: Int64
    /// Writes that were refused.
    public var invalidWrOperations: Int64
    /// Appends to zones that were refused.
    public var invalidZoneAppendOperations: Int64
    /// Flushes that were refused.
    public var invalidFlushOperations: Int64
    /// Discards that were refused.
    public var invalidUnmapOperations: Int64
    /// Refused requests count as the last request.
    public var accountInvalid: Bool
    /// Failed requests count in the times.
    public var accountFailed: Bool
    /// Statistics of intervals.
    public var timedStats: [BlockDeviceTimedStats]

    /// Makes a value from its members.
    public init(
        rdBytes: Int64,
        wrBytes: Int64,
        zoneAppendBytes: Int64,
        unmapBytes: Int64,
        rdOperations: Int64,
        wrOperations: Int64,
        zoneAppendOperations: Int64,
        flushOperations: Int64,
        unmapOperations: Int64,
        rdTotalTimeNs: Int64,
        wrTotalTimeNs: Int64,
        zoneAppendTotalTimeNs: Int64,
        flushTotalTimeNs: Int64,
        unmapTotalTimeNs: Int64,
        wrHighestOffset: Int64,
        rdMerged: Int64,
        wrMerged: Int64,
        zoneAppendMerged: Int64,
        unmapMerged: Int64,
        idleTimeNs: Int64? = nil,
        failedRdOperations: Int64,
        failedWrOperations: Int64,
        failedZoneAppendOperations: Int64,
        failedFlushOperations: Int64,
        failedUnmapOperations: Int64,
        invalidRdOperations: Int64,
        invalidWrOperations: Int64,
        invalidZoneAppendOperations: Int64,
        invalidFlushOperations: Int64,
        invalidUnmapOperations: Int64,
        accountInvalid: Bool,
        accountFailed: Bool,
        timedStats: [BlockDeviceTimedStats]
    ) {
        self.rdBytes = rdBytes
        self.wrBytes = wrBytes
        self.zoneAppendBytes = zoneAppendBytes
        self.unmapBytes = unmapBytes
        self.rdOperations = rdOperations
        self.wrOperations = wrOperations
        self.zoneAppendOperations = zoneAppendOperations
        self.flushOperations = flushOperations
        self.unmapOperations = unmapOperations
        self.rdTotalTimeNs = rdTotalTimeNs
        self.wrTotalTimeNs = wrTotalTimeNs
        self.zoneAppendTotalTimeNs = zoneAppendTotalTimeNs
        self.flushTotalTimeNs = flushTotalTimeNs
        self.unmapTotalTimeNs = unmapTotalTimeNs
        self.wrHighestOffset = wrHighestOffset
        self.rdMerged = rdMerged
        self.wrMerged = wrMerged
        self.zoneAppendMerged = zoneAppendMerged
        self.unmapMerged = unmapMerged
        self.idleTimeNs = idleTimeNs
        self.failedRdOperations = failedRdOperations
        self.failedWrOperations = failedWrOperations
        self.failedZoneAppendOperations = failedZoneAppendOperations
        self.failedFlushOperations = failedFlushOperations
        self.failedUnmapOperations = failedUnmapOperations
        self.invalidRdOperations = invalidRdOperations
        self.invalidWrOperations = invalidWrOperations
        self.invalidZoneAppendOperations = invalidZoneAppendOperations
        self.invalidFlushOperations = invalidFlushOperations
        self.invalidUnmapOperations = invalidUnmapOperations
        self.accountInvalid = accountInvalid
        self.accountFailed = accountFailed
        self.timedStats = timedStats
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        rdBytes = try reader.required("rd_bytes")
        wrBytes = try reader.required("wr_bytes")
        zoneAppendBytes = try reader.required("zone_append_bytes")
        unmapBytes = try reader.required("unmap_bytes")
        rdOperations = try reader.required("rd_operations")
        wrOperations = try reader.required("wr_operations")
        zoneAppendOperations = try reader.required("zone_append_operations")
        flushOperations = try reader.required("flush_operations")
        unmapOperations = try reader.required("unmap_operations")
        rdTotalTimeNs = try reader.required("rd_total_time_ns")
        wrTotalTimeNs = try reader.required("wr_total_time_ns")
        zoneAppendTotalTimeNs = try reader.required("zone_append_total_time_ns")
        flushTotalTimeNs = try reader.required("flush_total_time_ns")
        unmapTotalTimeNs = try reader.required("unmap_total_time_ns")
        wrHighestOffset = try reader.required("wr_highest_offset")
        rdMerged = try reader.required("rd_merged")
        wrMerged = try reader.required("wr_merged")
        zoneAppendMerged = try reader.required("zone_append_merged")
        unmapMerged = try reader.required("unmap_merged")
        idleTimeNs = try reader.optional("idle_time_ns")
        failedRdOperations = try reader.required("failed_rd_operations")
        failedWrOperations = try reader.required("failed_wr_operations")
        failedZoneAppendOperations = try reader.required("failed_zone_append_operations")
        failedFlushOperations = try reader.required("failed_flush_operations")
        failedUnmapOperations = try reader.required("failed_unmap_operations")
        invalidRdOperations = try reader.required("invalid_rd_operations")
        invalidWrOperations = try reader.required("invalid_wr_operations")
        invalidZoneAppendOperations = try reader.required("invalid_zone_append_operations")
        invalidFlushOperations = try reader.required("invalid_flush_operations")
        invalidUnmapOperations = try reader.required("invalid_unmap_operations")
        accountInvalid = try reader.required("account_invalid")
        accountFailed = try reader.required("account_failed")
        timedStats = try reader.required("timed_stats")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("rd_bytes", rdBytes)
        writer.member("wr_bytes", wrBytes)
        writer.member("zone_append_bytes", zoneAppendBytes)
        writer.member("unmap_bytes", unmapBytes)
        writer.member("rd_operations", rdOperations)
        writer.member("wr_operations", wrOperations)
        writer.member("zone_append_operations", zoneAppendOperations)
        writer.member("flush_operations", flushOperations)
        writer.member("unmap_operations", unmapOperations)
        writer.member("rd_total_time_ns", rdTotalTimeNs)
        writer.member("wr_total_time_ns", wrTotalTimeNs)
        writer.member("zone_append_total_time_ns", zoneAppendTotalTimeNs)
        writer.member("flush_total_time_ns", flushTotalTimeNs)
        writer.member("unmap_total_time_ns", unmapTotalTimeNs)
        writer.member("wr_highest_offset", wrHighestOffset)
        writer.member("rd_merged", rdMerged)
        writer.member("wr_merged", wrMerged)
        writer.member("zone_append_merged", zoneAppendMerged)
        writer.member("unmap_merged", unmapMerged)
        writer.member("idle_time_ns", ifPresent: idleTimeNs)
        writer.member("failed_rd_operations", failedRdOperations)
        writer.member("failed_wr_operations", failedWrOperations)
        writer.member("failed_zone_append_operations", failedZoneAppendOperations)
        writer.member("failed_flush_operations", failedFlushOperations)
        writer.member("failed_unmap_operations", failedUnmapOperations)
        writer.member("invalid_rd_operations", invalidRdOperations)
        writer.member("invalid_wr_operations", invalidWrOperations)
        writer.member("invalid_zone_append_operations", invalidZoneAppendOperations)
        writer.member("invalid_flush_operations", invalidFlushOperations)
        writer.member("invalid_unmap_operations", invalidUnmapOperations)
        writer.member("account_invalid", accountInvalid)
        writer.member("account_failed", accountFailed)
        writer.member("timed_stats", timedStats)
    }
}

/// What only a host file's node counts.
public struct BlockStatsSpecificFile: QAPIObject {
    /// Discards that succeeded.
    public var discardNbOk: UInt64
    /// Discards that failed.
    public var discardNbFailed: UInt64
    /// Bytes discarded.
    public var discardBytesOk: UInt64

    /// Makes a value from its members.
    public init(
        discardNbOk: UInt64,
        discardNbFailed: UInt64,
        discardBytesOk: UInt64
    ) {
        self.discardNbOk = discardNbOk
        self.discardNbFailed = discardNbFailed
        self.discardBytesOk = discardBytesOk
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        discardNbOk = try reader.required("discard-nb-ok")
        discardNbFailed = try reader.required("discard-nb-failed")
        discardBytesOk = try reader.required("discard-bytes-ok")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("discard-nb-ok", discardNbOk)
        writer.member("discard-nb-failed", discardNbFailed)
        writer.member("discard-bytes-ok", discardBytesOk)
    }
}

/// What only one driver counts.
public enum BlockStatsSpecific: QAPIObject {
    /// Makes requests to another node fail, for tests.
    case blkdebug
    /// Does each request on two nodes and compares, for tests.
    case blkverify
    /// Has the format below store what is written compressed.
    case compress
    /// Saves old data to another node before it is overwritten.
    case copyBeforeWrite
    /// Keeps in the node below what is read from its backing files.
    case copyOnRead
    /// A regular file of the host.
    case file(BlockStatsSpecificFile)
    /// The point in time that a copy-before-write node below keeps.
    case snapshotAccess
    /// A block device of the host.
    case hostDevice(BlockStatsSpecificFile)
    /// Reads of zeroes or of nothing, writes to nowhere, for measurements.
    case nullAIO
    /// The same as `null-aio`.
    case nullCo
    /// Makes the file below grow in large steps.
    case preallocate
    /// An image that grows as it is written, with backing files, snapshots and bitmaps.
    case qcow2
    /// The same data on several nodes, of which a majority must agree.
    case quorum
    /// The bytes of another node as they are, or a window into them.
    case raw
    /// Holds requests back to keep the limits of a throttle group.
    case throttle

    /// The value of `driver`.
    public var driver: BlockdevDriver {
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

    /// Reads the tag and the members that come with it.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        let tag: BlockdevDriver = try reader.required("driver")
        switch tag {
        case .blkdebug: self = .blkdebug
        case .blkverify: self = .blkverify
        case .compress: self = .compress
        case .copyBeforeWrite: self = .copyBeforeWrite
        case .copyOnRead: self = .copyOnRead
        case .file: self = .file(try BlockStatsSpecificFile(members: &reader))
        case .snapshotAccess: self = .snapshotAccess
        case .hostDevice: self = .hostDevice(try BlockStatsSpecificFile(members: &reader))
        case .nullAIO: self = .nullAIO
        case .nullCo: self = .nullCo
        case .preallocate: self = .preallocate
        case .qcow2: self = .qcow2
        case .quorum: self = .quorum
        case .raw: self = .raw
        case .throttle: self = .throttle
        }
    }

    /// Writes the tag and the members that come with it.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("driver", driver)
        switch self {
        case .file(let payload): payload.encodeMembers(to: &writer)
        case .hostDevice(let payload): payload.encodeMembers(to: &writer)
        case .blkdebug, .blkverify, .compress, .copyBeforeWrite, .copyOnRead, .snapshotAccess, .nullAIO, .nullCo, .preallocate, .qcow2, .quorum, .raw, .throttle: break
        }
    }
}

/// Statistics of a device or of a node.
public struct BlockStats: QAPIObject {
    /// The device's name; not with `query-nodes`.
    public var device: String?
    /// The node's name.
    public var nodeName: String?
    /// What the device has done.
    public var stats: BlockDeviceStats
    /// What only this driver counts.
    public var driverSpecific: BlockStatsSpecific?
    /// The same of the node that holds the data.
    @Indirect public var parent: BlockStats?
    /// The same of the backing file; not with `query-nodes`.
    @Indirect public var backing: BlockStats?

    /// Makes a value from its members.
    public init(
        device: String? = nil,
        nodeName: String? = nil,
        stats: BlockDeviceStats,
        driverSpecific: BlockStatsSpecific? = nil,
        parent: BlockStats? = nil,
        backing: BlockStats? = nil
    ) {
        self.device = device
        self.nodeName = nodeName
        self.stats = stats
        self.driverSpecific = driverSpecific
        self.parent = parent
        self.backing = backing
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        device = try reader.optional("device")
        nodeName = try reader.optional("node-name")
        stats = try reader.required("stats")
        driverSpecific = try reader.optional("driver-specific")
        parent = try reader.optional("parent")
        backing = try reader.optional("backing")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("device", ifPresent: device)
        writer.member("node-name", ifPresent: nodeName)
        writer.member("stats", stats)
        writer.member("driver-specific", ifPresent: driverSpecific)
        writer.member("parent", ifPresent: parent)
        writer.member("backing", ifPresent: backing)
    }
}

/// Lists the statistics of guests' devices, of which a storage daemon has none, or of all nodes.
public struct QueryBlockstats: QAPICommand {
    /// One entry a device or node.
    public typealias Reply = [BlockStats]
    /// The name on the wire.
    public static let name = "query-blockstats"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// The nodes'; false by default.
    public var queryNodes: Bool?

    /// Makes a value from its members.
    public init(
        queryNodes: Bool? = nil
    ) {
        self.queryNodes = queryNodes
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        queryNodes = try reader.optional("query-nodes")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("query-nodes", ifPresent: queryNodes)
    }
}

/// Asks for an event when a node is first written beyond an offset.
public struct BlockSetWriteThreshold: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "block-set-write-threshold"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// The node.
    public var nodeName: String
    /// The offset in bytes; 0 asks for none.
    public var writeThreshold: UInt64

    /// Makes a value from its members.
    public init(
        nodeName: String,
        writeThreshold: UInt64
    ) {
        self.nodeName = nodeName
        self.writeThreshold = writeThreshold
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        nodeName = try reader.required("node-name")
        writeThreshold = try reader.required("write-threshold")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("node-name", nodeName)
        writer.member("write-threshold", writeThreshold)
    }
}

/// A node was written beyond its threshold, which is then 0.
public struct BlockWriteThresholdEvent: QAPIEvent {
    /// The name on the wire.
    public static let name = "BLOCK_WRITE_THRESHOLD"
    /// Whether there is data.
    public static let hasData = true

    /// The node.
    public var nodeName: String
    /// By how many bytes the write went beyond it.
    public var amountExceeded: UInt64
    /// The threshold.
    public var writeThreshold: UInt64

    /// Makes a value from its members.
    public init(
        nodeName: String,
        amountExceeded: UInt64,
        writeThreshold: UInt64
    ) {
        self.nodeName = nodeName
        self.amountExceeded = amountExceeded
        self.writeThreshold = writeThreshold
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        nodeName = try reader.required("node-name")
        amountExceeded = try reader.required("amount-exceeded")
        writeThreshold = try reader.required("write-threshold")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("node-name", nodeName)
        writer.member("amount-exceeded", amountExceeded)
        writer.member("write-threshold", writeThreshold)
    }
}
