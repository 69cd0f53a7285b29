import BlockGraph
import QAPI

extension BlockStats {
    /// Nodes as `query-blockstats` shows them, oldest first, each with the node that holds its data.
    static func list(_ reports: [NodeReport]) -> [BlockStats] {
        let byName = Dictionary(reports.map { ($0.nodeName, $0) }, uniquingKeysWith: { first, _ in first })
        var made: [String: BlockStats] = [:]
        return reports.map { make($0, byName, &made) }
    }

    /// Each node is described once, however many show it as their data's; the way down is kept in an array, since chains may be long.
    private static func make(_ report: NodeReport, _ byName: [String: NodeReport], _ made: inout [String: BlockStats]) -> BlockStats {
        var path: [NodeReport] = []
        var next: NodeReport? = report
        while let current = next, made[current.nodeName] == nil {
            path.append(current)
            next = current.dataNode.flatMap { byName[$0] }
        }
        var below = next.flatMap { made[$0.nodeName] }
        for report in path.reversed() {
            let stats = BlockStats(report, parent: below)
            made[report.nodeName] = stats
            below = stats
        }
        return made[report.nodeName] ?? BlockStats(report, parent: nil)
    }

    private init(_ report: NodeReport, parent: BlockStats?) {
        self.init(
            nodeName: report.nodeName, stats: BlockDeviceStats(highestWrite: report.statistics.highestWrite),
            driverSpecific: report.discards.flatMap { BlockStatsSpecific($0, driver: report.driver) }, parent: parent)
    }
}

extension BlockStatsSpecific {
    fileprivate init?(_ discards: DiscardCounts, driver: String) {
        let counts = BlockStatsSpecificFile(
            discardNbOk: discards.succeeded, discardNbFailed: discards.failed, discardBytesOk: discards.bytes)
        switch driver {
        case "file": self = .file(counts)
        case "host_device": self = .hostDevice(counts)
        default: return nil
        }
    }
}

extension BlockDeviceStats {
    /// A node's own: everything else is counted for devices, which a storage daemon does not have.
    fileprivate init(highestWrite: Int64) {
        self.init(
            rdBytes: 0, wrBytes: 0, zoneAppendBytes: 0, unmapBytes: 0, rdOperations: 0, wrOperations: 0, zoneAppendOperations: 0,
            flushOperations: 0, unmapOperations: 0, rdTotalTimeNs: 0, wrTotalTimeNs: 0, zoneAppendTotalTimeNs: 0, flushTotalTimeNs: 0,
            unmapTotalTimeNs: 0, wrHighestOffset: highestWrite, rdMerged: 0, wrMerged: 0, zoneAppendMerged: 0, unmapMerged: 0,
            failedRdOperations: 0, failedWrOperations: 0, failedZoneAppendOperations: 0, failedFlushOperations: 0,
            failedUnmapOperations: 0, invalidRdOperations: 0, invalidWrOperations: 0, invalidZoneAppendOperations: 0,
            invalidFlushOperations: 0, invalidUnmapOperations: 0, accountInvalid: false, accountFailed: false, timedStats: [])
    }
}
