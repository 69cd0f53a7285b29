import IOLoop
import Storage

/// What changes of the graph tell drivers: to hold no requests back while a drain waits for them, and what their parents may do now.
extension BlockGraph {
    /// The nodes that hold requests back, of those that requests of these users reach.
    func holders(below users: [NodeUser]) -> [LoopBound<Node>] {
        topology.reached(by: users.map(\.id)).compactMap { id in
            guard let record = table.record(id), record.spec?.definition.holdsRequests == true else { return nil }
            return record.handle
        }
    }

    /// Lets requests of these users pass the nodes that hold requests back, a limit's for example, until the users are detached: their job is
    /// cancelled, and a request that waits for a limit must not look like a disk that hangs.
    public func hurry(_ users: [NodeUser]) async {
        for user in users where table.user(user.id) != nil && hurried[user.id] == nil {
            let holders = holders(below: [user])
            await BlockGraph.letThrough(holders)
            if table.user(user.id) != nil && hurried[user.id] == nil {
                hurried[user.id] = holders
            } else {
                await BlockGraph.holdAgain(holders)
            }
        }
    }

    /// Ends `hurry` for a user that goes.
    func endHurry(_ user: NodeUser) async {
        if let holders = hurried.removeValue(forKey: user.id) { await BlockGraph.holdAgain(holders) }
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
    func tellPermissions(to nodes: [NodeID], holding reservation: borrowing Reservation) async {
        for id in nodes {
            guard let record = table.record(id), record.spec?.definition.hearsOfPermissions == true else { continue }
            let held = topology.cumulative(id).held
            guard held != record.toldPermissions else { continue }
            table.update(id, holding: reservation) { $0.toldPermissions = held }
            await record.handle.thread.run { (io: isolated IOThread) async -> Void in
                await record.handle.value.driver.permissionsChanged(to: held)
            }
        }
    }
}
