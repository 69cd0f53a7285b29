import IOLoop
import Storage

/// A change of permissions or edges, all of it or nothing.
extension BlockGraph {
    /// What is done to a node in the moment in which its new parents come to it.
    struct Arming {
        let node: NodeID
        let act: @Sendable (Node) -> Void
    }

    /// Rehearses `edit` and the permissions below `seeds`, takes the image locks that are newly needed, then makes it so, leads the edges that
    /// it redirects, and gives locks back that nobody needs. Whoever passes a redirected edge is drained.
    /// - Parameters:
    ///   - reopening: nodes whose files are opened anew on the way, by the same steps.
    ///   - extent: how far down the edit can matter.
    ///   - arming: what is done before any request passes a redirected edge.
    func change(
        holding reservation: borrowing Reservation, from seeds: [NodeID], reopening: Set<NodeID> = [], extent: Topology.Extent = .all,
        arming: Arming? = nil, _ edit: (inout GraphEdit) -> Void
    ) async throws(BlockError) {
        // Who is there before and not afterwards changes, too; other extents lose nobody.
        let before = extent == .all ? topology.below(seeds) : []
        let plan = try table.rehearse(holding: reservation, from: seeds, extent: extent, edit) { plan, reached in
            Set(before).union(reached).sorted().filter { plan.nodes[$0] != nil }.map { ($0, plan.cumulative($0)) }
        }
        let prepared = try await prepare(lockMoves(to: plan, reopening))
        // Others may have changed what they have reserved while locks were taken; this was reserved, so the same edit has the same outcome.
        let reached: [NodeID]
        do throws(BlockError) {
            let outcome = try table.attempt(holding: reservation, from: seeds, extent: extent, edit)
            reached = outcome.reached
            await lead(outcome.redirected, arming)
        } catch {
            // Should somebody have come between all the same, it is this change that does not happen.
            for move in prepared { await move.abort() }
            throw error
        }
        for move in prepared { table.update(move.id, holding: reservation) { $0.locks = move.new } }
        await tellPermissions(to: Set(before).union(reached).sorted(), holding: reservation)
        for move in prepared { await move.commit() }
    }

    /// Gives something up. The rules never refuse that; should a policy disagree, it goes all the same.
    func giveUp(
        holding reservation: borrowing Reservation, from seeds: [NodeID], extent: Topology.Extent = .all, _ edit: (inout GraphEdit) -> Void
    ) async {
        do throws(BlockError) {
            try await change(holding: reservation, from: seeds, extent: extent, edit)
        } catch {
            table.giveUp(holding: reservation, edit)
        }
    }

    /// Redirects the loop-bound halves of edges.
    private func lead(_ redirections: [GraphEdit.Redirection], _ arming: Arming?) async {
        var edges: [NodeID: [LoopBound<NodeEdge>]] = [:]
        for redirection in redirections {
            if let edge = table.edge(redirection.edge) { edges[redirection.child, default: []].append(edge) }
        }
        if let arming, edges[arming.node] == nil { edges[arming.node] = [] }
        for (child, edges) in edges {
            guard let node = table.record(child)?.handle else { continue }
            let act = arming.flatMap { $0.node == child ? $0.act : nil }
            await node.thread.run { (io: isolated IOThread) -> Void in
                for edge in edges { edge.value.node = node.value }
                act?(node.value)
            }
        }
    }

    // MARK: Image locks

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
    private func lockMoves(to plan: [(NodeID, Permissions)], _ reopening: Set<NodeID>) -> [LockMove] {
        plan.compactMap { (id, new) in
            guard let record = table.record(id), record.spec?.definition.locksImage == true else { return nil }
            return record.locks == new && !reopening.contains(id) ? nil : LockMove(id: id, handle: record.handle, new: new)
        }
    }

    private func prepare(_ moves: [LockMove]) async throws(BlockError) -> [LockMove] {
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
        return prepared
    }
}
