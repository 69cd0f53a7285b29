import Storage

/// Who uses whom, with permissions: what `x-debug-query-block-graph` shows.
public struct GraphPicture: Sendable, Equatable {
    /// What an element is.
    public enum Kind: String, Sendable, CaseIterable {
        /// A user of a node.
        case user = "block-backend"
        /// A job.
        case job = "block-job"
        /// A node.
        case node = "block-driver"
    }

    /// An element.
    public struct Element: Sendable, Equatable {
        /// Its number in this picture, from 1.
        public var number: Int
        /// What it is.
        public var kind: Kind
        /// Its name; empty when it has none.
        public var name: String
    }

    /// A use of a node.
    public struct Use: Sendable, Equatable {
        /// The user's number.
        public var parent: Int
        /// The node's number.
        public var child: Int
        /// What the node is to the user.
        public var name: String
        /// What the user does and lets others do.
        public var permissions: Permissions
    }

    /// The elements, the last one looked at first.
    public var elements: [Element] = []
    /// Their uses, the last one looked at first.
    public var uses: [Use] = []
}

extension BlockGraph {
    /// The whole graph as it is: users, jobs, then nodes, each with what it uses.
    public func picture() -> GraphPicture {
        var drawing = Drawing(topology: topology)
        let users = topology.users.values.sorted { $0.id.number < $1.id.number }
        for user in users {
            if case .device(let name) = user.kind { drawing.add(.user(user.id), .user, name ?? "", [user.edge]) }
        }
        var jobs: [String: [Topology.User]] = [:]
        var order: [String] = []
        for user in users {
            guard case .job(let id, _) = user.kind else { continue }
            if jobs[id] == nil { order.append(id) }
            jobs[id, default: []].append(user)
        }
        for id in order.reversed() { drawing.add(.job(id), .job, id, jobs[id]?.map(\.edge) ?? []) }
        for id in table.newestFirst.reversed() {
            guard let node = topology.nodes[id] else { continue }
            drawing.add(.node(id), .node, node.name, node.children.reversed())
        }
        return GraphPicture(elements: drawing.elements.reversed(), uses: drawing.uses.reversed())
    }
}

/// A picture in the making: numbers are given as elements are met.
private struct Drawing {
    enum Place: Hashable {
        case user(UserID)
        case job(String)
        case node(NodeID)
    }

    let topology: Topology
    var elements: [GraphPicture.Element] = []
    var uses: [GraphPicture.Use] = []
    private var numbers: [Place: Int] = [:]

    init(topology: Topology) { self.topology = topology }

    private mutating func number(_ place: Place) -> Int {
        if let known = numbers[place] { return known }
        numbers[place] = numbers.count + 1
        return numbers.count
    }

    mutating func add(_ place: Place, _ kind: GraphPicture.Kind, _ name: String, _ edges: [EdgeID]) {
        let parent = number(place)
        elements.append(GraphPicture.Element(number: parent, kind: kind, name: name))
        for id in edges {
            guard let edge = topology.edges[id] else { continue }
            uses.append(
                GraphPicture.Use(parent: parent, child: number(.node(edge.child)), name: edge.name, permissions: edge.permissions))
        }
    }
}
