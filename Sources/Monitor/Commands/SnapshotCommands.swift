import BlockGraph
import BlockJobs
import QAPI
import QMP
import Storage

extension CommandTable {
    /// Overlays, internal snapshots, and the names of backing files.
    mutating func registerSnapshotCommands(on monitor: StorageMonitor) {
        registerWaiting(BlockdevSnapshot.self, on: monitor) { (command, monitor) async throws(QMPError) in
            try await monitor.waitingForBlockJobs { (jobs) async throws(BlockJobError) in try await jobs.snapshot(SnapshotOptions(command))
            }
            return EmptyReply()
        }
        registerWaiting(BlockdevSnapshotSync.self, on: monitor) { (command, monitor) async throws(QMPError) in
            try await monitor.waitingForBlockJobs { (jobs) async throws(BlockJobError) in try await jobs.snapshot(SnapshotOptions(command))
            }
            return EmptyReply()
        }
        registerWaiting(BlockdevSnapshotInternalSync.self, on: monitor) { (command, monitor) async throws(QMPError) in
            let options = InternalSnapshotOptions(command.arguments)
            try await monitor.waitingForBlockJobs { (jobs) async throws(BlockJobError) in try await jobs.snapshot(options) }
            return EmptyReply()
        }
        registerWaiting(BlockdevSnapshotDeleteInternalSync.self, on: monitor) { (command, monitor) async throws(QMPError) in
            SnapshotInfo(
                try await monitor.waitingForGraph { (graph) async throws(BlockError) in
                    try await graph.deleteInternalSnapshot(of: command.device, id: command.id, named: command.name)
                })
        }
        registerWaiting(ChangeBackingFile.self, on: monitor) { (command, monitor) async throws(QMPError) in
            try await monitor.waitingForGraph { (graph) async throws(BlockError) in
                try await graph.changeBackingFile(of: command.imageNodeName, under: command.device, to: command.backingFile)
            }
            return EmptyReply()
        }
    }
}
