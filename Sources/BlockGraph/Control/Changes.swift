import IOLoop
import Storage

/// A change of permissions or edges, all of it or nothing. The caller holds a reservation of everything that it touches.
extension BlockGraph {
    /// Rehearses `edit` and the permissions below `seeds`, takes the image locks that are newly needed, then makes it so and
    /// gives locks back that nobody needs.
    /// - Parameter reopening: nodes whose files are opened anew on the way, by the same steps.
    /// - Parameter extent: how far down the edit can matter.
    func change(
        from seeds: [NodeID], reopening: Set<NodeID> = [], extent: Topology.Extent = .all, _ edit: (inout Topology) -> Void
    ) async throws(BlockError) {
        // Who is there before and not afterwards changes, too; other extents lose nobody.
        let before = extent == .all ? topology.below(seeds) : []
        let moves = try topology.rehearse(from: seeds, extent: extent, edit) { plan, reached in
            lockMoves(to: plan, of: Set(before).union(reached).sorted(), reopening)
        }
        var prepared: [LockMove] = []
        for move in moves {
            do throws(BlockError) {
                try await move.prepare()
                prepared.append(move)
            } catch {
                for earlier in prepared { await earlier.abort() }
                throw error
            }
        }
        // Others may have changed what they have reserved while locks were taken; this was reserved, so the same edit has the same outcome.
        let reached: [NodeID]
        do throws(BlockError) {
            reached = try topology.attempt(from: seeds, extent: extent, edit)
        } catch {
            // Should somebody have come between all the same, it is this change that does not happen.
            for move in prepared { await move.abort() }
            throw error
        }
        for move in prepared { records[move.id]?.locks = move.new }
        await tellPermissions(to: Set(before).union(reached).sorted())
        for move in prepared { await move.commit() }
    }

    /// A file whose image locks are to change.
    private struct LockMove {
        let id: NodeID
        let handle: LoopBound<Node>
        let new: Permissions

        func prepare() async throws(BlockError) {
            try await handle.thread.run { (io: isolated IOThread) async throws(BlockError) in
                try await handle.value.driver.storage?.prepareLocks(held: new.held, shared: new.shared)
            }
        }

        func commit() async {
            await handle.thread.run { (io: isolated IOThread) async -> Void in
                await handle.value.driver.storage?.commitLocks()
            }
        }

        func abort() async {
            await handle.thread.run { (io: isolated IOThread) async -> Void in
                await handle.value.driver.storage?.abortLocks()
            }
        }
    }

    /// A node that goes away in the change lets go of its locks when it is closed.
    private func lockMoves(to plan: Topology, of ids: [NodeID], _ reopening: Set<NodeID>) -> [LockMove] {
        ids.compactMap { id in
            guard let record = records[id], record.spec?.definition.locksImage == true, plan.nodes[id] != nil else { return nil }
            let new = plan.cumulative(id)
            return record.locks == new && !reopening.contains(id) ? nil : LockMove(id: id, handle: record.handle, new: new)
        }
    }
}
