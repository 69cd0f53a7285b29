internal import BlockGraph
internal import Jobs
internal import Storage

/// The two ends of a copying job: what it reads and what it writes, and its holds on both. The only way from a job to their bytes is a
/// `CopyBracket`, which is made here, so that drains, reopening and pivots see whatever the job has in flight.
///
/// Loop-bound. Nobody waits for himself:
/// - A worker opens the brackets of both ends before it claims a range, and both or none. So whoever stands before a gate holds neither a
///   claim, for which a guest within its own bracket may be waiting, nor the other end.
/// - A guest's request copies within the guest's own bracket. Each drain that closes one of the job's gates closes the guest's, too, since the
///   guest reaches both ends through the filter; it then waits for the guest, so his copy must not wait at a gate. It is counted at both ends
///   instead: where the job ends and lets the guest go, the drain still waits for the copy.
/// - The last pass of a mirror runs within a drain of the source that spares the job's own users.
final class CopyEnds {
    private let source: NodeEdge
    private let target: NodeEdge
    private var holds: (source: NodeAccess, target: NodeAccess)?

    init(from source: NodeEdge, to target: NodeEdge) {
        self.source = source
        self.target = target
    }

    /// Completes it, before the first request of a guest or of the job.
    /// - Parameters:
    ///   - source: a user that a drain of the source holds back.
    ///   - target: a user that a drain of the target holds back.
    func attach(source: NodeAccess, target: NodeAccess) { holds = (source, target) }

    /// The source's length in bytes.
    var length: Int64 { source.node.length }

    /// Sees who reads the source through the target.
    func begin(_ readers: OverlayReaders) { readers.begin(target: target.node, source: source.node) }

    /// Opens a bracket for the job's own work, waiting while either end is drained.
    /// - Throws: when the job has given the nodes back.
    func begin() async throws(BlockError) -> CopyBracket {
        guard let holds else { throw CopyEnds.notAttached }
        try await NodeAccess.begin(holds.source, holds.target)
        return CopyBracket(source, target, holds.source, holds.target)
    }

    /// Opens a bracket for what a guest's request does, within the guest's own.
    func beginWithinRequest() throws(BlockError) -> CopyBracket {
        guard let holds else { throw CopyEnds.notAttached }
        holds.source.beginWithinRequest()
        holds.target.beginWithinRequest()
        return CopyBracket(source, target, holds.source, holds.target)
    }

    private static let notAttached = BlockError(.inUse, "The job does not hold its nodes")
}

/// The right to touch both ends, until `end`.
final class CopyBracket {
    private let sourceEdge: NodeEdge
    private let targetEdge: NodeEdge
    private let sourceHold: NodeAccess
    private let targetHold: NodeAccess
    private var holdsSource = true

    fileprivate init(_ source: NodeEdge, _ target: NodeEdge, _ sourceHold: NodeAccess, _ targetHold: NodeAccess) {
        sourceEdge = source
        targetEdge = target
        self.sourceHold = sourceHold
        self.targetHold = targetHold
    }

    /// What is read.
    var source: Node {
        assert(holdsSource, "the source is read within its bracket")
        return sourceEdge.node
    }
    /// What is written.
    var target: Node { targetEdge.node }

    /// Nothing more is read: a drain of the source need not wait for what is still to be written.
    func endSource() {
        guard holdsSource else { return }
        holdsSource = false
        sourceHold.end()
    }

    /// Nothing more is done.
    func end() {
        endSource()
        targetHold.end()
    }
}
