import JSON
import QAPI
import Testing

/// The commands of the schema, so that tests can name one by its wire name.
let commandTypes: [any QAPICommand.Type] = [
    QomSet.self, QomGet.self, ObjectDel.self, ObjectAdd.self, Transaction.self, QueryQMPSchema.self, Quit.self, QueryCommands.self,
    QueryVersion.self, QMPCapabilities.self, QueryJobs.self, BlockdevReopen.self, BlockdevSnapshot.self, BlockdevSnapshotSync.self,
    BlockdevSnapshotInternalSync.self, BlockdevSnapshotDeleteInternalSync.self, ChangeBackingFile.self,
    JobFinalize.self, JobDismiss.self, JobComplete.self, JobCancel.self, JobResume.self, JobPause.self, BlockdevCreate.self,
    BlockdevDel.self, BlockdevAdd.self, BlockJobChange.self, BlockJobFinalize.self, BlockJobDismiss.self, BlockJobComplete.self,
    BlockJobResume.self, BlockJobPause.self, BlockJobCancel.self, BlockJobSetSpeed.self, QueryBlockJobs.self, BlockdevMirror.self,
    BlockdevBackup.self, QueryNamedBlockNodes.self, BlockResize.self, QueryBlock.self,
    BlockDirtyBitmapAdd.self, BlockDirtyBitmapMerge.self, BlockDirtyBitmapRemove.self, BlockDirtyBitmapClear.self,
    BlockDirtyBitmapEnable.self, BlockDirtyBitmapDisable.self,
    XDebugBlockDirtyBitmapSha256.self, QueryBlockstats.self, BlockSetWriteThreshold.self, XDebugQueryBlockGraph.self, XBlockdevChange.self,
]

/// Reads a value from JSON text.
func decode<Value: QAPIValue>(_ type: Value.Type, _ json: String) throws -> Value {
    let document = try JSONDocument(parsing: json)
    return try Value(from: ArgumentValue(document.root))
}

/// Why a value cannot be read, or nil when it can.
func refusal<Value: QAPIValue>(_ type: Value.Type, _ json: String) throws -> String? {
    let document = try JSONDocument(parsing: json)
    do {
        _ = try Value(from: ArgumentValue(document.root))
        return nil
    } catch {
        return error.description
    }
}

/// Why a command's arguments cannot be read, or nil when they can.
func refusal(command: String, _ arguments: String) throws -> String? {
    let type = try #require(commandTypes.first { $0.name == command })
    return try refusal(type, arguments)
}

/// The JSON text of a value.
func text(_ value: some JSONEncodable) -> String { String(decoding: value.encoded(), as: UTF8.self) }
