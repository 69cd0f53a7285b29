/// What `blockdev-snapshot` asks for, alone or in a transaction.
public struct SnapshotOptions: Sendable, Equatable {
    /// The node whose place is taken.
    public var node: String
    /// The overlay that takes it.
    public var overlay: String

    /// Makes options.
    public init(node: String, overlay: String) {
        self.node = node
        self.overlay = overlay
    }
}
