internal import Glibc
public import IOLoop
public import Storage

/// Everything that the graph needs to know of a driver. A driver is added by a type of this protocol in a folder of its own under
/// `Drivers`, with its `NodeDriver`, and by a line in the monitor that makes it from its options on the wire.
///
/// A value: the options as they were given, kept with the node, so that the node can be opened again on another loop or with other options.
public protocol DriverDefinition: Sendable, Equatable {
    /// The driver's name on the wire.
    var name: String { get }
    /// Whether the node passes its child's bytes on as they are; such nodes are seen through when the graph is described.
    var isFilter: Bool { get }
    /// Whether QEMU counts the driver among its protocols, which messages call so: it has a way to its bytes of its own.
    var isProtocol: Bool { get }
    /// Whether the bytes are a host file's or device's, with image locks.
    var locksImage: Bool { get }
    /// The children that the options speak of, in the order in which they are opened and shown. A child named `file` is opened before the
    /// node's own options are looked at, as in QEMU.
    var children: [ChildSlot] { get }
    /// The children that the options speak of and that are opened when the driver is made.
    var lateChildren: [ChildSlot] { get }
    /// What else of the daemon the options reach by its name, in words for a refusal: `throttle group 'g'`.
    var references: [String] { get }
    /// Whether the image itself may name children, so that a chain of them might come back to where it began.
    var namesChildren: Bool { get }

    /// Refuses what is wrong whatever the children are; before anything is opened.
    func check() throws(BlockError)
    /// Refuses options that contradict the node's others; the child `file` is open by then.
    func check(_ options: NodeOptions) throws(BlockError)
    /// What the node asks of a child, as its parents are.
    func permissions(_ child: ChildContext) -> Permissions
    /// Whether the driver wants to know what its parents may do; see `NodeDriver.permissionsChanged`.
    var hearsOfPermissions: Bool { get }
    /// Whether the driver may hold requests back for a time; see `NodeDriver.drainBegan`.
    var holdsRequests: Bool { get }
    /// Whether the driver may go on with I/O of its own when its parents' requests have ended; see `NodeDriver.settle`.
    var worksBehindRequests: Bool { get }
    /// Makes what does the work, on the loop. The edges to all children that are open by then are in `opening`, and the image locks that
    /// the node's permissions on them need are held.
    func makeDriver(_ opening: DriverOpening, on thread: isolated IOThread) async throws(BlockError) -> NodeDriver
    /// Children that are opened now that the driver is made: late ones, and those that only the driver knows of. They reach it by
    /// `NodeDriver.setChild`. Runs on the loop.
    func laterChildren(of driver: NodeDriver) throws(BlockError) -> [ChildSlot]

    /// How children that come and go are called and limited; nil where none do.
    var changingChildren: ChangingChildren? { get }

    /// What the options say of a backing child.
    var backing: BackingOption { get }
    /// The same options, without a backing child whatever the image names.
    func withoutBacking() -> any DriverDefinition
    /// Whether the node can be given other options.
    var canReopen: Bool { get }
    /// The driver's own options that may be others when the node is reopened, by name.
    var mutableOptions: [String] { get }
    /// Those of them that have no default to go back to: once given, they must be given again.
    var lastingOptions: [String] { get }
    /// The driver's own options as they were given, children apart.
    var givenOptions: [NodeFilename.Option] { get }

    /// How the node is named to a person by path; nil when options must be shown. A format over a protocol node is named as that, unless
    /// it has strong options.
    var exactFilename: String? { get }
    /// The same for a driver whose name by path has those of its children in it.
    /// - Parameter children: finds the names by path of the children, in their order.
    func exactFilename(over children: () -> [String?]) -> String?
    /// The options that change what a guest reads: they are part of the node's name.
    var strongOptions: [NodeFilename.Option] { get }
    /// Whether the node is named to a person as its first child is, whatever its options.
    var isNamedAsChild: Bool { get }
    /// How the children's options, each under its child's name, are shown.
    func shownChildren(_ children: [NodeFilename.Option]) -> [NodeFilename.Option]
}

extension DriverDefinition {
    /// There is none anyhow.
    public func withoutBacking() -> any DriverDefinition { self }
    /// No filter.
    public var isFilter: Bool { false }
    /// A format, or a filter like one.
    public var isProtocol: Bool { false }
    /// No host file.
    public var locksImage: Bool { false }
    /// None.
    public var children: [ChildSlot] { [] }
    /// None.
    public var lateChildren: [ChildSlot] { [] }
    /// Nothing.
    public var references: [String] { [] }
    /// It names none.
    public var namesChildren: Bool { false }
    /// Nothing to refuse.
    public func check() throws(BlockError) {}
    /// Nothing to refuse.
    public func check(_ options: NodeOptions) throws(BlockError) {}
    /// What the child's role implies.
    public func permissions(_ child: ChildContext) -> Permissions { child.standard }
    /// The late ones.
    public func laterChildren(of driver: NodeDriver) throws(BlockError) -> [ChildSlot] { lateChildren }
    /// None.
    public var changingChildren: ChangingChildren? { nil }
    /// There is no place for one.
    public var backing: BackingOption { .unsupported }
    /// It cannot.
    public var canReopen: Bool { false }
    /// None.
    public var mutableOptions: [String] { [] }
    /// None.
    public var lastingOptions: [String] { [] }
    /// Those that the node's name shows.
    public var givenOptions: [NodeFilename.Option] { strongOptions }
    /// None of its own.
    public var exactFilename: String? { nil }
    /// None.
    public func exactFilename(over children: () -> [String?]) -> String? { nil }
    /// None.
    public var strongOptions: [NodeFilename.Option] { [] }

