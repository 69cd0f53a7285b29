public import IOLoop

/// A user of a node outside the graph: an export, a job's hold on one node, a test. Sendable; opened on its loop.
///
/// ```swift
/// let user = try await graph.attach(NodeUserSpec(...), to: "disk0")
/// try await user.thread.run { io in try await user.access.value.read(at: 0, into: buffer) }
/// ```
public final class NodeUser: Sendable {
    /// Names the user in the graph.
    public let id: UserID
    /// Where the node lives, for as long as the user is attached.
    public let thread: IOThread
    /// The user's way into the node; it follows the node when that is replaced.
    public let access: LoopBound<NodeAccess>

    init(id: UserID, access: LoopBound<NodeAccess>) {
        self.id = id
        thread = access.thread
        self.access = access
    }
}

/// Names a user of a node.
public struct UserID: Hashable, Sendable {
    let number: Int
}

/// How somebody wants to use a node.
public struct NodeUserSpec: Sendable {
    /// Who it is; it shows in refusals.
    public enum Kind: Sendable, Equatable {
        /// A block device, `an unnamed block device` without a name; its node cannot be deleted: `Node x is in use`.
        case device(name: String?)
        /// A job's hold: its node's operations are blocked for others.
        case job(id: String, type: String)
    }

    /// Who it is.
    public var kind: Kind
    /// Where the user stands when a job has put a filter on the node.
    public enum Place: Sendable {
        /// Above it, as if the user had been there when the job began: its writes are mirrored, or saved before they overwrite.
        case aboveJobs
        /// Below it: for jobs themselves, and for who changes what jobs must not have changed.
        case belowJobs
    }

    /// What the node is to it: `root`, `main node`, `source`, `target`.
    public var edgeName: String
    /// What it does and lets others do.
    public var permissions: Permissions
    /// Where it stands.
    public var place: Place

    /// Makes a spec.
    public init(kind: Kind = .device(name: nil), edgeName: String = "root", permissions: Permissions, place: Place = .aboveJobs) {
        self.kind = kind
        self.edgeName = edgeName
        self.place = place
        self.permissions = permissions
    }
}
