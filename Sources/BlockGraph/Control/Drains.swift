import IOLoop
public import Storage

/// A drain in progress: the users that are held back, each once.
struct ActiveDrain {
    let nodes: [NodeID]
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
    public func drain(_ names: [String]) async -> Drain {
        await drain(names.compactMap { topology.node(named: $0)?.id })
    }

    /// As `drain(_:)`, but gives up after `GraphDeadlines.drain`: what a client waits for.
    /// - Throws: `.inUse` when requests were still in flight then; everybody goes on as before.
    public func drainWithinDeadline(_ names: [String]) async throws(BlockError) -> Drain {
        try await drainWithinDeadline(names.compactMap { topology.node(named: $0)?.id })
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

    func drain(_ nodes: [NodeID]) async -> Drain {
        let (drain, users) = await beginDrain(nodes)
        await BlockGraph.waitForRequests(users)
        return drain
    }

    func drainWithinDeadline(_ nodes: [NodeID]) async throws(BlockError) -> Drain {
        let (drain, users) = await beginDrain(nodes)
        guard await withinDeadline(deadlines.drain, { await BlockGraph.waitForRequests(users) }) else { return drain }
        await resume(drain)
        let names = nodes.compactMap { topology.nodes[$0]?.name }.map { "'\($0)'" }.joined(separator: ", ")
        throw BlockError(.inUse, "Requests to node \(names) have not ended within \(deadlines.drain.inSeconds)")
    }

    /// Closes all gates first, so that nobody's late request keeps another waiting.
    private func beginDrain(_ nodes: [NodeID]) async -> (Drain, [NodeUser]) {
        let number = nextID()
        let users = topology.usersReaching(nodes).compactMap { attached[$0] }
        let holders = holders(below: users)
        drains[number] = ActiveDrain(nodes: nodes, users: users, holders: holders)
        for node in nodes { drainsOfNode[node, default: []].insert(number) }
        await BlockGraph.onTheirLoops(users) { $0.closeGate() }
        await BlockGraph.letThrough(holders)
        return (Drain(number: number), users)
    }

    /// Holds back users that have come above a drained node since its drain began, by a change at `ids`.
    func extendDrains(below ids: [NodeID]) async {
        guard !drainsOfNode.isEmpty else { return }
        let concerned = topology.below(ids).reduce(into: Set<Int>()) { $0.formUnion(drainsOfNode[$1] ?? []) }
        for number in concerned.sorted() {
            guard let drain = drains[number] else { continue }
            let held = Set(drain.users.map(\.id))
            let newcomers = topology.usersReaching(drain.nodes).subtracting(held).compactMap { attached[$0] }
            guard !newcomers.isEmpty else { continue }
            drains[number]?.users.append(contentsOf: newcomers)
            let holders = holders(below: newcomers)
            drains[number]?.holders.append(contentsOf: holders)
            await BlockGraph.onTheirLoops(newcomers) { $0.closeGate() }
            await BlockGraph.letThrough(holders)
            await BlockGraph.waitForRequests(newcomers)
        }
    }

    private static func onTheirLoops(_ users: [NodeUser], _ body: @escaping @Sendable (NodeAccess) -> Void) async {
        for (thread, members) in byLoop(users) {
            await thread.run { (io: isolated IOThread) -> Void in
                for user in members { body(user.access.value) }
            }
        }
    }

    private static func waitForRequests(_ users: [NodeUser]) async {
        for (thread, members) in byLoop(users) {
            await thread.run { (io: isolated IOThread) async -> Void in
                for user in members { await user.access.value.waitUntilIdle() }
            }
        }
    }

    private static func byLoop(_ users: [NodeUser]) -> [(IOThread, [NodeUser])] {
        var groups: [ObjectIdentifier: (IOThread, [NodeUser])] = [:]
        for user in users { groups[ObjectIdentifier(user.thread), default: (user.thread, [])].1.append(user) }
        return Array(groups.values)
    }
}
