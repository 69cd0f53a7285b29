import IOLoop
import Storage

/// What changes of the graph tell drivers: to hold no requests back while a drain waits for them, and what their parents may do now.
extension BlockGraph {
    /// The nodes that hold requests back, of those that requests of these users reach.
    func holders(below users: [NodeUser]) -> [LoopBound<Node>] {
        topology.below(users.compactMap { nodeID(of: $0) }).compactMap { id in
            guard let record = records[id], record.spec?.definition.holdsRequests == true else { return nil }
            return record.handle
        }
    }

    /// Has them hold nothing back until `holdAgain`; nests.
    static func letThrough(_ holders: [LoopBound<Node>]) async {
        for holder in holders {
            await holder.thread.run { (io: isolated IOThread) -> Void in holder.value.driver.drainBegan() }
        }
    }

    /// Ends one `letThrough` of the same nodes.
    static func holdAgain(_ holders: [LoopBound<Node>]) async {
        for holder in holders {
            await holder.thread.run { (io: isolated IOThread) -> Void in holder.value.driver.drainEnded() }
        }
    }

    /// Tells drivers that asked for it what their parents do now, if that is something else than before.
    func tellPermissions(to nodes: [NodeID]) async {
        for id in nodes {
            guard let record = records[id], record.spec?.definition.hearsOfPermissions == true else { continue }
            let held = topology.cumulative(id).held
            guard held != record.toldPermissions else { continue }
            records[id]?.toldPermissions = held
            await record.handle.thread.run { (io: isolated IOThread) async -> Void in
                await record.handle.value.driver.permissionsChanged(to: held)
            }
        }
    }
}
