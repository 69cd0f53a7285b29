import IOLoop
public import Storage

extension BlockGraph {
    /// Sets a node's length (`block_resize`).
    /// - Throws: in QEMU's words when a job has the node, another user needs its length, or the driver cannot.
    public func resize(_ name: String, to length: Int64) async throws(BlockError) {
        try refuseIfEnding()
        let node = try find(name)
        guard length >= 0 else { throw BlockError(.invalidOption, "Parameter 'size' expects a >0 size") }
        let hasJob = topology.jobType(on: node.id) != nil || topology.users(on: node.id).contains { $0.abandonment != nil }
        // Of a backing file, an overlay would lack what is cut off.
        let isBacking = topology.overlay(on: node.id) != nil
        guard !hasJob, !isBacking else { throw BlockError(.inUse, "Device '(null)' is in use") }
        let user = try await attach(NodeUserSpec(permissions: Permissions(held: .resize), place: .belowJobs), to: name)
        let outcome = await resize(name, by: user, to: length)
        await detach(user)
        if let outcome { throw outcome }
    }

    /// Nobody else changes the node meanwhile: no other resize, snapshot, reopening or overlay.
    private func resize(_ name: String, by user: NodeUser, to length: Int64) async -> BlockError? {
        return await withReservation(of: [name]) { (reservation: inout Reservation) async -> BlockError? in
            // An overlay may have taken the user over while this waited.
            guard let id = topology.node(named: name)?.id, nodeID(of: user) == id else {
                return BlockError(.inUse, "Node '\(name)' has been changed")
            }
            do throws(BlockError) {
                let drain = try await drain([name])
                let outcome = await truncate(user, to: length, holding: reservation)
                await resume(drain)
                return outcome
            } catch {
                return error
            }
        }
    }

    private func truncate(_ user: NodeUser, to length: Int64, holding reservation: borrowing Reservation) async -> BlockError? {
        guard let id = nodeID(of: user) else { return NodeUser.gone }
        do throws(BlockError) {
            try await user.thread.run { io async throws(BlockError) in
                try await user.access.value.node.truncate(to: length)
            }
        } catch {
            return error
        }
        // What lies below may end elsewhere now too.
        for id in topology.below([id]) {
            guard let handle = table.record(id)?.handle else { continue }
            let endIsAligned = await handle.thread.run { io in handle.value.endIsAligned }
            table.updateNode(id, holding: reservation) { $0.endIsAligned = endIsAligned }
        }
        return nil
    }
}
