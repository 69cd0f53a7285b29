import IOLoop
import Storage
import TestSupport
import Testing

@testable import BlockGraph

/// What changes cost in a large graph, counted in nodes and edges that were looked at or changed, never in time.
@Suite struct GraphScaleTests {
    private func nullNode(_ name: String) -> NodeSpec {
        NodeSpec(nodeName: name, driver: .file(FileSpec(filename: name)))
    }

    /// The work of adding `count` disks, each with a user, and of taking them away again.
    private func workOfManyDisks(_ count: Int) async throws -> Int {
        let bench = try GraphBench(storesNothing: true)
        var users: [NodeUser] = []
        for number in 0..<count {
            try await bench.graph.open(nullNode("disk\(number)"))
            users.append(try await bench.graph.attach(NodeUserSpec(permissions: Permissions(held: .write)), to: "disk\(number)"))
        }
        for user in users { await bench.graph.detach(user) }
        for number in 0..<count { try await bench.graph.close("disk\(number)") }
        let work = await bench.graph.topology.work
        await bench.stop()
        return work
    }

    @Test(.timeLimit(.minutes(10))) func `the cost of a change does not depend on the rest of the graph`() async throws {
        let few = try await workOfManyDisks(100)
        let many = try await workOfManyDisks(100 * Sanitized.times(20))
        #expect(many == few * Sanitized.times(20))
    }

    /// The work of putting `count` users on one disk.
    private func workOfManyUsers(_ count: Int) async throws -> Int {
        let bench = try GraphBench(storesNothing: true)
        try await bench.graph.open(nullNode("base"))
        for _ in 0..<count {
            _ = try await bench.graph.attach(NodeUserSpec(permissions: Permissions(held: .consistentRead)), to: "base")
        }
        let work = await bench.graph.topology.work
        await bench.stop()
        return work
    }

    @Test(.timeLimit(.minutes(10))) func `one more user of a node costs the same however many there are`() async throws {
        let few = try await workOfManyUsers(50)
        let many = try await workOfManyUsers(1000)
        #expect(many - few == (few - 1) / 50 * 950)
    }

    @Test(.timeLimit(.minutes(10))) func `the conflict among thousands of users is found and named`() async throws {
        let bench = try GraphBench(storesNothing: true)
        try await bench.graph.open(nullNode("base"))
        for _ in 0..<1000 {
            _ = try await bench.graph.attach(
                NodeUserSpec(permissions: Permissions(held: .consistentRead, shared: LockSet.all.subtracting(.write))), to: "base")
        }
        let refused = await #expect(throws: BlockError.self) {
            _ = try await bench.graph.attach(NodeUserSpec(permissions: Permissions(held: .write)), to: "base")
        }
        #expect(refused?.message.hasPrefix("Permission conflict on node 'base': permissions 'write' are both required by") == true)
        let tally = await bench.graph.topology.node(named: "base")?.tally
        #expect(tally?.hasConflict == false)
        await bench.stop()
    }
}

@Suite struct TopologyAttemptTests {
    private func node(_ number: Int) -> Topology.Node {
        Topology.Node(id: NodeID(number: number), name: "n\(number)", driverName: "test", policy: { $0.standard })
    }

    private func edge(_ number: Int, from parent: Int, to child: Int) -> Topology.Edge {
        Topology.Edge(
            id: EdgeID(number: number), parent: .node(NodeID(number: parent)), child: NodeID(number: child), name: "file", role: .filtered,
            permissions: Permissions())
    }

    /// Everything that a topology says, as text.
    private func picture(_ topology: Topology) -> [String] {
        topology.nodes.values.sorted { $0.id < $1.id }.map {
            "\($0.name) \($0.parents.map(\.number)) \($0.children.map(\.number)) \($0.tally) \($0.isReadOnly) "
                + "\(topology.node(named: $0.name)?.id.number ?? -1)"
        }
            + topology.edges.values.sorted { $0.id.number < $1.id.number }.map {
                "\($0.id.number) \($0.parent) \($0.child.number) \($0.permissions)"
            } + topology.users.values.sorted { $0.id.number < $1.id.number }.map { "\($0.id.number) \($0.edge.number)" }
    }

    private func user(_ number: Int, on node: Int, _ permissions: Permissions) -> (Topology.User, Topology.Edge) {
        let id = UserID(number: number)
        return (
            Topology.User(id: id, kind: .device(name: nil), edge: EdgeID(number: number)),
            Topology.Edge(
                id: EdgeID(number: number), parent: .user(id), child: NodeID(number: node), name: "root", role: .other,
                permissions: permissions)
        )
    }

