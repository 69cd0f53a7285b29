public import BlockGraph
public import BlockJobs
public import Jobs
public import QAPI

/// Carries out commands: everything between a decoded command and its reply.
///
/// It shares its executor, the control plane's, with the registry and the graph: a command that needs no disk runs from the bytes that
/// came to the bytes that go without a hop. Nothing here waits for one job's disk while it holds the executor.
public actor StorageMonitor {
    /// What the commands work on. All actors among them share one executor.
    public struct Surroundings: Sendable {
        let executor: any SerialExecutor
        let registry: JobRegistry
        let graph: BlockGraph
        let blockJobs: BlockJobStarter
        let version: VersionInfo
        let chardevs: [ChardevObject]
        let announce: @Sendable (any QAPIEvent) -> Void
        let beforeQuit: @Sendable () async -> Void
        let quit: @Sendable () -> Void

        /// - Parameters:
        ///   - executor: the control plane's.
        ///   - registry: all jobs.
        ///   - graph: all nodes.
        ///   - blockJobs: starts jobs on nodes.
        ///   - version: what `query-version` and the greeting say.
        ///   - chardevs: those that the daemon was started with.
        ///   - announce: sends an event that is no job's to every client; called on the executor.
        ///   - beforeQuit: ends the jobs; `quit` is answered when it returns.
        ///   - quit: called on the executor once the reply to `quit` is on its way.
        public init(
            executor: any SerialExecutor, registry: JobRegistry, graph: BlockGraph, blockJobs: BlockJobStarter, version: VersionInfo,
            chardevs: [ChardevObject], announce: @escaping @Sendable (any QAPIEvent) -> Void,
            beforeQuit: @escaping @Sendable () async -> Void,
            quit: @escaping @Sendable () -> Void
        ) {
            self.executor = executor
            self.registry = registry
            self.graph = graph
            self.blockJobs = blockJobs
            self.version = version
            self.chardevs = chardevs
            self.announce = announce
            self.beforeQuit = beforeQuit
            self.quit = quit
        }
    }

    nonisolated let surroundings: Surroundings

    /// Makes a monitor.
    public init(_ surroundings: Surroundings) {
        self.surroundings = surroundings
    }

    /// The control plane's executor.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { surroundings.executor.asUnownedSerialExecutor() }

    /// Sends an event that is no job's to every client.
    func announce(_ event: any QAPIEvent) { surroundings.announce(event) }

    nonisolated var registry: JobRegistry { surroundings.registry }
    nonisolated var graph: BlockGraph { surroundings.graph }
    nonisolated var blockJobs: BlockJobStarter { surroundings.blockJobs }
}
