public import Storage

/// A filter node that a job puts above another node.
public struct FilterSpec: Sendable {
    /// Another node that the filter uses, a backup's target for example.
    public struct Child: Sendable {
        /// What it is to the filter: `target`.
        public var name: String
        /// Its node-name.
        public var node: String
        /// Makes a child.
        public init(name: String, node: String) {
            self.name = name
            self.node = node
        }
    }

    /// The node-name; nil lets the graph make one.
    public var nodeName: String?
    /// The driver's name: `copy-before-write`, `mirror_top`, ...
    public var driverName: String
    /// The filtered node's name at the filter: `file` or `backing`.
    public var childName: String
    /// More nodes that it uses; their permissions come from `permissions` too, with role `other`.
    public var others: [Child]
    /// What it asks of its children.
    public var permissions: PermissionPolicy
    /// Makes the driver; runs on the node's loop, with the edge to the filtered node and the edges to `others`.
    public var makeDriver: @Sendable (_ child: NodeEdge, _ others: [NodeEdge]) throws(BlockError) -> NodeDriver

    /// Makes a spec; by default a filter asks of its child what its parents ask of it.
    public init(
        nodeName: String? = nil, driverName: String, childName: String = "file", others: [Child] = [],
        permissions: @escaping PermissionPolicy = { $0.standard },
        makeDriver: @escaping @Sendable (_ child: NodeEdge, _ others: [NodeEdge]) throws(BlockError) -> NodeDriver
    ) {
        self.nodeName = nodeName
        self.driverName = driverName
        self.childName = childName
        self.others = others
        self.permissions = permissions
        self.makeDriver = makeDriver
    }
}
