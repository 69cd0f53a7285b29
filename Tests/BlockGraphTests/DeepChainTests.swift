import IOLoop
import ImageFormats
import Storage
import TestSupport
import Testing

@testable import BlockGraph

/// Depth must not cost: with warm metadata a read through 64 layers takes the steps of one through two. (`make bench` has the time.)
@Suite struct `warm reads through a deep chain` {
    private static let length: Int64 = 4 << 20
    /// Before this every layer has zeroes of its own.
    private static let first: Int64 = 65536

    /// Where each read of 4 KiB goes on from the node, without a wait: the node's name and the place there.
    private static func passages(_ guest: NodeUser) async throws -> [String] {
        try await guest.thread.run { io async throws(BlockError) in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 4096)
            defer { buffer.deallocate() }
            let access = guest.access.value
            var found: [String] = []
            for offset in stride(from: first, to: length, by: 4096) { try await access.read(at: offset, into: buffer) }
            for offset in stride(from: first, to: length, by: 4096) {
                guard let driver = access.edge.node.driver as? Qcow2Driver else { break }
                // A writable top asks itself first, and then what is below.
                let passage =
                    try driver.image.isReadOnly
                    ? driver.passRead(at: offset, count: 4096) : driver.chain?.passRead(at: offset, count: 4096)
                found.append(passage.map { "\($0.node.name)+\($0.offset)" } ?? "waits at \(offset)")
            }
            return found
        }
    }

    @Test(arguments: [true, false]) func `go straight to the file that has the bytes`(readOnly: Bool) async throws {
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
        for top in ["layer1", "layer63"] {
            try await bench.open(top, as: top, readOnly: readOnly)
            let guest = try await bench.guest(top, held: [.consistentRead])
            let passages = try await Self.passages(guest)
            // One file at the bottom holds all of it, at as many places.
            #expect(passages.count == Int((Self.length - Self.first) / 4096) && Set(passages).count == passages.count)
            #expect(Set(passages.map { $0.prefix(while: { $0 != "+" }) }).count == 1, "\(passages.first ?? "")")
            await bench.graph.detach([guest])
            try await bench.graph.close(top)
        }
        await bench.stop()
    }
}
