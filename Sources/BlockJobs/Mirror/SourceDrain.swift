internal import BlockGraph

/// A mirror's drain of its source, from the last pass to the pivot.
actor SourceDrain {
    private let graph: BlockGraph
    private let source: String
    private let executor: any SerialExecutor
    private var active: BlockGraph.Drain?

    init(_ graph: BlockGraph, source: String, executor: any SerialExecutor) {
        self.graph = graph
        self.source = source
        self.executor = executor
    }

    /// The control plane's executor.
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Stops the source's users and waits for their requests.
    func begin() async {
        guard active == nil else { return }
        active = await graph.drain([source])
    }

    /// Lets them go on; does nothing when they are.
    func end() async {
        guard let drain = active else { return }
        active = nil
        await graph.resume(drain)
    }
}
