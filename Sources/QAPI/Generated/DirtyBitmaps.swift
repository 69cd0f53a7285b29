// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

public import JSON

/// What is known about one dirty bitmap.
public struct BlockDirtyInfo: QAPIObject {
    /// Its name; one that a job uses inside has none.
    public var name: String?
    /// How many bytes are dirty.
    public var count: Int64
    /// Bytes a bit.
    public var granularity: UInt32
    /// Writes set bits.
    public var recording: Bool
    /// An operation has it in use, so that nobody else may change it.
    public var busy: Bool
    /// It is kept in the image when the node is closed.
    public var persistent: Bool
    /// The image was not closed cleanly, so that its content cannot be trusted; it can only be removed.
    public var inconsistent: Bool?

    /// Makes a value from its members.
    public init(
        name: String? = nil,
        count: Int64,
        granularity: UInt32,
        recording: Bool,
        busy: Bool,
        persistent: Bool,
        inconsistent: Bool? = nil
    ) {
        self.name = name
        self.count = count
        self.granularity = granularity
        self.recording = recording
        self.busy = busy
        self.persistent = persistent
        self.inconsistent = inconsistent
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        name = try reader.optional("name")
        count = try reader.required("count")
        granularity = try reader.required("granularity")
        recording = try reader.required("recording")
        busy = try reader.required("busy")
        persistent = try reader.required("persistent")
        inconsistent = try reader.optional("inconsistent")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("name", ifPresent: name)
        writer.member("count", count)
        writer.member("granularity", granularity)
        writer.member("recording", recording)
        writer.member("busy", busy)
        writer.member("persistent", persistent)
        writer.member("inconsistent", ifPresent: inconsistent)
    }
}

/// Names a dirty bitmap.
public struct BlockDirtyBitmap: QAPIObject {
    /// The node that it belongs to.
    public var node: String
    /// Its name there.
    public var name: String

    /// Makes a value from its members.
    public init(
        node: String,
        name: String
    ) {
        self.node = node
        self.name = name
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        node = try reader.required("node")
        name = try reader.required("name")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("node", node)
        writer.member("name", name)
    }
}

/// A dirty bitmap as it is to be.
public struct BlockDirtyBitmapAdd: QAPIObject {
    /// The node whose writes it records.
    public var node: String
    /// Its name, which no other bitmap of that node has.
    public var name: String
    /// Bytes a bit, a power of two from 512; by default the image's cluster size between 4 KiB and 64 KiB, or 64 KiB
    /// where it has none.
    public var granularity: UInt32?
    /// Keep it in the image, where the format can; false by default.
    public var persistent: Bool?
    /// Record nothing until it is enabled; false by default.
    public var disabled: Bool?

    /// Makes a value from its members.
    public init(
        node: String,
        name: String,
        granularity: UInt32? = nil,
        persistent: Bool? = nil,
        disabled: Bool? = nil
    ) {
        self.node = node
        self.name = name
        self.granularity = granularity
        self.persistent = persistent
        self.disabled = disabled
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        node = try reader.required("node")
        name = try reader.required("name")
        granularity = try reader.optional("granularity")
        persistent = try reader.optional("persistent")
        disabled = try reader.optional("disabled")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("node", node)
        writer.member("name", name)
        writer.member("granularity", ifPresent: granularity)
        writer.member("persistent", ifPresent: persistent)
        writer.member("disabled", ifPresent: disabled)
    }
}

/// A bitmap of the target's node, or of any node.
public enum BlockDirtyBitmapOrStr: QAPIValue {
    /// The name of a bitmap of the same node.
    case local(String)
    /// A bitmap of the node that it names.
    case external(BlockDirtyBitmap)

    /// Chooses by the JSON type.
    public init(from value: ArgumentValue) throws(ArgumentError) {
        switch value.kind {
        case .string: self = .local(try String(from: value))
        case .object: self = .external(try BlockDirtyBitmap(from: value))
        default: throw value.matchesNo(alternate: "BlockDirtyBitmapOrStr")
        }
    }

    /// Writes the branch's value.
    public func encode(to writer: inout JSONWriter) {
        switch self {
        case .local(let value): value.encode(to: &writer)
        case .external(let value): value.encode(to: &writer)
        }
    }
}

