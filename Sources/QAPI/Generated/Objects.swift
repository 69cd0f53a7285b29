// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

public import JSON

/// What a throttle group lets pass.
public struct ThrottleLimits: QAPIObject {
    /// Limit of requests a second; 0, the default, is none.
    public var iopsTotal: Int64?
    /// Limit of requests a second in bursts; 0, the default, allows no bursts.
    public var iopsTotalMax: Int64?
    /// How many seconds such a burst may last, 1 by default.
    public var iopsTotalMaxLength: Int64?
    /// Limit of reads a second; 0, the default, is none.
    public var iopsRead: Int64?
    /// Limit of reads a second in bursts; 0, the default, allows no bursts.
    public var iopsReadMax: Int64?
    /// How many seconds such a burst may last, 1 by default.
    public var iopsReadMaxLength: Int64?
    /// Limit of writes a second; 0, the default, is none.
    public var iopsWrite: Int64?
    /// Limit of writes a second in bursts; 0, the default, allows no bursts.
    public var iopsWriteMax: Int64?
    /// How many seconds such a burst may last, 1 by default.
    public var iopsWriteMaxLength: Int64?
    /// Limit of bytes a second; 0, the default, is none.
    public var bpsTotal: Int64?
    /// Limit of bytes a second in bursts; 0, the default, allows no bursts.
    public var bpsTotalMax: Int64?
    /// How many seconds such a burst may last, 1 by default.
    public var bpsTotalMaxLength: Int64?
    /// Limit of bytes read a second; 0, the default, is none.
    public var bpsRead: Int64?
    /// Limit of bytes read a second in bursts; 0, the default, allows no bursts.
    public var bpsReadMax: Int64?
    /// How many seconds such a burst may last, 1 by default.
    public var bpsReadMaxLength: Int64?
    /// Limit of bytes written a second; 0, the default, is none.
    public var bpsWrite: Int64?
    /// Limit of bytes written a second in bursts; 0, the default, allows no bursts.
    public var bpsWriteMax: Int64?
    /// How many seconds such a burst may last, 1 by default.
    public var bpsWriteMaxLength: Int64?
    /// A request counts once for every so many bytes of it; 0, the default, counts each once.
    public var iopsSize: Int64?

