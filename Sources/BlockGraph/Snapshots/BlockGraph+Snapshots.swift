internal import Glibc
import IOLoop
public import Storage

/// An overlay that has taken a node's place, while a transaction is not over.
public struct OverlayChange: Sendable {
    /// The node below.
    public let node: String
    /// The overlay.
    public let overlay: String
    /// Whether the overlay is gone when nobody uses it after all: it was opened for this.
    let isTemporary: Bool
    let edge: EdgeID
    let moved: [EdgeID]
}

extension BlockGraph {
    /// Puts an overlay on a node: who used the node uses the overlay from now on. The caller has drained the node.
    /// - Throws: in QEMU's words; nothing has changed then.
    public func insertOverlay(_ overlay: String, on node: String, isTemporary: Bool = false) async throws(BlockError) -> OverlayChange {
        return try await withReservation(of: [node, overlay]) {
            (reservation: inout Reservation) async throws(BlockError) -> OverlayChange in
            try refuseIfEnding()
            guard let base = topology.node(named: node) else { throw BlockGraph.noDevice(node) }
            try refuseIfBusy(node)
            try refuseIfBacking(base)
            try await flush(base)
            // One that came after the reservation is not ours to use.
            guard let new = topology.node(named: overlay), reservation.contains(new.id) else { throw BlockGraph.noDevice(overlay) }
            try checkOverlay(new)
            guard !topology.below([base.id]).contains(new.id) else { throw BlockGraph.cycle(node, "backing", overlay) }
            try await joinLoops([base.id, new.id], holding: reservation)
            let (top, bottom) = (try handle(new.id), try handle(base.id))
            let edgeID = EdgeID(number: table.nextID())
            let moved = edgesToMove(from: base.id, keeping: [], below: [new.id])
            let (overlayID, baseID) = (new.id, base.id)
            let edge = await bottom.thread.run { (io: isolated IOThread) in LoopBound(NodeEdge(to: bottom.value, name: "backing"), on: io) }
            try await change(holding: reservation, from: [overlayID, baseID]) { edit in
                edit.connect(
                    Topology.Edge(
                        id: edgeID, parent: .node(overlayID), child: baseID, name: "backing", role: .backing, permissions: Permissions()),
                    edge)
                edit.redirect(moved, to: overlayID)
            }
            let change = OverlayChange(node: node, overlay: overlay, isTemporary: isTemporary, edge: edgeID, moved: moved)
            if let refusal = await setChild(edge, named: "backing", of: top) {
                await undo(change, holding: reservation)
                throw refusal
            }
            await extendDrains(below: [overlayID])
            return change
        }
    }

    /// The overlay stays, and the node below is only read from now on. That it could not be made so is no reason to take the overlay away.
    public func keepOverlay(_ change: OverlayChange) async {
        await withReservation(of: [change.node]) { (reservation: inout Reservation) async in
            guard let id = topology.node(named: change.node)?.id else { return }
            do throws(BlockError) {
                try await setReadOnly(id, true, holding: reservation)
            } catch {
                return
            }
        }
    }

    /// Takes the overlay away again: its users go back to the node.
    public func removeOverlay(_ change: OverlayChange) async {
        await withReservation(of: [change.node, change.overlay]) { (reservation: inout Reservation) async in
            await undo(change, holding: reservation)
        }
    }

    /// An overlay that was opened for the change goes when nobody uses it.
    public func closeOverlayIfUnused(_ change: OverlayChange) async {
        if change.isTemporary { await closeOverlayIfUnused(change.overlay) }
    }

    /// The same by name, for an overlay that never took its place.
    public func closeOverlayIfUnused(_ overlay: String) async {
        await withReservation(of: [overlay]) { (reservation: inout Reservation) async in
            if let id = topology.node(named: overlay)?.id { await closeIfUnused(id, holding: reservation) }
        }
    }

    private func undo(_ change: OverlayChange, holding reservation: borrowing Reservation) async {
        guard let edge = topology.edges[change.edge], case .node(let overlay) = edge.parent else { return }
        // Only those that are still there: a client may have deleted one of them.
        let back = change.moved.filter { topology.edges[$0]?.child == overlay }
        do throws(BlockError) {
            try await self.change(holding: reservation, from: [overlay, edge.child]) { edit in
                edit.disconnect(edge.id)
                edit.redirect(back, to: edge.child)
            }
        } catch {
            // What was allowed before the change is allowed after it, unless another process has locked the image meanwhile.
            return
        }
        if let top = table.record(overlay)?.handle { _ = await setChild(nil, named: "backing", of: top) }
        await extendDrains(below: [edge.child])
    }

    /// What the overlay does not have is read from the node as it is on its storage.
    private func flush(_ node: Topology.Node) async throws(BlockError) {
        guard !node.isReadOnly, let handle = table.record(node.id)?.handle else { return }
        let outcome = FlushOutcome()
        let timedOut = await withinDeadline(deadlines.flush) { await outcome.flush(handle) }
        if timedOut { throw BlockError(.inUse, "Node '\(node.name)' has not flushed within \(deadlines.flush.inSeconds)") }
        if outcome.error != nil { throw BlockError(.system(errno: EIO), "An IO error has occurred") }
    }

    private func checkOverlay(_ overlay: Topology.Node) throws(BlockError) {
        guard !topology.cumulative(overlay.id).held.contains(.consistentRead) else {
            throw BlockError(.inUse, "The overlay is already in use")
        }
        guard !overlay.isFilter else { throw BlockError(.unsupported, "Filters cannot be used as overlays") }
        guard topology.child("backing", of: overlay.id) == nil else {
            throw BlockError(.invalidOption, "The overlay already has a backing image")
        }
        guard let definition = table.record(overlay.id)?.spec?.definition, definition.backing != .unsupported else {
            throw BlockError(.unsupported, "The overlay does not support backing images")
        }
    }
}
