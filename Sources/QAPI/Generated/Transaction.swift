// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

public import JSON

/// The action that always fails.
public struct Abort: QAPIObject {
    /// Makes a value from its members.
    public init() {}

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {}

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {}
}

/// Whether jobs that were started together also end together.
public enum ActionCompletionMode: String, QAPIEnum {
    /// Each job ends as it will.
    case individual = "individual"
    /// When one job fails or is cancelled, all are cancelled; all wait for the last before they finish.
    case grouped = "grouped"
}

/// What an action of a transaction does.
public enum TransactionActionKind: String, QAPIEnum {
    /// Fails, so that everything before it is undone; for tests of clients.
    case abort = "abort"
    /// Starts a backup job.
    case blockdevBackup = "blockdev-backup"
    /// Puts an overlay on a node.
    case blockdevSnapshot = "blockdev-snapshot"
    /// Takes an internal snapshot.
    case blockdevSnapshotInternalSync = "blockdev-snapshot-internal-sync"
    /// Makes an overlay and puts it on a node.
    case blockdevSnapshotSync = "blockdev-snapshot-sync"
}

/// The data of the abort action.
public struct AbortWrapper: QAPIObject {
    /// No members.
    public var data: Abort

    /// Makes a value from its members.
    public init(
        data: Abort
    ) {
        self.data = data
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        data = try reader.required("data")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("data", data)
    }
}

/// The data of the blockdev-backup action.
public struct BlockdevBackupWrapper: QAPIObject {
    /// The arguments, as for the command.
    public var data: BlockdevBackup

    /// Makes a value from its members.
    public init(
        data: BlockdevBackup
    ) {
        self.data = data
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        data = try reader.required("data")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("data", data)
    }
}

/// The data of the blockdev-snapshot action.
public struct BlockdevSnapshotWrapper: QAPIObject {
    /// The arguments, as for the command.
    public var data: BlockdevSnapshot

    /// Makes a value from its members.
    public init(
        data: BlockdevSnapshot
    ) {
        self.data = data
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        data = try reader.required("data")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("data", data)
    }
}

/// The data of the blockdev-snapshot-internal-sync action.
public struct BlockdevSnapshotInternalWrapper: QAPIObject {
    /// The arguments, as for the command.
    public var data: BlockdevSnapshotInternal

    /// Makes a value from its members.
    public init(
        data: BlockdevSnapshotInternal
    ) {
        self.data = data
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        data = try reader.required("data")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("data", data)
    }
}

/// The data of the blockdev-snapshot-sync action.
public struct BlockdevSnapshotSyncWrapper: QAPIObject {
    /// The arguments, as for the command.
    public var data: BlockdevSnapshotSync

    /// Makes a value from its members.
    public init(
        data: BlockdevSnapshotSync
    ) {
        self.data = data
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        data = try reader.required("data")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("data", data)
    }
}

/// One action.
public enum TransactionAction: QAPIObject {
    /// Fails, so that everything before it is undone; for tests of clients.
    case abort(AbortWrapper)
    /// Starts a backup job.
    case blockdevBackup(BlockdevBackupWrapper)
    /// Puts an overlay on a node.
    case blockdevSnapshot(BlockdevSnapshotWrapper)
    /// Takes an internal snapshot.
    case blockdevSnapshotInternalSync(BlockdevSnapshotInternalWrapper)
    /// Makes an overlay and puts it on a node.
    case blockdevSnapshotSync(BlockdevSnapshotSyncWrapper)

    /// The value of `type`.
    public var type: TransactionActionKind {
        switch self {
        case .abort: .abort
        case .blockdevBackup: .blockdevBackup
        case .blockdevSnapshot: .blockdevSnapshot
        case .blockdevSnapshotInternalSync: .blockdevSnapshotInternalSync
        case .blockdevSnapshotSync: .blockdevSnapshotSync
        }
    }

    /// Reads the tag and the members that come with it.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        let tag: TransactionActionKind = try reader.required("type")
        switch tag {
        case .abort: self = .abort(try AbortWrapper(members: &reader))
        case .blockdevBackup: self = .blockdevBackup(try BlockdevBackupWrapper(members: &reader))
        case .blockdevSnapshot: self = .blockdevSnapshot(try BlockdevSnapshotWrapper(members: &reader))
        case .blockdevSnapshotInternalSync: self = .blockdevSnapshotInternalSync(try BlockdevSnapshotInternalWrapper(members: &reader))
        case .blockdevSnapshotSync: self = .blockdevSnapshotSync(try BlockdevSnapshotSyncWrapper(members: &reader))
        }
    }

    /// Writes the tag and the members that come with it.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("type", type)
        switch self {
        case .abort(let payload): payload.encodeMembers(to: &writer)
        case .blockdevBackup(let payload): payload.encodeMembers(to: &writer)
        case .blockdevSnapshot(let payload): payload.encodeMembers(to: &writer)
        case .blockdevSnapshotInternalSync(let payload): payload.encodeMembers(to: &writer)
        case .blockdevSnapshotSync(let payload): payload.encodeMembers(to: &writer)
        }
    }
}

/// How the actions of a transaction belong together.
public struct TransactionProperties: QAPIObject {
    /// Whether its jobs end together, individual by default.
    public var completionMode: ActionCompletionMode?

    /// Makes a value from its members.
    public init(
        completionMode: ActionCompletionMode? = nil
    ) {
        self.completionMode = completionMode
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        completionMode = try reader.optional("completion-mode")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("completion-mode", ifPresent: completionMode)
    }
}

/// Carries out all actions at one point in time, or none of them.
public struct Transaction: QAPICommand {
    /// Nothing.
    public typealias Reply = EmptyReply
    /// The name on the wire.
    public static let name = "transaction"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// What to do; undone in reverse order when one fails.
    public var actions: [TransactionAction]
    /// How the actions belong together.
    public var properties: TransactionProperties?

    /// Makes a value from its members.
    public init(
        actions: [TransactionAction],
        properties: TransactionProperties? = nil
    ) {
        self.actions = actions
        self.properties = properties
    }

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {
        actions = try reader.required("actions")
        properties = try reader.optional("properties")
    }

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {
        writer.member("actions", actions)
        writer.member("properties", ifPresent: properties)
    }
}
