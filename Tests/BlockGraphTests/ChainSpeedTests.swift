import BlockGraph
import IOLoop
import Storage
import TestSupport
import Testing

/// Depth must not cost: with warm metadata a read through 64 layers takes as long as through one.
@Suite(.serialized) struct ChainSpeedTests {
    private static let reads = 4000

    /// Nanoseconds for a random read of 4 KiB of what the lowest layer has.
    private static func measure(_ guest: NodeUser, seed: UInt64) async throws -> Double {
        try await guest.thread.run { io async throws(BlockError) in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 4096)
            defer { buffer.deallocate() }
            var state = seed
            let start = ContinuousClock.now
            for _ in 0..<reads {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                try await guest.access.value.read(at: Int64(state >> 33 & 1023) * 4096, into: buffer)
            }
            let time = (ContinuousClock.now - start).components
            return Double(time.seconds) * 1e9 / Double(reads) + Double(time.attoseconds) / 1e9 / Double(reads)
        }
    }

    @Test func `a warm read at depth 64 costs as at depth 2`() async throws {
        let bench = try ChainBench()
        try bench.run("qemu-img", "create", "-q", "-f", "qcow2", "base", "4M")
        try bench.run("qemu-io", "-f", "qcow2", "-c", "write -P 7 0 4M", "base")
        var below = "base"
        for layer in 1..<64 {
            try bench.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", below, "-F", "qcow2", "layer\(layer)")
            // Every layer has a table for what it does not have.
            try bench.run("qemu-io", "-f", "qcow2", "-c", "write -z 0 64k", "-c", "discard 0 64k", "layer\(layer)")
            below = "layer\(layer)"
        }
        try await bench.open("layer1", as: "shallow", readOnly: true)
        try await bench.open("layer63", as: "deep", readOnly: true)
        let shallow = try await bench.guest("shallow", held: [.consistentRead])
        let deep = try await bench.guest("deep", held: [.consistentRead])
        var best = (shallow: Double.infinity, deep: Double.infinity)
        for round in 0..<12 {
            best.shallow = min(best.shallow, try await Self.measure(shallow, seed: UInt64(round)))
            best.deep = min(best.deep, try await Self.measure(deep, seed: UInt64(round)))
        }
        print("warm 4 KiB reads: \(Int(best.shallow)) ns at depth 2, \(Int(best.deep)) ns at depth 64")
        #expect(best.deep < 1.5 * best.shallow)
        await bench.graph.detach([shallow, deep])
        await bench.stop()
    }
}
