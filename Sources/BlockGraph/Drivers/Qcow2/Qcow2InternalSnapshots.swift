import ImageFormats
import Storage

extension Qcow2Driver: InternalSnapshotKeeping {
    var internalSnapshots: [InternalSnapshot] { image.listedSnapshots.map { InternalSnapshot($0) } }

    /// Crash: before the header names the new snapshot, all of it is leaked at most (`Qcow2Image.createSnapshot`).
    func takeInternalSnapshot(_ name: String, at date: SnapshotDate) async throws(BlockError) -> InternalSnapshot {
        // No guest, no clock of one.
        let request = Qcow2SnapshotRequest(name: name, dateSeconds: date.seconds, dateNanoseconds: date.nanoseconds)
        return InternalSnapshot(try await image.createSnapshot(request))
    }

    func deleteInternalSnapshot(id: String?, name: String?) async throws(BlockError) {
        try await image.deleteSnapshot(id: id, name: name)
    }
}

extension InternalSnapshot {
    fileprivate init(_ snapshot: Qcow2Snapshot) {
        self.init(
            id: snapshot.id, name: snapshot.name, vmStateSize: snapshot.vmStateSize, dateSeconds: snapshot.dateSeconds,
            dateNanoseconds: snapshot.dateNanoseconds, vmClock: snapshot.vmClock, instructionCount: snapshot.instructionCount)
    }
}
