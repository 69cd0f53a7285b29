import Storage
import TestSupport
import Testing

@testable import BlockGraph

/// What a reservation allows, and what it keeps others from.
@Suite struct ReservationTests {
    @Test func `a change outside of its reservation is refused, and nothing has changed`() async throws {
        let bench = try GraphBench()
        let graph = bench.graph
        for name in ["a", "b"] { _ = try await graph.open(NodeSpec(nodeName: name, driver: .file(FileSpec(filename: name)))) }
        let before = await graph.picture()
        let error = await graph.changeReadOnly(of: "b", whileHolding: "a")
        #expect(error == BlockError(.inUse, "Node 'b' is being changed"))
        #expect(await graph.picture() == before)
        #expect(await graph.changeReadOnly(of: "b", whileHolding: "b") == nil)
        await bench.stop()
    }

    @Test(.timeLimit(.minutes(15))) func `who wants a node that is held waits for it alone`() async throws {
        let bench = try GraphBench()
        let graph = bench.graph
        for name in ["a", "b"] { _ = try await graph.open(NodeSpec(nodeName: name, driver: .file(FileSpec(filename: name)))) }
        try await graph.holding("a") { () async throws(BlockError) in
            // While 'a' is held 'b' can be had, and after that 'a' can.
            try await graph.close("b")
        }
        try await graph.close("a")
        #expect(await graph.nodes().isEmpty)
        await bench.stop()
    }
}

extension BlockGraph {
    /// Tries to make a node read-only with the reservation of another.
    fileprivate func changeReadOnly(of name: String, whileHolding other: String) async -> BlockError? {
        await withReservation(of: [other]) { (reservation: inout Reservation) async -> BlockError? in
            guard let id = topology.node(named: name)?.id else { return nil }
            do throws(BlockError) {
                try await change(holding: reservation, from: [id]) { edit in edit.update(id) { $0.isReadOnly = true } }
                return nil
            } catch {
                return error
            }
        }
    }

    /// Does something while a node is held.
    fileprivate func holding(_ name: String, _ body: () async throws(BlockError) -> Void) async throws(BlockError) {
        try await withReservation(of: [name]) { (_: inout Reservation) async throws(BlockError) in try await body() }
    }
}
