/// Ways through the graph; each costs what it visits.
extension Topology {
    /// The nodes that `seeds` can reach downwards, themselves included, parents before children.
    func below(_ seeds: [NodeID]) -> [NodeID] {
        var order: [NodeID] = []
        var seen: Set<NodeID> = []
        // Chains may be long: the way back is kept in an array, not on the stack.
        var path: [(id: NodeID, pending: [EdgeID])] = []
        for seed in seeds {
            guard let node = nodes[seed], seen.insert(seed).inserted else { continue }
            path.append((seed, node.children))
            while let last = path.indices.last {
                guard let edge = path[last].pending.popLast() else {
                    order.append(path.removeLast().id)
                    continue
                }
                guard let child = edges[edge]?.child, let node = nodes[child], seen.insert(child).inserted else { continue }
                path.append((child, node.children))
            }
        }
        return order.reversed()
    }

    /// The users whose requests can reach one of `seeds`.
    func usersReaching(_ seeds: [NodeID]) -> Set<UserID> {
        var found: Set<UserID> = []
        var seen: Set<NodeID> = []
        var pending = seeds
        while let id = pending.popLast() {
            guard seen.insert(id).inserted, let node = nodes[id] else { continue }
            for edge in node.parents {
                switch edges[edge]?.parent {
                case .node(let parent): pending.append(parent)
                case .user(let user):
                    found.insert(user)
                    if let filter = users[user]?.servesFilter { pending.append(filter) }
                case nil: break
                }
            }
        }
        return found
    }

    /// The nodes for which requests of these users may be waiting: all that they reach, also through the users that serve a filter on the way, and
    /// all that their companions reach.
    func reached(by seeds: [UserID]) -> [NodeID] {
        let seeds = seeds.flatMap { [$0] + (users[$0]?.companions ?? []) }
        return belowServed(seeds.compactMap { users[$0].flatMap { edges[$0.edge]?.child } })
    }

    /// Where a parent attaches that comes to a node: above the filters that jobs have put there, as if it had been there when they began.
    func attachmentPoint(_ id: NodeID) -> NodeID {
        var top = id
        while let filter = nodes[top]?.jobFilter { top = filter }
        return top
    }

    /// The newest overlay that reads from a node, through filters that jobs have put there or not.
    func overlay(on id: NodeID) -> NodeID? {
        var next: NodeID? = id
        while let id = next, let node = nodes[id] {
            for edge in node.parents {
                if let edge = edges[edge], edge.role == .backing, case .node(let overlay) = edge.parent { return overlay }
            }
            next = node.jobFilter
        }
        return nil
    }

    /// The node below the filters that jobs have put there: the one that a client means.
    func belowJobFilters(_ id: NodeID) -> NodeID {
        var node = id
        while nodes[node]?.isJobFilter == true, let edge = nodes[node]?.children.first, let child = edges[edge]?.child { node = child }
        return node
    }

    /// The first node downwards that is no filter.
    func belowFilters(_ id: NodeID) -> NodeID {
        var node = id
        while nodes[node]?.isFilter == true, let edge = nodes[node]?.children.first, let child = edges[edge]?.child { node = child }
        return node
    }

    /// Whether what is written to `node` is written to `other`: a backing file is only read.
    func writesReach(_ other: NodeID, from node: NodeID) -> Bool {
        var seen: Set<NodeID> = []
        var pending = [node]
        while let id = pending.popLast() {
            if id == other { return true }
            guard seen.insert(id).inserted else { continue }
            for edge in nodes[id]?.children ?? [] { if let edge = edges[edge], edge.role != .backing { pending.append(edge.child) } }
        }
        return false
    }

    /// Everything connected with `seeds`, in any direction.
    func component(_ seeds: [NodeID]) -> Set<NodeID> {
        var seen: Set<NodeID> = []
        var pending = seeds
        while let id = pending.popLast() {
            guard let node = nodes[id], seen.insert(id).inserted else { continue }
            for edge in node.children { if let edge = edges[edge] { pending.append(edge.child) } }
            for edge in node.parents { if case .node(let parent)? = edges[edge]?.parent { pending.append(parent) } }
        }
        return seen
    }

    /// The users attached to a component's nodes.
    func users(of component: Set<NodeID>) -> [UserID] {
        component.flatMap { nodes[$0].map { Array($0.parents) } ?? [] }.compactMap {
            if case .user(let user)? = edges[$0]?.parent { return user }
            return nil
        }
    }

    /// The users directly on a node, newest first.
    func users(on id: NodeID) -> [User] {
        guard let node = nodes[id] else { return [] }
        return node.parents.compactMap {
            if case .user(let user)? = edges[$0]?.parent { return users[user] }
            return nil
        }
    }

    /// What the job does that has a node: by a hold on it or, where the node is the job's filter, on what it filters.
    func jobType(on id: NodeID) -> String? {
        var next: NodeID? = id
        while let id = next {
            for user in users(on: id) { if case .job(_, let type) = user.kind { return type } }
            guard let node = nodes[id], node.isJobFilter else { return nil }
            next = node.children.first.flatMap { edges[$0]?.child }
        }
        return nil
    }

    /// The child of this name.
    func child(_ name: String, of id: NodeID) -> Edge? {
        nodes[id]?.children.lazy.compactMap { edges[$0] }.first { $0.name == name }
    }
}
