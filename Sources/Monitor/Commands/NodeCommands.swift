import BlockGraph
public import QAPI
public import QMP
import Storage

extension CommandTable {
    /// Nodes: made, unmade, resized, described.
    mutating func registerNodeCommands(on monitor: StorageMonitor) {
        registerWaiting(BlockdevAdd.self, on: monitor) { (command, monitor) async throws(QMPError) in
            try await monitor.addNode(command.arguments)
            return EmptyReply()
        }
        registerWaiting(BlockdevDel.self, on: monitor) { (command, monitor) async throws(QMPError) in
            try await monitor.waitingForGraph { (graph) async throws(BlockError) in try await graph.close(command.nodeName) }
            return EmptyReply()
        }
        registerWaiting(BlockdevReopen.self, on: monitor) { (command, monitor) async throws(QMPError) in
            var specs: [NodeSpec] = []
            for options in command.options { specs.append(try NodeSpec(options)) }
            let all = specs
            try await monitor.waitingForGraph { (graph) async throws(BlockError) in try await graph.reopen(all) }
            return EmptyReply()
        }
        registerWaiting(BlockResize.self, on: monitor) { (command, monitor) async throws(QMPError) in
            let name = try await monitor.nodeToResize(command)
            try await monitor.waitingForGraph { (graph) async throws(BlockError) in try await graph.resize(name, to: command.size) }
            return EmptyReply()
        }
        registerWaiting(BlockSetWriteThreshold.self, on: monitor) { (command, monitor) async throws(QMPError) in
            let (name, threshold) = (command.nodeName, command.writeThreshold)
            try await monitor.waitingForGraph { (graph) async throws(BlockError) in
                try await graph.setWriteThreshold(of: name, threshold) { excess in
                    let event = BlockWriteThresholdEvent(nodeName: name, amountExceeded: excess, writeThreshold: threshold)
                    Task { await monitor.announce(event) }
                }
            }
            return EmptyReply()
        }
        registerNodeQueries(on: monitor)
    }

    private mutating func registerNodeQueries(on monitor: StorageMonitor) {
        registerLarge(QueryNamedBlockNodes.self, on: monitor) { (command, monitor) async throws(QMPError) in
            let nodes = await monitor.graph.nodes()
            if command.flat != true {
                try NestedReply.check(nodes.map { ($0.nodeName, $0.nodeBelow) }, remedy: "ask for them with 'flat'")
            }
            return { BlockDeviceInfo.list(nodes, flat: command.flat ?? false) }
        }
        registerLarge(QueryBlockstats.self, on: monitor) { (command, monitor) async throws(QMPError) in
            // Devices belong to virtual machines: a storage daemon has none.
            guard command.queryNodes ?? false else { return { [] } }
            let reports = await monitor.graph.reports()
            try NestedReply.check(reports.map { ($0.nodeName, $0.dataNode) }, remedy: "ask for 'query-named-block-nodes' with 'flat'")
            return { BlockStats.list(reports) }
        }
        register(QueryBlock.self, on: monitor) { _, _ in [] }
        registerWaiting(XDebugQueryBlockGraph.self, on: monitor) { (_, monitor) async throws(QMPError) in
            XDbgBlockGraph(await monitor.graph.picture())
        }
        registerWaiting(XBlockdevChange.self, on: monitor) { (command, monitor) async throws(QMPError) in
            let change = ChildChange(parent: command.parent, child: command.child, node: command.node)
            try await monitor.waitingForGraph { (graph) async throws(BlockError) in try await graph.changeChildren(change) }
            return EmptyReply()
        }
    }
}

extension StorageMonitor {
    /// Opens a node; for `blockdev-add` and for the command line.
    public func addNode(_ options: BlockdevOptions) async throws(QMPError) {
        let spec = try NodeSpec(options)
        try await waitingForGraph { (graph) async throws(BlockError) in _ = try await graph.open(spec) }
    }

    /// There are no devices here, so that only a node's name finds anything.
    fileprivate func nodeToResize(_ command: BlockResize) async throws(QMPError) -> String {
        if let name = command.nodeName, await graph.contains(name) { return name }
        throw QMPError("Cannot find device='\(command.device ?? "")' nor node-name='\(command.nodeName ?? "")'")
    }
}