/// Bitmaps to be added to another.
public struct BlockDirtyBitmapMerge: QAPIObject {
    /// The target's node.
    public var node: String
    /// The bitmap that takes their bits.
    public var target: String
    /// The bitmaps that give them, of disks of the same size; they stay as they are.
    public var bitmaps: [BlockDirtyBitmapOrStr]

    /// Makes a value from its members.
    public init(
        node: String,
        target: String,
        bitmaps: [BlockDirtyBitmapOrStr]
    ) {
        self.node = node
        self.target = target
        self.bitmaps = bitmaps
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        node = try reader.required("node")
        target = try reader.required("target")
        bitmaps = try reader.required("bitmaps")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("node", node)
        writer.member("target", target)
        writer.member("bitmaps", bitmaps)
    }
}

/// A digest of a bitmap's bits.
public struct BlockDirtyBitmapSha256: QAPIObject {
    /// SHA-256 in hexadecimal digits, of the bits as 64-bit words, the least significant byte first.
    public var sha256: String

    /// Makes a value from its members.
    public init(
        sha256: String
    ) {
        self.sha256 = sha256
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        sha256 = try reader.required("sha256")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("sha256", sha256)
    }
}

/// Adds a bitmap to a node. It is clean, and records from now on unless it is disabled.
extension BlockDirtyBitmapAdd: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "block-dirty-bitmap-add"
    /// Whether it may be sent out of band.
    public static let allowOOB = false
}

/// Removes a bitmap, from its image too.
public struct BlockDirtyBitmapRemove: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "block-dirty-bitmap-remove"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// The node that it belongs to.
    public var node: String
    /// Its name there.
    public var name: String

    /// Makes a value from its members.
    public init(
        node: String,
        name: String
    ) {
        self.node = node
        self.name = name
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        node = try reader.required("node")
        name = try reader.required("name")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("node", node)
        writer.member("name", name)
    }
}

/// Makes all bits of a bitmap clean.
public struct BlockDirtyBitmapClear: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "block-dirty-bitmap-clear"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// The node that it belongs to.
    public var node: String
    /// Its name there.
    public var name: String

    /// Makes a value from its members.
    public init(
        node: String,
        name: String
    ) {
        self.node = node
        self.name = name
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        node = try reader.required("node")
        name = try reader.required("name")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("node", node)
        writer.member("name", name)
    }
}

/// Lets a bitmap record.
public struct BlockDirtyBitmapEnable: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "block-dirty-bitmap-enable"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// The node that it belongs to.
    public var node: String
    /// Its name there.
    public var name: String

    /// Makes a value from its members.
    public init(
        node: String,
        name: String
    ) {
        self.node = node
        self.name = name
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        node = try reader.required("node")
        name = try reader.required("name")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("node", node)
        writer.member("name", name)
    }
}

/// Keeps a bitmap from recording.
public struct BlockDirtyBitmapDisable: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "block-dirty-bitmap-disable"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// The node that it belongs to.
    public var node: String
    /// Its name there.
    public var name: String

    /// Makes a value from its members.
    public init(
        node: String,
        name: String
    ) {
        self.node = node
        self.name = name
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        node = try reader.required("node")
        name = try reader.required("name")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("node", node)
        writer.member("name", name)
    }
}

/// Adds the dirty bits of some bitmaps to another one. When one of them cannot be added, none is.
extension BlockDirtyBitmapMerge: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "block-dirty-bitmap-merge"
    /// Whether it may be sent out of band.
    public static let allowOOB = false
}

/// Tells a bitmap's bits apart from another's, for tests.
///
/// Unstable: meant for tests.
public struct XDebugBlockDirtyBitmapSha256: QAPICommand {
    /// The digest.
    public typealias Reply = BlockDirtyBitmapSha256
    /// The name on the wire.
    public static let name = "x-debug-block-dirty-bitmap-sha256"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// The node that it belongs to.
    public var node: String
    /// Its name there.
    public var name: String

    /// Makes a value from its members.
    public init(
        node: String,
        name: String
    ) {
        self.node = node
        self.name = name
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        node = try reader.required("node")
        name = try reader.required("name")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("node", node)
        writer.member("name", name)
    }
}
