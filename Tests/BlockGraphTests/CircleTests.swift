import Storage
import Testing

@testable import BlockGraph

/// Requests that would come back to where they were.
@Suite struct CircleTests {
    private let disk = NodeID(number: 1)
    private let filter = NodeID(number: 2)
    private let other = NodeID(number: 3)
    private let guest = UserID(number: 10)
    private let servant = UserID(number: 11)

    private func node(_ id: NodeID, _ name: String) -> Topology.Node {
        Topology.Node(id: id, name: name, driverName: "null-co") { _ in Permissions() }
    }

    private func edge(_ number: Int, _ parent: Topology.Parent, _ child: NodeID, _ name: String) -> Topology.Edge {
        Topology.Edge(id: EdgeID(number: number), parent: parent, child: child, name: name, role: .other, permissions: Permissions())
    }

    /// A guest on a filter on `disk`; the filter's requests go on to `other`.
    private func mirrored() throws -> Topology {
        var topology = Topology()
        try topology.attempt(from: [disk, filter, other]) { topology in
            for (id, name) in [(disk, "disk"), (filter, "filter"), (other, "other")] { topology.add(node(id, name)) }
            topology.connect(edge(20, .node(filter), disk, "backing"))
            topology.add(
                Topology.User(id: guest, kind: .device(name: nil), edge: EdgeID(number: 21)), edge(21, .user(guest), filter, "root"))
            topology.add(
                Topology.User(id: servant, kind: .device(name: nil), edge: EdgeID(number: 22)), edge(22, .user(servant), other, "root"))
            topology.serve(filter, by: servant)
        }
        return topology
    }

    @Test func `a node that the filter's requests go on to cannot stand on the filter`() throws {
        var topology = try mirrored()
        #expect(throws: BlockError(.invalidOption, "Making 'filter' a file child of 'other' would create a cycle")) {
            try topology.attempt(from: [other]) { $0.connect(edge(23, .node(other), filter, "file")) }
        }
        #expect(topology.nodes[other]?.children.isEmpty == true)
        #expect(topology.nodes[filter]?.parents.count == 1)
        // What leads elsewhere is taken.
        try topology.attempt(from: [other]) { $0.connect(edge(24, .node(other), disk, "file")) }
        #expect(topology.nodes[other]?.children == [EdgeID(number: 24)])
    }

    @Test func `a user that would lead a filter's requests back to it does not serve it`() throws {
        var topology = try mirrored()
        try topology.attempt(from: [other]) { $0.disconnect(EdgeID(number: 22)) }
        let late = UserID(number: 12)
        #expect(throws: BlockError(.invalidOption, "Making 'filter' a root child of 'filter' would create a cycle")) {
            try topology.attempt(from: [filter]) { topology in
                topology.add(
                    Topology.User(id: late, kind: .device(name: nil), edge: EdgeID(number: 25)), edge(25, .user(late), filter, "root"))
                topology.serve(filter, by: late)
            }
        }
        #expect(topology.users[late] == nil)
        #expect(topology.nodes[filter]?.servants == [servant])
    }
}
