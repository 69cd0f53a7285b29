// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

public import JSON

/// What an element of the graph is.
public enum XDbgBlockGraphNodeType: String, QAPIEnum {
    /// A user of a node, such as an export.
    case blockBackend = "block-backend"
    /// A job.
    case blockJob = "block-job"
    /// A node.
    case blockDriver = "block-driver"
}

/// An element of the graph.
public struct XDbgBlockGraphNode: QAPIObject {
    /// Its number in this reply.
    public var id: UInt64
    /// What it is.
    public var type: XDbgBlockGraphNodeType
    /// Its name, empty when it has none.
    public var name: String

    /// Makes a value from its members.
    public init(
        id: UInt64,
        type: XDbgBlockGraphNodeType,
        name: String
    ) {
        self.id = id
        self.type = type
        self.name = name
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        id = try reader.required("id")
        type = try reader.required("type")
        name = try reader.required("name")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("id", id)
        writer.member("type", type)
        writer.member("name", name)
    }
}

/// What a user of a node does, or lets others do.
public enum BlockPermission: String, QAPIEnum {
    /// Reads data that nobody is in the middle of changing.
    case consistentRead = "consistent-read"
    /// Changes data.
    case write = "write"
    /// Writes what is there already.
    case writeUnchanged = "write-unchanged"
    /// Changes the length.
    case resize = "resize"
}

/// A use of a node.
public struct XDbgBlockGraphEdge: QAPIObject {
    /// The number of the user.
    public var parent: UInt64
    /// The number of the node.
    public var child: UInt64
    /// What the node is to the user.
    public var name: String
    /// What the user does.
    public var perm: [BlockPermission]
    /// What it lets others do.
    public var sharedPerm: [BlockPermission]

    /// Makes a value from its members.
    public init(
        parent: UInt64,
        child: UInt64,
        name: String,
        perm: [BlockPermission],
        sharedPerm: [BlockPermission]
    ) {
        self.parent = parent
        self.child = child
        self.name = name
        self.perm = perm
        self.sharedPerm = sharedPerm
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        parent = try reader.required("parent")
        child = try reader.required("child")
        name = try reader.required("name")
        perm = try reader.required("perm")
        sharedPerm = try reader.required("shared-perm")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("parent", parent)
        writer.member("child", child)
        writer.member("name", name)
        writer.member("perm", perm)
        writer.member("shared-perm", sharedPerm)
    }
}

/// Who uses whom.
public struct XDbgBlockGraph: QAPIObject {
    /// The elements.
    public var nodes: [XDbgBlockGraphNode]
    /// Their uses.
    public var edges: [XDbgBlockGraphEdge]

    /// Makes a value from its members.
    public init(
        nodes: [XDbgBlockGraphNode],
        edges: [XDbgBlockGraphEdge]
    ) {
        self.nodes = nodes
        self.edges = edges
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        nodes = try reader.required("nodes")
        edges = try reader.required("edges")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("nodes", nodes)
        writer.member("edges", edges)
    }
}

/// Shows the whole graph with its permissions.
///
/// Unstable: meant for people who look for a mistake.
public struct XDebugQueryBlockGraph: QAPICommand {
    /// The graph.
    public typealias Reply = XDbgBlockGraph
    /// The name on the wire.
    public static let name = "x-debug-query-block-graph"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// Makes a value from its members.
    public init() {}

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {}

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {}
}

/// Adds a node to another's children, or takes one away. Only quorum nodes have children that come and go.
///
/// Unstable: the way in which children are named may change.
public struct XBlockdevChange: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "x-blockdev-change"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// The node whose children change.
    public var parent: String
    /// The name of the child to be taken away, such as "children.1".
    public var child: String?
    /// The node to be added.
    public var node: String?

    /// Makes a value from its members.
    public init(
        parent: String,
        child: String? = nil,
        node: String? = nil
    ) {
        self.parent = parent
        self.child = child
        self.node = node
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        parent = try reader.required("parent")
        child = try reader.optional("child")
        node = try reader.optional("node")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("parent", parent)
        writer.member("child", ifPresent: child)
        writer.member("node", ifPresent: node)
    }
}
