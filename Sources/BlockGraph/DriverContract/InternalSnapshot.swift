import Storage

/// An internal snapshot of an image.
public struct InternalSnapshot: Sendable, Equatable {
    /// Its id, unique in the image.
    public var id: String
    /// Its name.
    public var name: String
    /// Bytes of a machine's state that were saved with it; 0 for the disk alone.
    public var vmStateSize: UInt64
    /// When it was taken, in seconds since 1970.
    public var dateSeconds: UInt32
    /// The nanoseconds to that: 0...999999999.
    public var dateNanoseconds: UInt32
    /// How long the guest had run, in nanoseconds.
    public var vmClock: UInt64
    /// How many instructions the guest had carried out, where they were counted.
    public var instructionCount: UInt64?
}

/// A driver whose image keeps internal snapshots. Loop-bound; nothing is in flight while one is taken or deleted.
protocol InternalSnapshotKeeping: AnyObject {
    /// The snapshots, in the image's order. Reads nothing.
    var internalSnapshots: [InternalSnapshot] { get }
    /// Keeps the disk as it is now.
    /// - Throws: what the format refuses, and what the storage throws.
    func takeInternalSnapshot(_ name: String, at date: SnapshotDate) async throws(BlockError) -> InternalSnapshot
    /// Deletes the first snapshot that has this id and this name, as far as they are given.
    /// - Throws: ENOENT when there is none; what the storage throws.
    func deleteInternalSnapshot(id: String?, name: String?) async throws(BlockError)
}

/// The moment at which a snapshot is taken, since 1970.
public struct SnapshotDate: Sendable, Equatable {
    /// Whole seconds.
    public var seconds: UInt32
    /// The nanoseconds to that: 0...999999999.
    public var nanoseconds: UInt32

    /// Makes a date.
    public init(seconds: UInt32, nanoseconds: UInt32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }
}

extension Node {
    /// The node whose image keeps the internal snapshots of what this one shows: itself, or one that it passes on as it is; nil where none can.
    var snapshotKeeper: (node: Node, keeper: any InternalSnapshotKeeping)? {
        var node = self
        while true {
            if let keeper = node.driver as? any InternalSnapshotKeeping { return (node, keeper) }
            guard let below = node.driver.snapshotFallback else { return nil }
            node = below.node
        }
    }
}
