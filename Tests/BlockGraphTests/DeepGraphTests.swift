import IOLoop
import Storage
import Testing

@testable import BlockGraph

/// Nodes over one another, as many as may be.
@Suite struct DeepGraphTests {
    private static let most = 1000

    /// `count` raw nodes over each other, `n0` the lowest, over a null node.
    private func tower(_ count: Int) async throws -> (graph: BlockGraph, thread: IOThread) {
        let thread = try IOThread(name: "loop")
        let graph = BlockGraph(executor: TestQueue(), threads: [thread])
        try await graph.open(NodeSpec(nodeName: "n0", driver: .nullCo(NullSpec(size: 1 << 20))))
        for number in 1..<count {
            try await graph.open(NodeSpec(nodeName: "n\(number)", driver: .raw(RawSpec(file: .named("n\(number - 1)")))))
        }
        return (graph, thread)
    }

    @Test(.timeLimit(.minutes(10))) func `more layers than the limit are refused, and the limit itself works`() async throws {
        let (graph, thread) = try await tower(Self.most)
        await #expect(throws: BlockError(.invalidOption, "More than 1000 nodes would stand over one another")) {
            try await graph.open(NodeSpec(nodeName: "top", driver: .raw(RawSpec(file: .named("n\(Self.most - 1)")))))
        }
        #expect(await graph.nodes().count == Self.most)
        let user = try await graph.attach(
            NodeUserSpec(permissions: Permissions(held: [.consistentRead, .write], shared: .all)), to: "n\(Self.most - 1)")
        try await user.thread.run { (_: isolated IOThread) async throws(BlockError) in try await user.access.value.flush() }
        await graph.detach(user)
        // One that goes makes room for another.
        try await graph.close("n\(Self.most - 1)")
        try await graph.open(NodeSpec(nodeName: "top", driver: .raw(RawSpec(file: .named("n\(Self.most - 2)")))))
        await graph.closeAll()
        #expect(await graph.nodes().isEmpty)
        await thread.stop()
    }

    @Test(.timeLimit(.minutes(10))) func `closing all costs the same for each node, however deep they stand`() async throws {
        var costs: [Int] = []
        for count in [100, 800] {
            let (graph, thread) = try await tower(count)
            let before = await graph.topology.work
            await graph.closeAll()
            costs.append((await graph.topology.work - before) / count)
            await thread.stop()
        }
        #expect(costs[1] <= 2 * costs[0], "\(costs) steps a node")
    }
}