    /// It does not.
    public var hearsOfPermissions: Bool { false }
    /// It does not.
    public var holdsRequests: Bool { false }
    /// It does not.
    public var worksBehindRequests: Bool { false }
    /// It is not.
    public var isNamedAsChild: Bool { false }
    /// As they are.
    public func shownChildren(_ children: [NodeFilename.Option]) -> [NodeFilename.Option] { children }

    func isEqual(to other: any DriverDefinition) -> Bool { (other as? Self) == self }
}

/// A place for a child of a node.
public struct ChildSlot: Sendable {
    /// What is to be put there.
    public enum Content: Sendable {
        /// A node that exists, or the options of one to be opened.
        case child(ChildSpec)
        /// What an image's header names.
        case header(HeaderName)
    }

    /// The child's name at its parent: `file`, `backing`, `children.0`.
    public var name: String
    /// What it is to its parent; it decides what an inline child inherits, and the standard permissions.
    public var role: ChildRole
    /// What is to be put there.
    public var content: Content
    /// What a failure to open the child begins with.
    public var failure: String
    /// Where the parent attaches when a job has put a filter on the child.
    public var place = NodeUserSpec.Place.aboveJobs

    /// Makes a slot; an optional child that was not given has none.
    public init(_ name: String, _ role: ChildRole, _ child: ChildSpec, failure: String = "") {
        self.init(name, role, content: .child(child), failure: failure)
    }

    /// The same slot for a parent that wants the child itself, whatever jobs have put on it.
    public func belowJobs() -> ChildSlot {
        var slot = self
        slot.place = .belowJobs
        return slot
    }

    /// Makes a slot for what an image's header names.
    public init(_ name: String, _ role: ChildRole, _ header: HeaderName, failure: String = "") {
        self.init(name, role, content: .header(header), failure: failure)
    }

    private init(_ name: String, _ role: ChildRole, content: Content, failure: String) {
        self.name = name
        self.role = role
        self.content = content
        self.failure = failure
    }
}

/// What a definition makes its driver of; on the loop.
public struct DriverOpening {
    /// The node's name, for messages.
    public let nodeName: String
    /// The node's options, inherited ones included.
    public let options: NodeOptions
    /// The children that are open, in their order.
    public let edges: [NodeEdge]
    /// Where relative names in the image's header begin; nil where no path is below.
    public let directory: String?
    /// What else is around.
    public let surroundings: GraphSurroundings
    private let roots: ImageRoots?
    private let opener: BlockGraph.StorageOpener

    init(
        nodeName: String, options: NodeOptions, edges: [NodeEdge], directory: String?, surroundings: GraphSurroundings,
        roots: ImageRoots?, opener: @escaping BlockGraph.StorageOpener
    ) {
        self.surroundings = surroundings
        self.nodeName = nodeName
        self.options = options
        self.edges = edges
        self.directory = directory
        self.roots = roots
        self.opener = opener
    }

    /// The directories that every file must be in that is opened for this node: those of header names, when it was named in a header.
    var fileRoots: ImageRoots? { options.isNamedInHeader ? roots : nil }

    /// The child of this name, if it is open.
    public func child(_ name: String) -> NodeEdge? { edges.first { $0.name == name } }

    /// The child of this name, which the definition always has.
    public func required(_ name: String) throws(BlockError) -> NodeEdge {
        guard let edge = child(name) else { throw BlockError(.invalidOption, "A block device must be specified for \"\(name)\"") }
        return edge
    }

    /// Opens the bytes of a protocol node.
    func openStorage(_ spec: StorageSpec, _ options: HostFileOptions, on thread: isolated IOThread) async throws(BlockError)
        -> ProtocolDriver
    {
        let storage = try await opener(spec, options, thread)
        guard storage.length <= ProtocolDriver.longest else {
            await storage.close()
            throw BlockError(.system(errno: EFBIG), "Could not refresh total sector count: File too large")
        }
        return ProtocolDriver(storage)
    }
}

/// Bytes that a protocol node stands on.
public enum StorageSpec: Sendable, Equatable {
    /// A regular file.
    case file(FileSpec)
    /// A block or character device.
    case hostDevice(FileSpec)
    /// Nothing.
    case null(NullSpec)
}

/// Children that a driver takes on and lets go while it works.
public struct ChangingChildren: Sendable, Equatable {
    /// What their names begin with: `children.`, a number follows.
    public var prefix: String
    /// What each of them is to the node.
    public var role: ChildRole
    /// How many have to stay.
    public var fewest: Int
    /// How many there may be.
    public var most: Int
    /// What the refusal to go below that says.
    public var refusal: String
    /// Why none may be added; nil where one may.
    public var additionRefusal: String?

    /// Makes a rule.
    public init(prefix: String, role: ChildRole, fewest: Int, most: Int, refusal: String, additionRefusal: String? = nil) {
        self.prefix = prefix
        self.role = role
        self.fewest = fewest
        self.most = most
        self.refusal = refusal
        self.additionRefusal = additionRefusal
    }

    func checkAddition(to count: Int) throws(BlockError) {
        if let additionRefusal { throw BlockError(.invalidOption, additionRefusal) }
        guard count < most else { throw BlockError(.invalidOption, "The node has \(most) children, and may not have more") }
    }

    func checkRemoval(_ count: Int) throws(BlockError) {
        guard count > fewest else { throw BlockError(.invalidOption, refusal) }
    }
}

/// What options say of a node's backing child.
public enum BackingOption: Sendable, Equatable {
    /// The driver has no place for one.
    case unsupported
    /// Nothing: what the image's header names, if it names something.
    case notGiven
    /// That there is none, whatever the header says.
    case none
    /// This one.
    case child(ChildSpec)
}