    @Test(arguments: 0..<200) func `a refused attempt and a rehearsal leave everything as it was`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var topology = Topology()
        for number in 0..<8 { topology.add(node(number)) }
        for number in 0..<8 where number > 0 { topology.connect(edge(100 + number, from: number - 1, to: number)) }
        for number in 0..<6 {
            let (user, edge) = user(200 + number, on: Int.random(in: 0..<8, using: &random), Permissions(held: .consistentRead))
            topology.add(user, edge)
        }
        try topology.attempt(from: [NodeID(number: 0)]) { _ in }
        let before = picture(topology)
        let steps = (0..<12).map { _ in (Int.random(in: 0..<9, using: &random), Int.random(in: 0..<8, using: &random)) }
        func edit(_ topology: inout Topology) {
            for (index, (kind, place)) in steps.enumerated() {
                let id = NodeID(number: place)
                switch kind {
                case 0: topology.add(node(1000 + index))
                case 1: topology.update(id) { $0.isReadOnly.toggle() }
                case 2: topology.connect(edge(2000 + index, from: 0, to: place))
                case 3: topology.redirect(EdgeID(number: 200 + place), to: NodeID(number: 7 - place))
                case 4: topology.disconnect(EdgeID(number: 100 + place))
                case 5: topology.remove(UserID(number: 200 + place))
                case 6:
                    if place != 3, topology.nodes[id]?.parents.isEmpty == true { topology.remove(id) }
                case 7: topology.setPermissions(of: UserID(number: 200 + place), Permissions(held: .consistentRead, shared: .write))
                default:
                    let (user, edge) = user(3000 + index, on: place, Permissions(held: .resize))
                    topology.add(user, edge)
                }
            }
            // Two that never agree.
            for number in [4000, 4001] {
                let (user, edge) = user(number, on: 3, Permissions(held: .write, shared: []))
                topology.add(user, edge)
            }
        }
        #expect(throws: BlockError.self) { try topology.attempt(from: [NodeID(number: 3)], edit) }
        #expect(picture(topology) == before)
        _ = try? topology.rehearse(from: [], edit) { _, _ in }
        #expect(picture(topology) == before)
    }

    /// Nodes 0 to 9 with edges at random, none upwards, and users: as many as agree with one another.
    private func network(_ random: inout SeededGenerator) -> Topology {
        let roles: [ChildRole] = [.filtered, .data, .image, .metadata, .backing]
        var topology = Topology()
        for number in 0..<10 {
            var new = node(number)
            new.isReadOnly = Int.random(in: 0..<3, using: &random) == 0
            topology.add(new)
        }
        for child in 1..<10 {
            for number in 0..<Int.random(in: 1...3, using: &random) {
                let parent = NodeID(number: Int.random(in: 0..<child, using: &random))
                let edge = Topology.Edge(
                    id: EdgeID(number: 100 + 10 * child + number), parent: .node(parent), child: NodeID(number: child), name: "child",
                    role: roles.randomElement(using: &random) ?? .data, permissions: Permissions())
                _ = try? topology.attempt(from: [parent]) { $0.connect(edge) }
            }
        }
        for number in 0..<3 {
            let place = Int.random(in: 0..<10, using: &random)
            let (user, edge) = user(500 + number, on: place, Permissions(held: [.consistentRead, .resize]))
            _ = try? topology.attempt(from: [NodeID(number: place)]) { $0.add(user, edge) }
        }
        return topology
    }

    @Test(arguments: 0..<500) func `new children are granted the same, whether all below is derived anew or only what changes`(seed: UInt64)
    {
        var random = SeededGenerator(seed: seed)
        let roles: [ChildRole] = [.filtered, .data, .image, .metadata, .backing]
        var topology = network(&random)
        topology.add(node(50))
        let (writer, root) = user(600, on: 50, Permissions(held: [.consistentRead, .write], shared: .consistentRead))
        if Bool.random(using: &random) { topology.add(writer, root) }
        let children = (0..<Int.random(in: 1...3, using: &random)).map { number in
            Topology.Edge(
                id: EdgeID(number: 700 + number), parent: .node(NodeID(number: 50)),
                child: NodeID(number: Int.random(in: 0..<10, using: &random)),
                name: "child", role: roles.randomElement(using: &random) ?? .data, permissions: Permissions())
        }
        func outcome(onlyConnects: Bool) -> [String] {
            var copy = topology
            do throws(BlockError) {
                try copy.attempt(from: [NodeID(number: 50)], extent: onlyConnects ? .newChildren : .all) {
                    for edge in children { $0.connect(edge) }
                }
                return picture(copy)
            } catch {
                return [error.message] + picture(copy)
            }
        }
        #expect(outcome(onlyConnects: true) == outcome(onlyConnects: false))
    }

    /// The work of putting `count` images on one another.
    private func workOfChain(_ count: Int) throws -> Int {
        var topology = Topology()
        topology.add(node(0))
        for number in 1..<count {
            let backing = Topology.Edge(
                id: EdgeID(number: number), parent: .node(NodeID(number: number)), child: NodeID(number: number - 1), name: "backing",
                role: .backing, permissions: Permissions())
            topology.add(node(number))
            try topology.attempt(from: [NodeID(number: number)], extent: .newChildren) { $0.connect(backing) }
        }
        return topology.work
    }

    @Test func `one more image on a chain costs the same however long that is`() throws {
        let (short, long, longer) = (try workOfChain(50), try workOfChain(100), try workOfChain(200))
        #expect(longer - long == 2 * (long - short))
    }
}
