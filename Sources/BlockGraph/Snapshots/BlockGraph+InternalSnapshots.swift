import IOLoop
public import Storage

/// An internal snapshot that was taken, while a transaction is not over. Requests to the image wait until `finish`.
public struct SnapshotChange: Sendable {
    /// The node that was named.
    public let node: String
    /// What was taken.
    public let snapshot: InternalSnapshot
    fileprivate let keeper: NodeID
}

/// Snapshots that an image keeps in itself: the graph sees to it that nothing is in flight while they change.
extension BlockGraph {
    /// The longest name of a snapshot in bytes.
    private static let longestSnapshotName = 255

    /// Holds back the requests to the image that keeps a node's snapshots.
    /// - Throws: in QEMU's words when there is no such node, or it is no root.
    public func drainForSnapshot(_ name: String) async throws(BlockError) -> Drain {
        guard topology.node(named: name) != nil else { throw BlockGraph.noDevice(name) }
        guard try isRoot(name) else { throw BlockError(.inUse, "Need a root block node") }
        let keeper = try await snapshotKeeper(of: name)
        return try await drain([keeper ?? name])
    }

    /// Takes an internal snapshot of a node's disk. The caller has called `drainForSnapshot`.
    /// - Throws: in QEMU's words; nothing has changed then.
    public func takeInternalSnapshot(_ snapshot: String, of name: String, at date: SnapshotDate) async throws(BlockError) -> SnapshotChange
    {
        return try await withReservation(of: [name]) { (reservation: inout Reservation) async throws(BlockError) -> SnapshotChange in
            try refuseIfEnding()
            guard let node = topology.node(named: name) else { throw BlockGraph.noDevice(name) }
            try refuseIfBusy(name)
            guard !node.isReadOnly else { throw BlockError(.readOnly, "Device '\(name)' is read only") }
            guard let keeper = try await snapshotKeeper(of: name).flatMap({ topology.node(named: $0) }), !keeper.isReadOnly else {
                throw BlockError(
                    .unsupported, "Block format '\(node.driverName)' used by device '\(name)' does not support internal snapshots")
            }
            guard !snapshot.isEmpty else { throw BlockError(.invalidOption, "Name is empty") }
            guard snapshot.utf8.count <= BlockGraph.longestSnapshotName else {
                throw BlockError(.invalidOption, "The name of a snapshot may have \(BlockGraph.longestSnapshotName) bytes")
            }
            try checkIsDrained(keeper)
            let handle = try handle(keeper.id)
            return try await handle.thread.run { (io: isolated IOThread) async throws(BlockError) -> SnapshotChange in
                guard let keeping = handle.value.driver as? any InternalSnapshotKeeping else { throw NodeDriver.unsupported }
                guard !keeping.internalSnapshots.contains(where: { $0.name == snapshot }) else {
                    throw BlockError(.invalidOption, "Snapshot with name '\(snapshot)' already exists on device '\(name)'")
                }
                do throws(BlockError) {
                    return SnapshotChange(
                        node: name, snapshot: try await keeping.takeInternalSnapshot(snapshot, at: date), keeper: keeper.id)
                } catch {
                    throw error.within("Failed to create snapshot '\(snapshot)' on device '\(name)'")
                }
            }
        }
    }

    /// Deletes a snapshot that was taken in a transaction which then failed.
    /// - Throws: when it cannot be deleted; it is then still there.
    public func undo(_ change: SnapshotChange) async throws(BlockError) {
        try await withReservation(of: [change.node]) { (reservation: inout Reservation) async throws(BlockError) in
            let handle = try handle(change.keeper)
            try await handle.thread.run { (io: isolated IOThread) async throws(BlockError) in
                guard let keeping = handle.value.driver as? any InternalSnapshotKeeping else { return }
                try await keeping.deleteInternalSnapshot(id: change.snapshot.id, name: change.snapshot.name)
            }
        }
    }

    /// Deletes the first internal snapshot of a node that has this id and this name, as far as they are given
    /// (`blockdev-snapshot-delete-internal-sync`).
    /// - Returns: what was deleted.
    /// - Throws: in QEMU's words.
    public func deleteInternalSnapshot(of name: String, id: String?, named snapshot: String?) async throws(BlockError) -> InternalSnapshot {
        guard topology.node(named: name) != nil else { throw BlockGraph.noDevice(name) }
        guard try isRoot(name) else { throw BlockError(.inUse, "Need a root block node") }
        guard id != nil || snapshot != nil else { throw BlockError(.invalidOption, "Name or id must be provided") }
        try refuseIfBusy(name)
        let drain = try await drainForSnapshot(name)
        do throws(BlockError) {
            let deleted = try await deleteDrained(of: name, id: id, named: snapshot)
            await resume(drain)
            return deleted
        } catch {
            await resume(drain)
            throw error
        }
    }

    private func deleteDrained(of name: String, id: String?, named snapshot: String?) async throws(BlockError) -> InternalSnapshot {
        return try await withReservation(of: [name]) { (reservation: inout Reservation) async throws(BlockError) -> InternalSnapshot in
            try refuseIfEnding()
            guard let keeper = try await snapshotKeeper(of: name).flatMap({ topology.node(named: $0) }) else {
                throw BlockError(.unsupported, "Failed to get a snapshot list: Operation not supported")
            }
            try refuseIfBusy(name)
            try checkIsDrained(keeper)
            let handle = try handle(keeper.id)
            return try await handle.thread.run { (io: isolated IOThread) async throws(BlockError) -> InternalSnapshot in
                guard let keeping = handle.value.driver as? any InternalSnapshotKeeping else { throw NodeDriver.unsupported }
                let found = keeping.internalSnapshots.first { (id ?? $0.id) == $0.id && (snapshot ?? $0.name) == $0.name }
                guard let found else {
                    throw BlockError(
                        .invalidOption,
                        "Snapshot with id '\(id ?? "null")' and name '\(snapshot ?? "null")' does not exist on device '\(name)'")
                }
                guard !handle.value.traits.isReadOnly else {
                    throw BlockError(.readOnly, "Failed to remove snapshot from snapshot list: Operation not permitted")
                }
                try await keeping.deleteInternalSnapshot(id: found.id, name: found.name)
                return found
            }
        }
    }

    /// Another image may have come below the node between the drain and the reservation.
    private func checkIsDrained(_ keeper: Topology.Node) throws(BlockError) {
        guard drainsOfNode[keeper.id]?.isEmpty == false else {
            throw BlockError(.inUse, "Node '\(keeper.name)' has been changed")
        }
    }

    /// The node whose image keeps the snapshots of a node; nil where none does.
    private func snapshotKeeper(of name: String) async throws(BlockError) -> String? {
        let handle = try handle(try find(name).id)
        return await handle.thread.run { (io: isolated IOThread) -> String? in handle.value.snapshotKeeper?.node.name }
    }
}
