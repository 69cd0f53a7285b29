import IOLoop
public import Storage
import Waiting

extension BlockGraph {
    /// Closes a node that the monitor owns (`blockdev-del`), and the inline children that nobody else uses.
    /// - Throws: in QEMU's words when the node is in use, without waiting for whoever uses it; `.inUse` when its disk has not
    ///   flushed within `GraphDeadlines.flush`: the node then stays, so that nothing that was written is forgotten, and may be deleted again.
    public func close(_ name: String) async throws(BlockError) {
        try checkCloseable(name)
        try await withReservation(of: [name]) { (reservation: inout Reservation) async throws(BlockError) in
            let id = try checkCloseable(name)
            try await flushBeforeClosing(id)
            try checkCloseable(name)
            table.updateNode(id, holding: reservation) { $0.isMonitorOwned = false }
            await closeIfUnused(id, holding: reservation)
        }
    }

    @discardableResult
    private func checkCloseable(_ name: String) throws(BlockError) -> NodeID {
        guard let node = topology.node(named: name) else {
            throw BlockError(.invalidOption, "Failed to find node with node-name='\(name)'")
        }
        let users = topology.users(on: node.id)
        if let reason = abandonment(of: node) {
            throw BlockError(.inUse, "Node \(name) is in use: \(reason)")
        }
        if users.contains(where: { if case .device = $0.kind { true } else { false } }) {
            throw BlockError(.inUse, "Node \(name) is in use")
        }
        try refuseIfBusy(name)
        try refuseIfBacking(node)
        guard node.isMonitorOwned else { throw BlockError(.inUse, "Node \(name) is not owned by the monitor") }
        guard node.parents.isEmpty else { throw BlockError(.inUse, "Block device \(name) is in use") }
        return node.id
    }

    /// A client that deletes a node is told when its disk does not answer.
    private func flushBeforeClosing(_ id: NodeID) async throws(BlockError) {
        guard let node = topology.nodes[id], let handle = table.record(id)?.handle, !node.isReadOnly, !node.isFilter else { return }
        guard await withinDeadline(deadlines.flush, { await BlockGraph.flush(handle) }) else { return }
        throw BlockError(
            .inUse, "Node '\(node.name)' has not flushed within \(deadlines.flush.inSeconds): its disk does not answer, and the node stays")
    }

    /// Closes nodes that neither the monitor nor a parent keeps, from `id` downwards: flushed, locks released, names free again. Where the
    /// disk does not answer, the storage is closed when it does; the node has gone then already.
    func closeIfUnused(_ id: NodeID, holding reservation: borrowing Reservation) async {
        var pending = [id]
        while let id = pending.popLast() {
            guard let node = topology.nodes[id], node.parents.isEmpty, life == .closing || !node.isMonitorOwned,
                let record = table.record(id)
            else { continue }
            // A filter belongs to its job, also while nobody else uses it.
            guard record.spec != nil || life == .closing else { continue }
            let children = node.children.compactMap { topology.edges[$0]?.child }
            let isWritable = !node.isReadOnly && !node.isFilter
            let handle = record.handle
            // A format still writes to its children as it is closed: it keeps what it holds of them until then.
            _ = await withinDeadline(deadlines.close) {
                // What only passes writes on leaves it to the node below, which goes next or stays open. A long chain is so flushed once.
                if isWritable, await !BlockGraph.passesWrites(handle) { await BlockGraph.flush(handle) }
                await handle.thread.run { (io: isolated IOThread) async -> Void in
                    if isWritable { await handle.value.storeBitmaps() }
                    await handle.value.driver.close()
                }
            }
            await giveUp(holding: reservation, from: children, extent: .lostParents) { $0.remove(id) }
            pending.append(contentsOf: children.reversed())
        }
    }

    private static func passesWrites(_ handle: LoopBound<Node>) async -> Bool {
        await handle.thread.run { (io: isolated IOThread) in
            do throws(BlockError) { return try handle.value.driver.passWrite(at: 0, count: 1) != nil } catch { return false }
        }
    }

    /// As QEMU, closes what could not be flushed all the same.
    private static func flush(_ handle: LoopBound<Node>) async {
        await handle.thread.run { (io: isolated IOThread) async -> Void in
            do throws(BlockError) {
                try await handle.value.flush()
            } catch {
                // Whoever wants to know flushes before closing.
            }
        }
    }

    /// The daemon's end has begun: from here on clients change nothing, whatever they have waited for. Jobs still let go of what they hold.
    public func beginEnd() { if life == .open { life = .ending } }

    func refuseIfEnding() throws(BlockError) {
        guard life == .open else { throw BlockError(.inUse, "The daemon is shutting down") }
    }

    /// Closes every node, users or not, as the daemon ends; hanging requests are left behind.
    public func closeAll() async {
        beginEnd()
        // Who is opening something closes it again, or leaves it to what follows.
        _ = await withinDeadline(deadlines.close) { [self] in await openingsEnd() }
        life = .closing
        let all = table.newestFirst
        let roots = all.filter { topology.nodes[$0]?.parents.isEmpty == true }
        // Side by side, since each waits for its disk.
        await withTaskGroup(of: Void.self) { group in
            var rest = roots[...]
            func startNext() {
                guard let id = rest.popFirst() else { return }
                group.addTask { await self.closeReserved(id) }
            }
            for _ in 0..<BlockGraph.closingsAtOnce { startNext() }
            while await group.next() != nil { startNext() }
        }
    }

    private func openingsEnd() async { await openingsWaiters.wait { openings == 0 } }

    /// Two that stand on one image change what it is locked for one after the other.
    private func closeReserved(_ id: NodeID) async {
        guard let name = topology.nodes[id]?.name else { return }
        await withReservation(of: [name]) { (reservation: inout Reservation) async in
            await closeIfUnused(id, holding: reservation)
        }
    }

    /// How many nodes are closed at the same time.
    private static let closingsAtOnce = 64
}

extension Node {
    /// Keeps the bitmaps in the image before it is closed. Those that cannot be stored stay in use there: the next one to open the image finds
    /// them inconsistent.
    fileprivate func storeBitmaps() async {
        do throws(BlockError) {
            try await driver.store(bitmaps)
        } catch {
            return
        }
    }
}
