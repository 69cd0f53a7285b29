import IOLoop
public import Storage

/// A drain in progress: the users that are held back, each once.
struct ActiveDrain {
    let nodes: [NodeID]
    /// Users that go on all the same.
    let spared: Set<UserID>
    var users: [NodeUser] = []
    /// Nodes that were told to hold no requests back.
    var holders: [LoopBound<Node>] = []
}

extension BlockGraph {
    /// Ends a drain; use it once.
    public struct Drain: Sendable {
        let number: Int
    }

    /// Holds back new requests of every user that can reach one of the nodes, and returns when those in flight have ended. Other nodes
    /// go on. Nests; users that come later are held back too.
    /// - Parameter sparing: users that go on: those of the job that drains, which works meanwhile.
    /// - Throws: `.inUse` when requests were still in flight after `GraphDeadlines.drain`; everybody goes on as before.
    public func drain(_ names: [String], sparing: [NodeUser] = []) async throws(BlockError) -> Drain {
        try await drain(names.compactMap { topology.node(named: $0)?.id }, sparing: sparing)
    }

    /// The first half of `drain`: from here on new requests are held back. Ends with `resume`, also while `waitUntilDrained` waits.
    public func beginDrain(_ names: [String], sparing: [NodeUser] = []) async -> Drain {
        await beginDrain(names.compactMap { topology.node(named: $0)?.id }, sparing: sparing)
    }

    /// The second half: returns when no request is in flight.
    /// - Returns: false when some still were after `GraphDeadlines.drain`. The drain goes on.
    public func waitUntilDrained(_ drain: Drain) async -> Bool {
        guard let active = drains[drain.number] else { return true }
        if await areIdle(active) { return true }
        return await !withinDeadline(deadlines.drain) { [self] in await waitForRequests(of: drain) }
    }

    /// Lets requests through again.
    public func resume(_ drain: Drain) async {
        guard let active = drains.removeValue(forKey: drain.number) else { return }
        for node in active.nodes {
            drainsOfNode[node]?.remove(drain.number)
            if drainsOfNode[node]?.isEmpty == true { drainsOfNode[node] = nil }
        }
        await BlockGraph.holdAgain(active.holders)
        await BlockGraph.onTheirLoops(active.users) { $0.resume() }
    }

    func drain(_ nodes: [NodeID], sparing: [NodeUser] = []) async throws(BlockError) -> Drain {
        let drain = await beginDrain(nodes, sparing: sparing)
        if await waitUntilDrained(drain) { return drain }
        await resume(drain)
        let names = nodes.compactMap { topology.nodes[$0]?.name }.map { "'\($0)'" }.joined(separator: ", ")
        throw BlockError(.inUse, "Requests to node \(names) have not ended within \(deadlines.drain.inSeconds)")
    }

    /// Carries out a change of the graph while no request can reach these nodes; they go on however it ends.
    func whileDrained<Value>(
        _ nodes: [NodeID], sparing: [NodeUser] = [], _ change: () async throws(BlockError) -> Value
    ) async throws(BlockError) -> Value {
        let drain = try await drain(nodes, sparing: sparing)
        do throws(BlockError) {
            let value = try await change()
            await resume(drain)
            return value
        } catch {
            await resume(drain)
            throw error
        }
    }

    /// Closes all gates first, so that nobody's late request keeps another waiting.
    private func beginDrain(_ nodes: [NodeID], sparing: [NodeUser]) async -> Drain {
        let number = table.nextID()
        let spared = Set(sparing.map(\.id))
        let users = topology.usersReaching(nodes).subtracting(spared).compactMap { table.user($0) }
        let holders = holders(below: users)
        drains[number] = ActiveDrain(nodes: nodes, spared: spared, users: users, holders: holders)
        for node in nodes { drainsOfNode[node, default: []].insert(number) }
        await BlockGraph.onTheirLoops(users) { $0.closeGate() }
        await BlockGraph.letThrough(holders)
        return Drain(number: number)
    }

