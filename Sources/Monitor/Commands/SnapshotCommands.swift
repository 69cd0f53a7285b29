import BlockGraph
import BlockJobs
import QAPI

extension CommandTable {
    /// Overlays, internal snapshots, and the names of backing files.
    mutating func registerSnapshotCommands(on jobs: BlockJobStarter, _ graph: BlockGraph) {
        register(BlockdevSnapshot.self, on: jobs, waiting: { command, jobs in try await jobs.snapshot(SnapshotOptions(command)) })
        register(BlockdevSnapshotSync.self, on: jobs, waiting: { command, jobs in try await jobs.snapshot(SnapshotOptions(command)) })
        register(
            BlockdevSnapshotInternalSync.self, on: jobs,
            waiting: { command, jobs in try await jobs.snapshot(InternalSnapshotOptions(command.arguments)) })
        register(
            BlockdevSnapshotDeleteInternalSync.self, on: graph,
            waiting: { command, graph in
                SnapshotInfo(try await graph.deleteInternalSnapshot(of: command.device, id: command.id, named: command.name))
            })
        register(
            ChangeBackingFile.self, on: graph,
            waiting: { command, graph in
                try await graph.changeBackingFile(of: command.imageNodeName, under: command.device, to: command.backingFile)
            })
    }
}
