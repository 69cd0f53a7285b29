import IOLoop
import Storage

/// What `query-blockstats` tells of a node.
public struct NodeReport: Sendable, Equatable {
    /// The node-name.
    public var nodeName: String
    /// The driver's name.
    public var driver: String
    /// What the node has done.
    public var statistics: NodeStatistics
    /// What became of discards; nil where the driver doesn't count them.
    public var discards: DiscardCounts?
    /// The node that holds its data.
    public var dataNode: String?
}

extension BlockGraph {
    /// What every node has done, oldest first. As `nodes()`, it delays nobody.
    public func reports() async -> [NodeReport] {
        var result: [NodeReport] = []
        for id in table.newestFirst.reversed() {
            guard let node = topology.nodes[id], let record = table.record(id) else { continue }
            let handle = record.handle
            let isFile = record.spec?.definition.locksImage == true
            let dataNode = dataNode(of: node)
            let (statistics, discards) = await handle.thread.run { (io: isolated IOThread) in
                (handle.value.statistics, isFile ? (handle.value.driver as? ProtocolDriver)?.discards : nil)
            }
            result.append(
                NodeReport(nodeName: node.name, driver: node.driverName, statistics: statistics, discards: discards, dataNode: dataNode))
        }
        return result
    }

    /// The first child where that holds the data, else the one child that does.
    private func dataNode(of node: Topology.Node) -> String? {
        let edges = node.children.compactMap { topology.edges[$0] }
        let primary = edges.first { $0.name == "file" } ?? edges.first { $0.role == .filtered }
        if let primary, [.filtered, .data, .image].contains(primary.role) { return topology.nodes[primary.child]?.name }
        let holders = edges.filter { $0.role == .data || $0.role == .image }
        return holders.count == 1 ? holders.first.flatMap { topology.nodes[$0.child]?.name } : nil
    }
}
