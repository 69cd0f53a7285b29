public import Jobs

/// Actions that happen all or not at all.
public struct Transaction: Sendable, Equatable {
    /// One of them.
    public enum Action: Sendable, Equatable {
        /// Creates an image.
        case create(CreateOptions)
        /// Starts a mirror job.
        case mirror(MirrorOptions)
        /// Starts a backup job.
        case backup(BackupOptions)
        /// Puts an overlay on a node.
        case snapshot(SnapshotOptions)
        /// Takes an internal snapshot.
        case internalSnapshot(InternalSnapshotOptions)
        /// Fails, so that clients can try what a transaction undoes.
        case abort
    }

    /// In the order in which they are prepared; they are undone in the opposite one.
    public var actions: [Action]
    /// Whether the jobs that it starts also end together.
    public var completionMode: CompletionMode

    /// Makes a transaction.
    public init(_ actions: [Action], completionMode: CompletionMode = .individual) {
        self.actions = actions
        self.completionMode = completionMode
    }
}
