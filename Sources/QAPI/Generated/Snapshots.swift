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
