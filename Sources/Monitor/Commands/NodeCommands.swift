import BlockGraph
public import QAPI
public import QMP
import Storage

extension CommandTable {
    /// Nodes: made, unmade, resized, described.
    mutating func registerNodeCommands(on monitor: StorageMonitor) {
        let graph = monitor.graph
        register(BlockdevAdd.self, on: monitor, waiting: { command, monitor in try await monitor.addNode(command.arguments) })
        register(BlockdevDel.self, on: graph, waiting: { command, graph in try await graph.close(command.nodeName) })
        register(
            BlockdevReopen.self, on: graph, waiting: { command, graph in try await graph.reopen(command.options.map { try NodeSpec($0) }) })
        register(
            BlockResize.self, on: graph,
            waiting: { command, graph in try await graph.resize(graph.nodeToResize(command), to: command.size) })
        register(BlockSetWriteThreshold.self, on: monitor, waiting: { command, monitor in try await monitor.setWriteThreshold(command) })
        register(
            XBlockdevChange.self, on: graph,
            waiting: { command, graph in
                try await graph.changeChildren(ChildChange(parent: command.parent, child: command.child, node: command.node))
            })
        registerNodeQueries(on: graph)
    }

    private mutating func registerNodeQueries(on graph: BlockGraph) {
        register(
            QueryNamedBlockNodes.self, on: graph,
            replyingAside: { command, graph in
                let nodes = await graph.nodes()
                if command.flat != true {
                    try NestedReply.check(nodes.map { ($0.nodeName, $0.nodeBelow) }, remedy: "ask for them with 'flat'")
                }
                return { BlockDeviceInfo.list(nodes, flat: command.flat ?? false) }
            })
        register(
            QueryBlockstats.self, on: graph,
            replyingAside: { command, graph in
                // Devices belong to virtual machines: a storage daemon has none.
                guard command.queryNodes ?? false else { return { [] } }
                let reports = await graph.reports()
                try NestedReply.check(reports.map { ($0.nodeName, $0.dataNode) }, remedy: "ask for 'query-named-block-nodes' with 'flat'")
                return { BlockStats.list(reports) }
            })
        register(QueryBlock.self, on: graph) { _, _ in [] }
        register(XDebugQueryBlockGraph.self, on: graph) { _, graph in XDbgBlockGraph(graph.picture()) }
    }
}

extension StorageMonitor {
    /// Opens a node; for `blockdev-add` and for the command line.
    public func addNode(_ options: BlockdevOptions) async throws(QMPError) {
        let spec = try NodeSpec(options)
        do throws(BlockError) { _ = try await graph.open(spec) } catch { throw QMPError(error) }
    }

    fileprivate func setWriteThreshold(_ command: BlockSetWriteThreshold) async throws(BlockError) {
        let (name, threshold) = (command.nodeName, command.writeThreshold)
        try await graph.setWriteThreshold(of: name, threshold) { [self] excess in
            let event = BlockWriteThresholdEvent(nodeName: name, amountExceeded: excess, writeThreshold: threshold)
            Task { await announce(event) }
        }
    }
}

extension BlockGraph {
    /// There are no devices here, so that only a node's name finds anything.
    fileprivate func nodeToResize(_ command: BlockResize) throws(QMPError) -> String {
        if let name = command.nodeName, contains(name) { return name }
        throw QMPError("Cannot find device='\(command.device ?? "")' nor node-name='\(command.nodeName ?? "")'")
    }
}
