public import BlockGraph

/// What `blockdev-snapshot` and `blockdev-snapshot-sync` ask for, alone or in a transaction.
public struct SnapshotOptions: Sendable, Equatable {
    /// What takes the node's place.
    public enum Overlay: Sendable, Equatable {
        /// A node that exists.
        case node(String)
        /// An image that is opened for it, and made if need be.
        case new(NewOverlay)
    }

    /// The node whose place is taken.
    public var node: String?
    /// The guest's device that is meant instead; there is none, but it is named in errors.
    public var device: String?
    /// The overlay that takes it.
    public var overlay: Overlay

    /// Makes options.
    public init(node: String?, device: String? = nil, overlay: Overlay) {
        self.node = node
        self.device = device
        self.overlay = overlay
    }

    /// The action's name on the wire.
    var action: String {
        switch overlay {
        case .node: "blockdev-snapshot"
        case .new: "blockdev-snapshot-sync"
        }
    }
}

/// What `blockdev-snapshot-internal-sync` asks for, alone or in a transaction.
public struct InternalSnapshotOptions: Sendable, Equatable {
    /// The node.
    public var node: String
    /// The snapshot's name.
    public var name: String
    /// When it is taken.
    public var date: SnapshotDate

    /// Makes options.
    public init(node: String, name: String, date: SnapshotDate) {
        self.node = node
        self.name = name
        self.date = date
    }
}
