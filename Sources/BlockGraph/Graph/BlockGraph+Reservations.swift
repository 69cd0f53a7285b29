import IOLoop
import Storage
import Waiting

/// Having nodes for oneself while one changes them.
///
/// A change of permissions spreads downwards, so who has a node and all below it meets nobody else's change, and changes of overlays on
/// different images go on side by side. Nodes on different loops may have to be brought together: then all that is connected with them.
extension BlockGraph {
    typealias Reservation = NodeTable.Reservation

    /// Waits until nobody else changes what one of `names` is or stands on, and has it for itself while `body` runs, however that ends. Names that
    /// don't exist (any more) are passed over: look nodes up inside.
    /// - Parameter attaching: parents come to the nodes, so that the filters that jobs have put there are changed, too.
    func withReservation<Value, Failure: Error>(
        of names: [String], attaching: Bool = false, _ body: (inout Reservation) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        var reservation = await reserve(names, attaching: attaching)
        do throws(Failure) {
            let value = try await body(&reservation)
            release(reservation)
            return value
        } catch {
            release(reservation)
            throw error
        }
    }

    /// The same for what users are on, wherever others have moved them by then.
    func withReservation<Value, Failure: Error>(
        ofNodesOf users: [NodeUser], _ body: (inout Reservation) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        var reservation = await reserve(nodesOf: users)
        do throws(Failure) {
            let value = try await body(&reservation)
            release(reservation)
            return value
        } catch {
            release(reservation)
            throw error
        }
    }

    /// Adds nodes, and what they stand on, to a reservation without waiting.
    /// - Throws: `.inUse` when somebody else changes one of them.
    func reserveNow(_ names: [String], in reservation: inout Reservation) throws(BlockError) {
        let ids = names.compactMap { topology.node(named: $0).map { topology.attachmentPoint($0.id) } }
        guard table.extend(&reservation, with: Set(topology.below(ids))) else {
            throw BlockError(.inUse, "Node '\(names.first ?? "")' is being changed")
        }
    }

    /// Whether the nodes need no bringing together.
    func areOnOneLoop(_ ids: [NodeID]) -> Bool {
        guard let first = ids.first, let thread = table.record(first)?.handle.thread else { return true }
        return ids.allSatisfy { table.record($0)?.handle.thread === thread }
    }

    private func reserve(_ names: [String], attaching: Bool) async -> Reservation {
        await reserve {
            let found = names.compactMap { topology.node(named: $0)?.id }
            return attaching ? found.map { topology.attachmentPoint($0) } : found
        }
    }

    private func reserve(nodesOf users: [NodeUser]) async -> Reservation {
        await reserve { users.compactMap { nodeID(of: $0) } }
    }

    private func reserve(_ ids: () -> [NodeID]) async -> Reservation {
        await reservationWaiters.wait(
            for: {
                let ids = ids()
                return areOnOneLoop(ids) ? Set(topology.below(ids)) : topology.component(ids)
            }, isFree: { !table.isReserved($0) }, take: { table.reserve($0) })
    }

    private func release(_ reservation: consuming Reservation) {
        reservationWaiters.wake(table.release(reservation))
    }
}