    /// Makes a value from its members.
    public init(
        iopsTotal: Int64? = nil,
        iopsTotalMax: Int64? = nil,
        iopsTotalMaxLength: Int64? = nil,
        iopsRead: Int64? = nil,
        iopsReadMax: Int64? = nil,
        iopsReadMaxLength: Int64? = nil,
        iopsWrite: Int64? = nil,
        iopsWriteMax: Int64? = nil,
        iopsWriteMaxLength: Int64? = nil,
        bpsTotal: Int64? = nil,
        bpsTotalMax: Int64? = nil,
        bpsTotalMaxLength: Int64? = nil,
        bpsRead: Int64? = nil,
        bpsReadMax: Int64? = nil,
        bpsReadMaxLength: Int64? = nil,
        bpsWrite: Int64? = nil,
        bpsWriteMax: Int64? = nil,
        bpsWriteMaxLength: Int64? = nil,
        iopsSize: Int64? = nil
    ) {
        self.iopsTotal = iopsTotal
        self.iopsTotalMax = iopsTotalMax
        self.iopsTotalMaxLength = iopsTotalMaxLength
        self.iopsRead = iopsRead
        self.iopsReadMax = iopsReadMax
        self.iopsReadMaxLength = iopsReadMaxLength
        self.iopsWrite = iopsWrite
        self.iopsWriteMax = iopsWriteMax
        self.iopsWriteMaxLength = iopsWriteMaxLength
        self.bpsTotal = bpsTotal
        self.bpsTotalMax = bpsTotalMax
        self.bpsTotalMaxLength = bpsTotalMaxLength
        self.bpsRead = bpsRead
        self.bpsReadMax = bpsReadMax
        self.bpsReadMaxLength = bpsReadMaxLength
        self.bpsWrite = bpsWrite
        self.bpsWriteMax = bpsWriteMax
        self.bpsWriteMaxLength = bpsWriteMaxLength
        self.iopsSize = iopsSize
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        iopsTotal = try reader.optional("iops-total")
        iopsTotalMax = try reader.optional("iops-total-max")
        iopsTotalMaxLength = try reader.optional("iops-total-max-length")
        iopsRead = try reader.optional("iops-read")
        iopsReadMax = try reader.optional("iops-read-max")
        iopsReadMaxLength = try reader.optional("iops-read-max-length")
        iopsWrite = try reader.optional("iops-write")
        iopsWriteMax = try reader.optional("iops-write-max")
        iopsWriteMaxLength = try reader.optional("iops-write-max-length")
        bpsTotal = try reader.optional("bps-total")
        bpsTotalMax = try reader.optional("bps-total-max")
        bpsTotalMaxLength = try reader.optional("bps-total-max-length")
        bpsRead = try reader.optional("bps-read")
        bpsReadMax = try reader.optional("bps-read-max")
        bpsReadMaxLength = try reader.optional("bps-read-max-length")
        bpsWrite = try reader.optional("bps-write")
        bpsWriteMax = try reader.optional("bps-write-max")
        bpsWriteMaxLength = try reader.optional("bps-write-max-length")
        iopsSize = try reader.optional("iops-size")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("iops-total", ifPresent: iopsTotal)
        writer.member("iops-total-max", ifPresent: iopsTotalMax)
        writer.member("iops-total-max-length", ifPresent: iopsTotalMaxLength)
        writer.member("iops-read", ifPresent: iopsRead)
        writer.member("iops-read-max", ifPresent: iopsReadMax)
        writer.member("iops-read-max-length", ifPresent: iopsReadMaxLength)
        writer.member("iops-write", ifPresent: iopsWrite)
        writer.member("iops-write-max", ifPresent: iopsWriteMax)
        writer.member("iops-write-max-length", ifPresent: iopsWriteMaxLength)
        writer.member("bps-total", ifPresent: bpsTotal)
        writer.member("bps-total-max", ifPresent: bpsTotalMax)
        writer.member("bps-total-max-length", ifPresent: bpsTotalMaxLength)
        writer.member("bps-read", ifPresent: bpsRead)
        writer.member("bps-read-max", ifPresent: bpsReadMax)
        writer.member("bps-read-max-length", ifPresent: bpsReadMaxLength)
        writer.member("bps-write", ifPresent: bpsWrite)
        writer.member("bps-write-max", ifPresent: bpsWriteMax)
        writer.member("bps-write-max-length", ifPresent: bpsWriteMaxLength)
        writer.member("iops-size", ifPresent: iopsSize)
    }
}

/// Properties of a throttle-group object.
public struct ThrottleGroupProperties: QAPIObject {
    /// What it lets pass.
    public var limits: ThrottleLimits?
    /// Limit of requests a second; 0, the default, is none.
    public var xIopsTotal: Int64?
    /// Limit of requests a second in bursts; 0, the default, allows no bursts.
    public var xIopsTotalMax: Int64?
    /// How many seconds such a burst may last, 1 by default.
    public var xIopsTotalMaxLength: Int64?
    /// Limit of reads a second; 0, the default, is none.
    public var xIopsRead: Int64?
    /// Limit of reads a second in bursts; 0, the default, allows no bursts.
    public var xIopsReadMax: Int64?
    /// How many seconds such a burst may last, 1 by default.
    public var xIopsReadMaxLength: Int64?
    /// Limit of writes a second; 0, the default, is none.
    public var xIopsWrite: Int64?
    /// Limit of writes a second in bursts; 0, the default, allows no bursts.
    public var xIopsWriteMax: Int64?
    /// How many seconds such a burst may last, 1 by default.
    public var xIopsWriteMaxLength: Int64?
    /// Limit of bytes a second; 0, the default, is none.
    public var xBpsTotal: Int64?
    /// Limit of bytes a second in bursts; 0, the default, allows no bursts.
    public var xBpsTotalMax: Int64?
    /// How many seconds such a burst may last, 1 by default.
    public var xBpsTotalMaxLength: Int64?
    /// Limit of bytes read a second; 0, the default, is none.
    public var xBpsRead: Int64?
    /// Limit of bytes read a second in bursts; 0, the default, allows no bursts.
    public var xBpsReadMax: Int64?
    /// How many seconds such a burst may last, 1 by default.
    public var xBpsReadMaxLength: Int64?
    /// Limit of bytes written a second; 0, the default, is none.
    public var xBpsWrite: Int64?
    /// Limit of bytes written a second in bursts; 0, the default, allows no bursts.
    public var xBpsWriteMax: Int64?
    /// How many seconds such a burst may last, 1 by default.
    public var xBpsWriteMaxLength: Int64?
    /// A request counts once for every so many bytes of it; 0, the default, counts each once.
    public var xIopsSize: Int64?

