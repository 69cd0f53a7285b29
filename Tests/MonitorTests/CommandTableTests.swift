import BlockGraph
import BlockJobs
import IOLoop
import Jobs
import QAPI
import TestSupport
import Testing

@testable import Monitor

/// What the schema promises is carried out, and what is carried out is in the schema.
@Suite struct `The commands that the monitor carries out` {
    @Test func `are those of the schema, but for the session's own`() async throws {
        let thread = try IOThread()
        let executor = ManualExecutor()
        let registry = JobRegistry(executor: executor, clock: ManualClock(executor)) { _ in }
        let graph = BlockGraph(executor: executor, threads: [thread])
        let monitor = StorageMonitor(
            StorageMonitor.Surroundings(
                executor: executor, registry: registry, graph: graph,
                blockJobs: BlockJobStarter(executor: executor, registry: registry, graph: graph, thread: thread),
                version: VersionInfo(qemu: VersionTriple(major: 10, minor: 1, micro: 0), package: ""), chardevs: [], announce: { _ in },
                beforeQuit: {}, quit: {}))
        let promised = Set(SchemaCommands.names)
        #expect(promised.count == SchemaCommands.names.count)
        #expect(promised.contains("qmp_capabilities"))
        #expect(MonitorDispatcher(monitor).names == promised.subtracting(["qmp_capabilities"]))
        await thread.stop()
    }
}
