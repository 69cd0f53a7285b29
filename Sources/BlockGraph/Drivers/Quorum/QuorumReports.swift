import Storage
import Waiting

/// What a quorum tells of its children. In QEMU's units: sectors that the range touches.
struct QuorumReports {
    let nodeName: String
    let send: NodeEventSink

    func failure(_ offset: Int64, _ count: Int64) {
        let (first, sectors) = QuorumReports.sectors(offset, count)
        send(.quorumFailure(reference: nodeName, firstSector: first, sectors: sectors))
    }

    func bad(_ operation: NodeEvent.QuorumOperation, _ child: NodeEdge, _ error: BlockError?, _ offset: Int64, _ count: Int64) {
        let (first, sectors) = QuorumReports.sectors(offset, count)
        send(
            .quorumReportBad(
                operation: operation, error: error?.message, nodeName: child.node.name, firstSector: first, sectors: sectors))
    }

    private static func sectors(_ offset: Int64, _ count: Int64) -> (Int64, Int64) {
        let first = offset / 512
        return (first, (offset + count + 511) / 512 - first)
    }
}

/// The answers of all children, as they come in. Loop-bound.
final class QuorumGathering {
    private var outcomes: [BlockError?]
    private var missing: Int
    private let waiters = Waiters()

    init(count: Int) {
        outcomes = Array(repeating: nil, count: count)
        missing = count
    }

    /// A child has answered.
    func end(_ index: Int, _ outcome: BlockError?) {
        outcomes[index] = outcome
        missing -= 1
        if missing == 0 { waiters.wakeAll() }
    }

    /// Waits until all have answered.
    func all() async -> [BlockError?] {
        await waiters.wait { missing == 0 }
        return outcomes
    }
}
