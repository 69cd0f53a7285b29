import IOLoop
import Storage

/// Options of `quorum`.
public struct QuorumSpec: Sendable, Equatable {
    /// The nodes that hold the same bytes.
    public var children: [ChildSpec]
    /// How many must agree.
    public var voteThreshold: Int64
    /// Two children that disagree are an error; nil is false.
    public var blkverify: Bool?
    /// Children that lost a vote are mended; nil is false.
    public var rewriteCorrupted: Bool?
    /// How reads are done; nil is `quorum`.
    public var readPattern: QuorumDriver.ReadPattern?

    /// Makes options.
    public init(
        children: [ChildSpec], voteThreshold: Int64, blkverify: Bool? = nil, rewriteCorrupted: Bool? = nil,
        readPattern: QuorumDriver.ReadPattern? = nil
    ) {
        self.children = children
        self.voteThreshold = voteThreshold
        self.blkverify = blkverify
        self.rewriteCorrupted = rewriteCorrupted
        self.readPattern = readPattern
    }
}

extension DriverSpec {
    /// Keeps the same bytes on several nodes.
    public static func quorum(_ spec: QuorumSpec) -> DriverSpec { DriverSpec(QuorumDefinition(spec: spec)) }
}

/// The driver `quorum`.
struct QuorumDefinition: DriverDefinition {
    /// The most children: each takes a copy of every request, and looks at all others' permissions.
    static let mostChildren = 1000

    let spec: QuorumSpec

    var name: String { "quorum" }
    /// Nobody is outvoted where one child is read.
    private var rewrites: Bool { spec.rewriteCorrupted == true && spec.readPattern != .fifo }
    var children: [ChildSlot] {
        spec.children.enumerated().map { ChildSlot("children.\($0.offset)", .other, $0.element) }
    }

    var strongOptions: [NodeFilename.Option] {
        var list = [NodeFilename.Option(name: "vote-threshold", value: .integer(UInt64(clamping: spec.voteThreshold)))]
        if let blkverify = spec.blkverify { list.append(.init(name: "blkverify", value: .boolean(blkverify))) }
        if let rewrite = spec.rewriteCorrupted { list.append(.init(name: "rewrite-corrupted", value: .boolean(rewrite))) }
        if let pattern = spec.readPattern { list.append(.init(name: "read-pattern", value: .string(pattern.rawValue))) }
        return list
    }

    var changingChildren: ChangingChildren? {
        ChangingChildren(
            prefix: "children.", role: .other, fewest: Int(clamping: spec.voteThreshold), most: Self.mostChildren,
            refusal: "The number of children cannot be lower than the vote threshold \(spec.voteThreshold)",
            additionRefusal: spec.blkverify == true ? "Cannot add a child to a quorum in blkverify mode" : nil)
    }

    func shownChildren(_ children: [NodeFilename.Option]) -> [NodeFilename.Option] {
        [.init(name: "children", value: .list(children.map(\.value)))]
    }

    func check() throws(BlockError) {
        guard !spec.children.isEmpty else { throw BlockError(.invalidOption, "Number of provided children must be 1 or more") }
        guard spec.children.count <= Self.mostChildren else {
            throw BlockError(.invalidOption, "Number of provided children must be \(Self.mostChildren) or less")
        }
        guard spec.voteThreshold >= 1 else { throw BlockError(.invalidOption, "Parameter 'vote-threshold' expects a value >= 1") }
        guard spec.voteThreshold <= Int64(spec.children.count) else {
            throw BlockError(.invalidOption, "threshold may not exceed children count")
        }
        guard spec.readPattern != .fifo else { return }
        guard spec.blkverify != true || (spec.children.count == 2 && spec.voteThreshold == 2) else {
            throw BlockError(
                .invalidOption, "blkverify=on can only be set if there are exactly two files and vote-threshold is 2")
        }
        guard spec.blkverify != true || spec.rewriteCorrupted != true else {
            throw BlockError(.invalidOption, "rewrite-corrupted=on cannot be used with blkverify=on")
        }
    }

    /// No other writer may part one child from the others.
    func permissions(_ child: ChildContext) -> Permissions {
        var result = Permissions(
            held: child.parent.held, shared: child.parent.shared.intersection([.consistentRead, .writeUnchanged]))
        if rewrites { result.held.insert(.write) }
        return result
    }

    func makeDriver(_ opening: DriverOpening, on thread: isolated IOThread) async throws(BlockError) -> NodeDriver {
        let behaviour = QuorumDriver.Behaviour(
            threshold: Int(spec.voteThreshold), verifies: spec.blkverify ?? false, rewritesCorrupted: rewrites,
            pattern: spec.readPattern ?? .quorum)
        let loop = thread
        return try QuorumDriver(opening.edges, behaviour, nodeName: opening.nodeName, events: opening.surroundings.events) { body in
            // Unsafe only in the compiler's eyes: the task runs on the loop that the caller runs on.
            nonisolated(unsafe) let work = body
            loop.task { _ in await work() }
        }
    }
}