    /// Makes a value from its members.
    public init(
        limits: ThrottleLimits? = nil,
        xIopsTotal: Int64? = nil,
        xIopsTotalMax: Int64? = nil,
        xIopsTotalMaxLength: Int64? = nil,
        xIopsRead: Int64? = nil,
        xIopsReadMax: Int64? = nil,
        xIopsReadMaxLength: Int64? = nil,
        xIopsWrite: Int64? = nil,
        xIopsWriteMax: Int64? = nil,
        xIopsWriteMaxLength: Int64? = nil,
        xBpsTotal: Int64? = nil,
        xBpsTotalMax: Int64? = nil,
        xBpsTotalMaxLength: Int64? = nil,
        xBpsRead: Int64? = nil,
        xBpsReadMax: Int64? = nil,
        xBpsReadMaxLength: Int64? = nil,
        xBpsWrite: Int64? = nil,
        xBpsWriteMax: Int64? = nil,
        xBpsWriteMaxLength: Int64? = nil,
        xIopsSize: Int64? = nil
    ) {
        self.limits = limits
        self.xIopsTotal = xIopsTotal
        self.xIopsTotalMax = xIopsTotalMax
        self.xIopsTotalMaxLength = xIopsTotalMaxLength
        self.xIopsRead = xIopsRead
        self.xIopsReadMax = xIopsReadMax
        self.xIopsReadMaxLength = xIopsReadMaxLength
        self.xIopsWrite = xIopsWrite
        self.xIopsWriteMax = xIopsWriteMax
        self.xIopsWriteMaxLength = xIopsWriteMaxLength
        self.xBpsTotal = xBpsTotal
        self.xBpsTotalMax = xBpsTotalMax
        self.xBpsTotalMaxLength = xBpsTotalMaxLength
        self.xBpsRead = xBpsRead
        self.xBpsReadMax = xBpsReadMax
        self.xBpsReadMaxLength = xBpsReadMaxLength
        self.xBpsWrite = xBpsWrite
        self.xBpsWriteMax = xBpsWriteMax
        self.xBpsWriteMaxLength = xBpsWriteMaxLength
        self.xIopsSize = xIopsSize
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        limits = try reader.optional("limits")
        xIopsTotal = try reader.optional("x-iops-total")
        xIopsTotalMax = try reader.optional("x-iops-total-max")
        xIopsTotalMaxLength = try reader.optional("x-iops-total-max-length")
        xIopsRead = try reader.optional("x-iops-read")
        xIopsReadMax = try reader.optional("x-iops-read-max")
        xIopsReadMaxLength = try reader.optional("x-iops-read-max-length")
        xIopsWrite = try reader.optional("x-iops-write")
        xIopsWriteMax = try reader.optional("x-iops-write-max")
        xIopsWriteMaxLength = try reader.optional("x-iops-write-max-length")
        xBpsTotal = try reader.optional("x-bps-total")
        xBpsTotalMax = try reader.optional("x-bps-total-max")
        xBpsTotalMaxLength = try reader.optional("x-bps-total-max-length")
        xBpsRead = try reader.optional("x-bps-read")
        xBpsReadMax = try reader.optional("x-bps-read-max")
        xBpsReadMaxLength = try reader.optional("x-bps-read-max-length")
        xBpsWrite = try reader.optional("x-bps-write")
        xBpsWriteMax = try reader.optional("x-bps-write-max")
        xBpsWriteMaxLength = try reader.optional("x-bps-write-max-length")
        xIopsSize = try reader.optional("x-iops-size")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("limits", ifPresent: limits)
        writer.member("x-iops-total", ifPresent: xIopsTotal)
        writer.member("x-iops-total-max", ifPresent: xIopsTotalMax)
        writer.member("x-iops-total-max-length", ifPresent: xIopsTotalMaxLength)
        writer.member("x-iops-read", ifPresent: xIopsRead)
        writer.member("x-iops-read-max", ifPresent: xIopsReadMax)
        writer.member("x-iops-read-max-length", ifPresent: xIopsReadMaxLength)
        writer.member("x-iops-write", ifPresent: xIopsWrite)
        writer.member("x-iops-write-max", ifPresent: xIopsWriteMax)
        writer.member("x-iops-write-max-length", ifPresent: xIopsWriteMaxLength)
        writer.member("x-bps-total", ifPresent: xBpsTotal)
        writer.member("x-bps-total-max", ifPresent: xBpsTotalMax)
        writer.member("x-bps-total-max-length", ifPresent: xBpsTotalMaxLength)
        writer.member("x-bps-read", ifPresent: xBpsRead)
        writer.member("x-bps-read-max", ifPresent: xBpsReadMax)
        writer.member("x-bps-read-max-length", ifPresent: xBpsReadMaxLength)
        writer.member("x-bps-write", ifPresent: xBpsWrite)
        writer.member("x-bps-write-max", ifPresent: xBpsWriteMax)
        writer.member("x-bps-write-max-length", ifPresent: xBpsWriteMaxLength)
        writer.member("x-iops-size", ifPresent: xIopsSize)
    }
}

