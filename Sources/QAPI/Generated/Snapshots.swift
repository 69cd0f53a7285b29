// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

public import JSON

/// An overlay that is to take a node's place.
public struct BlockdevSnapshot: QAPIObject {
    /// The node; it becomes the overlay's backing file and may no longer be written.
    public var node: String
    /// An image without a backing file, whose node exists.
    public var overlay: String

    /// Makes a value from its members.
    public init(
        node: String,
        overlay: String
    ) {
        self.node = node
        self.overlay = overlay
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        node = try reader.required("node")
        overlay = try reader.required("overlay")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("node", node)
        writer.member("overlay", overlay)
    }
}

/// Puts an overlay on a node: what used the node then uses the overlay.
extension BlockdevSnapshot: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "blockdev-snapshot"
    /// Whether it may be sent out of band.
    public static let allowOOB = false
}

/// Whether an image is made.
public enum NewImageMode: String, QAPIEnum {
    /// It is there already, and goes on with what it has.
    case existing = "existing"
    /// It is made, and names the image below as its backing file.
    case absolutePaths = "absolute-paths"
}

/// An overlay that is to be made and to take a node's place.
public struct BlockdevSnapshotSync: QAPIObject {
    /// For devices of guests, of which a storage daemon has none.
    public var device: String?
    /// The node; it becomes the overlay's backing file and may no longer be written.
    public var nodeName: String?
    /// The overlay's file.
    public var snapshotFile: String
    /// The overlay's node-name.
    public var snapshotNodeName: String?
    /// The overlay's format, qcow2 by default.
    public var format: String?
    /// Whether the file is made, absolute-paths by default.
    public var mode: NewImageMode?

    /// Makes a value from its members.
    public init(
        device: String? = nil,
        nodeName: String? = nil,
        snapshotFile: String,
        snapshotNodeName: String? = nil,
        format: String? = nil,
        mode: NewImageMode? = nil
    ) {
        self.device = device
        self.nodeName = nodeName
        self.snapshotFile = snapshotFile
        self.snapshotNodeName = snapshotNodeName
        self.format = format
        self.mode = mode
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        device = try reader.optional("device")
        nodeName = try reader.optional("node-name")
        snapshotFile = try reader.required("snapshot-file")
        snapshotNodeName = try reader.optional("snapshot-node-name")
        format = try reader.optional("format")
        mode = try reader.optional("mode")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("device", ifPresent: device)
        writer.member("node-name", ifPresent: nodeName)
        writer.member("snapshot-file", snapshotFile)
        writer.member("snapshot-node-name", ifPresent: snapshotNodeName)
        writer.member("format", ifPresent: format)
        writer.member("mode", ifPresent: mode)
    }
}

/// Makes an image, opens it and puts it on a node: what used the node then uses the overlay. Where nobody used the
/// node, the overlay goes again, and its file stays.
extension BlockdevSnapshotSync: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "blockdev-snapshot-sync"
    /// Whether it may be sent out of band.
    public static let allowOOB = false
}

/// Changes which backing file an image names. What the node reads from now stays as it is, and so does the format that
/// belongs to it.
public struct ChangeBackingFile: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "change-backing-file"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// The node at the top of the chain.
    public var device: String
    /// The node of that chain whose image is changed.
    public var imageNodeName: String
    /// The name to be written.
    public var backingFile: String

    /// Makes a value from its members.
    public init(
        device: String,
        imageNodeName: String,
        backingFile: String
    ) {
        self.device = device
        self.imageNodeName = imageNodeName
        self.backingFile = backingFile
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        device = try reader.required("device")
        imageNodeName = try reader.required("image-node-name")
        backingFile = try reader.required("backing-file")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("device", device)
        writer.member("image-node-name", imageNodeName)
        writer.member("backing-file", backingFile)
    }
}

/// An internal snapshot that is to be taken.
public struct BlockdevSnapshotInternal: QAPIObject {
    /// The node.
    public var device: String
    /// The snapshot's name, which no other of the image has.
    public var name: String

    /// Makes a value from its members.
    public init(
        device: String,
        name: String
    ) {
        self.device = device
        self.name = name
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        device = try reader.required("device")
        name = try reader.required("name")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("device", device)
        writer.member("name", name)
    }
}

/// Takes an internal snapshot of a node's disk, for which no request is in flight.
public struct BlockdevSnapshotInternalSync: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "blockdev-snapshot-internal-sync"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// All arguments.
    public var arguments: BlockdevSnapshotInternal

    /// Makes a value from its members.
    public init(_ arguments: BlockdevSnapshotInternal) { self.arguments = arguments }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        arguments = try BlockdevSnapshotInternal(members: &reader)
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        arguments.encodeMembers(to: &writer)
    }
}

/// Deletes the first internal snapshot that has this id and this name.
public struct BlockdevSnapshotDeleteInternalSync: QAPICommand {
    /// What was deleted.
    public typealias Reply = SnapshotInfo
    /// The name on the wire.
    public static let name = "blockdev-snapshot-delete-internal-sync"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// The node.
    public var device: String
    /// The snapshot's id; at least this or a name is needed.
    public var id: String?
    /// The snapshot's name.
    public var name: String?

    /// Makes a value from its members.
    public init(
        device: String,
        id: String? = nil,
        name: String? = nil
    ) {
        self.device = device
        self.id = id
        self.name = name
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        device = try reader.required("device")
        id = try reader.optional("id")
        name = try reader.optional("name")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("device", device)
        writer.member("id", ifPresent: id)
        writer.member("name", ifPresent: name)
    }
}

/// The tables of an image contradict each other.
public struct BlockImageCorruptedEvent: QAPIEvent {
    /// The name on the wire.
    public static let name = "BLOCK_IMAGE_CORRUPTED"
    /// Whether there is data.
    public static let hasData = true

    /// Always empty.
    public var device: String
    /// The node.
    public var nodeName: String?
    /// What is wrong, for a person.
    public var msg: String
    /// Where in the file, when a range of it is concerned.
    public var offset: Int64?
    /// Bytes of that range.
    public var size: Int64?
    /// The image was marked as corrupt, and is not written to any more.
    public var fatal: Bool

    /// Makes a value from its members.
    public init(
        device: String,
        nodeName: String? = nil,
        msg: String,
        offset: Int64? = nil,
        size: Int64? = nil,
        fatal: Bool
    ) {
        self.device = device
        self.nodeName = nodeName
        self.msg = msg
        self.offset = offset
        self.size = size
        self.fatal = fatal
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        device = try reader.required("device")
        nodeName = try reader.optional("node-name")
        msg = try reader.required("msg")
        offset = try reader.optional("offset")
        size = try reader.optional("size")
        fatal = try reader.required("fatal")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("device", device)
        writer.member("node-name", ifPresent: nodeName)
        writer.member("msg", msg)
        writer.member("offset", ifPresent: offset)
        writer.member("size", ifPresent: size)
        writer.member("fatal", fatal)
    }
}

/// Gives nodes other options. What is not given gets its default, with the exception of children, which have to be
/// given; the options of inline children stay. All nodes are changed or none.
public struct BlockdevReopen: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "blockdev-reopen"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// The nodes, by name, and all their options.
    public var options: [BlockdevOptions]

    /// Makes a value from its members.
    public init(
        options: [BlockdevOptions]
    ) {
        self.options = options
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        options = try reader.required("options")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("options", options)
    }
}
