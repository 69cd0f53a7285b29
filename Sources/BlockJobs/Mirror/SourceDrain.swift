internal import BlockGraph

/// A mirror's drain of its source, from the last pass to the pivot. The job's own users go on meanwhile.
actor SourceDrain {
    private enum State {
        case none
        /// Requests in flight are waited for.
        case beginning
        /// Nobody but the job reaches the source.
        case held(BlockGraph.Drain)
        /// So it stays until the job has given everything back: users are being moved.
        case pivoting(BlockGraph.Drain)
        /// The job is over; nothing is drained again.
        case over
    }

    private let graph: BlockGraph
    private let source: String
    private let sparing: [NodeUser]
    private let executor: any SerialExecutor
    private var state = State.none

    init(_ graph: BlockGraph, source: String, sparing: [NodeUser], executor: any SerialExecutor) {
        self.graph = graph
        self.source = source
        self.sparing = sparing
        self.executor = executor
    }

    /// The control plane's executor.
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Stops the source's users and waits for their requests.
    /// - Returns: false when they have not ended within the graph's deadline, or the job was cancelled meanwhile; the users go on then.
    func begin() async -> Bool {
        guard case .none = state else { return false }
        state = .beginning
        let drain = await graph.beginDrain([source], sparing: sparing)
        guard case .beginning = state else {
            await graph.resume(drain)
            return false
        }
        // A cancel must not have to wait for a request that hangs.
        beginning = drain
        let isDrained = await graph.waitUntilDrained(drain)
        beginning = nil
        switch (state, isDrained) {
        case (.beginning, true):
            state = .held(drain)
            return true
        case (.beginning, false):
            state = .none
        case (.none, _), (.held, _), (.pivoting, _), (.over, _):
            break
        }
        await graph.resume(drain)
        return false
    }

    /// The drain whose requests are waited for.
    private var beginning: BlockGraph.Drain?

    /// Lets the users go on, and the job may begin again.
    func end() async {
        guard case .held(let drain) = state else { return }
        state = .none
        await graph.resume(drain)
    }

    /// Users are about to be moved: from here on a cancel comes too late.
    /// - Returns: false when one came first.
    func pivot() -> Bool {
        guard case .held(let drain) = state else { return false }
        state = .pivoting(drain)
        return true
    }

    /// The job is cancelled: the users go on at once, unless they are being moved.
    func letGo() async {
        switch state {
        case .pivoting: return
        case .none, .beginning, .held, .over: await close()
        }
    }

    /// The job is over, however it ended.
    func close() async {
        let last = state
        state = .over
        if let beginning { await graph.resume(beginning) }
        switch last {
        case .held(let drain), .pivoting(let drain): await graph.resume(drain)
        case .none, .beginning, .over: break
        }
    }
}