/// The kinds of objects.
public enum ObjectType: String, QAPIEnum {
    /// Limits that throttle nodes share.
    case throttleGroup = "throttle-group"
}

/// An object as it is to be.
public struct ObjectOptions: QAPIObject {
    /// Its kind, with the members that come with it.
    public var variant: Variant
    /// Its name, unique among objects.
    public var id: String

    /// Makes a value from its members.
    public init(
        variant: Variant,
        id: String
    ) {
        self.variant = variant
        self.id = id
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        let tag: ObjectType
        tag = try reader.required("qom-type")
        id = try reader.required("id")
        variant = try Variant(tag, members: &reader)
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("qom-type", variant.tag)
        writer.member("id", id)
        variant.encodeMembers(to: &writer)
    }

    /// Its kind.
    public var qomType: ObjectType { variant.tag }

    /// The members that come with each value of `qom-type`.
    public enum Variant: Sendable, Equatable {
        /// Limits that throttle nodes share.
        case throttleGroup(ThrottleGroupProperties)

        /// The value of `qom-type`.
        public var tag: ObjectType {
            switch self {
            case .throttleGroup: .throttleGroup
            }
        }

        /// Reads the members that come with `tag`.
        init(_ tag: ObjectType, members reader: inout ArgumentReader) throws(ArgumentError) {
            switch tag {
            case .throttleGroup: self = .throttleGroup(try ThrottleGroupProperties(members: &reader))
            }
        }

        /// Writes the members that come with the tag.
        func encodeMembers(to writer: inout JSONWriter) {
            switch self {
            case .throttleGroup(let payload): payload.encodeMembers(to: &writer)
            }
        }
    }
}

/// Makes an object.
public struct ObjectAdd: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "object-add"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// All arguments.
    public var arguments: ObjectOptions

    /// Makes a value from its members.
    public init(_ arguments: ObjectOptions) { self.arguments = arguments }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        arguments = try ObjectOptions(members: &reader)
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        arguments.encodeMembers(to: &writer)
    }
}

/// Removes an object that nothing uses.
public struct ObjectDel: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "object-del"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// Its name.
    public var id: String

    /// Makes a value from its members.
    public init(
        id: String
    ) {
        self.id = id
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        id = try reader.required("id")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("id", id)
    }
}

/// Reads a property of an object.
public struct QomGet: QAPICommand {
    /// Its value.
    public typealias Reply = JSONValue
    /// The name on the wire.
    public static let name = "qom-get"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// The object: "/objects/" and its name, or the name alone.
    public var path: String
    /// The property.
    public var property: String

    /// Makes a value from its members.
    public init(
        path: String,
        property: String
    ) {
        self.path = path
        self.property = property
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        path = try reader.required("path")
        property = try reader.required("property")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("path", path)
        writer.member("property", property)
    }
}

/// Changes a property of an object.
public struct QomSet: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "qom-set"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// The object: "/objects/" and its name, or the name alone.
    public var path: String
    /// The property.
    public var property: String
    /// Its new value.
    public var value: JSONValue

    /// Makes a value from its members.
    public init(
        path: String,
        property: String,
        value: JSONValue
    ) {
        self.path = path
        self.property = property
        self.value = value
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        path = try reader.required("path")
        property = try reader.required("property")
        value = try reader.required("value")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("path", path)
        writer.member("property", property)
        writer.member("value", value)
    }
}