    /// Holds back users that have come above a drained node since its drain began, by a change at `ids`. A guest that comes above a mirror's filter
    /// comes above the mirror's target, too.
    func extendDrains(below ids: [NodeID]) async {
        guard !drainsOfNode.isEmpty else { return }
        let concerned = topology.belowServed(ids).reduce(into: Set<Int>()) { $0.formUnion(drainsOfNode[$1] ?? []) }
        for number in concerned.sorted() {
            guard let drain = drains[number] else { continue }
            let held = Set(drain.users.map(\.id)).union(drain.spared)
            let newcomers = topology.usersReaching(drain.nodes).subtracting(held).compactMap { table.user($0) }
            guard !newcomers.isEmpty else { continue }
            drains[number]?.users.append(contentsOf: newcomers)
            let holders = holders(below: newcomers)
            drains[number]?.holders.append(contentsOf: holders)
            let areIdle = await closeGates(newcomers)
            await BlockGraph.letThrough(holders)
            if areIdle { continue }
            // Whose disk hangs is held back all the same; who drains notices nothing of the newcomer's requests but the wait.
            _ = await withinDeadline(deadlines.drain) { [self] in await waitForRequests(of: newcomers) }
        }
    }

    // MARK: Waiting for requests

    private func areIdle(_ drain: ActiveDrain) async -> Bool {
        let isIdle = await areIdle(drain.users)
        return isIdle ? await areSettled(below: drain.users) : false
    }

    /// Holds users back.
    /// - Returns: whether none of them has a request in flight.
    private func closeGates(_ users: [NodeUser]) async -> Bool {
        var areIdle = true
        for (thread, members) in BlockGraph.byLoop(users) {
            let isIdle = await thread.run { (io: isolated IOThread) in
                for user in members { user.access.value.closeGate() }
                return members.allSatisfy { $0.access.value.inFlight == 0 }
            }
            if !isIdle { areIdle = false }
        }
        return areIdle
    }

    private func areIdle(_ users: [NodeUser]) async -> Bool {
        for (thread, members) in BlockGraph.byLoop(users) {
            let isIdle = await thread.run { (io: isolated IOThread) in members.allSatisfy { $0.access.value.inFlight == 0 } }
            if !isIdle { return false }
        }
        return true
    }

    private func areSettled(below users: [NodeUser]) async -> Bool {
        for node in busyNodes(below: users) {
            let isBusy = await node.thread.run { (io: isolated IOThread) in node.value.driver.isBusyBehindRequests }
            if isBusy { return false }
        }
        return true
    }

    /// Waits until all of them are idle at once: while one is waited for, a request of another may still do something on behalf of the first.
    private func waitForRequests(of drain: Drain) async {
        while let active = drains[drain.number], await !areIdle(active) {
            await waitForRequests(of: active.users)
            for node in busyNodes(below: active.users) {
                await node.thread.run { (io: isolated IOThread) async -> Void in await node.value.driver.settle() }
            }
        }
    }

    func waitForRequests(of users: [NodeUser]) async {
        for (thread, members) in BlockGraph.byLoop(users) {
            await thread.run { (io: isolated IOThread) async -> Void in
                for user in members { await user.access.value.waitUntilIdle() }
            }
        }
    }

    /// Nodes that may do something for which no request waits any more, of those that requests of these users reach.
    private func busyNodes(below users: [NodeUser]) -> [LoopBound<Node>] {
        topology.reached(by: users.map(\.id)).compactMap { id in
            guard let record = table.record(id), record.spec?.definition.worksBehindRequests == true else { return nil }
            return record.handle
        }
    }

    private static func onTheirLoops(_ users: [NodeUser], _ body: @escaping @Sendable (NodeAccess) -> Void) async {
        for (thread, members) in byLoop(users) {
            await thread.run { (io: isolated IOThread) -> Void in
                for user in members { body(user.access.value) }
            }
        }
    }

    static func byLoop(_ users: [NodeUser]) -> [(IOThread, [NodeUser])] {
        var groups: [ObjectIdentifier: (IOThread, [NodeUser])] = [:]
        for user in users { groups[ObjectIdentifier(user.thread), default: (user.thread, [])].1.append(user) }
        return Array(groups.values)
    }
}
