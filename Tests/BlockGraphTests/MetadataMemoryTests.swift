import IOLoop
import ImageFormats
import Storage
import TestSupport
import Testing

@testable import BlockGraph

/// What nodes of images keep in memory of their metadata: how much at most, and for how long.
@Suite struct MetadataMemoryTests {
    /// Time that passes when the test says so, for one waiting cleaner at a time.
    private final class Sleeper: Sendable {
        private struct Sleep: Sendable {
            let duration: Duration
            let continuation: CheckedContinuation<Bool, Never>
        }

        private let sleeping = Guarded<Sleep?>(nil)

        /// How long the one who waits wants to wait.
        var duration: Duration? { sleeping.withLock { $0?.duration } }

        func sleep(_ duration: Duration) async throws(CancellationError) {
            let isOver = await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let refused = sleeping.withLock { sleeping -> Bool in
                        if Task.isCancelled { return true }
                        sleeping = Sleep(duration: duration, continuation: continuation)
                        return false
                    }
                    if refused { continuation.resume(returning: false) }
                }
            } onCancel: {
                end(isOver: false)
            }
            if !isOver { throw CancellationError() }
        }

        /// Lets the time pass, and returns when what waited has done its work and waits again.
        func pass() async {
            while duration == nil { await Task.yield() }
            end(isOver: true)
            while duration == nil { await Task.yield() }
        }

        private func end(isOver: Bool) { sleeping.withLock { $0.take() }?.continuation.resume(returning: isOver) }
    }

    private func memory(_ bench: ChainBench) async throws -> (image: Int, chain: Int) {
        let node = try await bench.graph.loopNode("disk")
        return await node.thread.run { _ in
            guard let driver = node.value.driver as? Qcow2Driver else { return (0, 0) }
            return (driver.image.metadataMemory, driver.chain?.memoryInUse ?? 0)
        }
    }

    private func spec(_ bench: ChainBench, _ image: String, _ change: (inout Qcow2Spec) -> Void = { _ in }) -> NodeSpec {
        var spec = Qcow2Spec(file: .inline(NodeSpec(driver: .file(FileSpec(filename: bench.path(image))))))
        change(&spec)
        return NodeSpec(nodeName: "disk", driver: .qcow2(spec))
    }

    @Test func `a reopened node is cleaned at its new interval, and keeps nothing that nobody uses`() async throws {
        let sleeper = Sleeper()
        let bench = try ChainBench(sleep: { (duration, _) async throws(CancellationError) in try await sleeper.sleep(duration) })
        let image = try bench.makeChain(depth: 1)
        try await bench.graph.open(spec(bench, image))
        while sleeper.duration != .seconds(600) { await Task.yield() }
        try await bench.graph.reopen([spec(bench, image) { $0.cacheCleanInterval = 7 }])
        while sleeper.duration != .seconds(7) { await Task.yield() }
        let empty = try await memory(bench).image
        let guest = try await bench.guest()
        #expect(try await guest.read(at: 0, count: 4096) == [UInt8](repeating: 1, count: 4096))
        let full = try await memory(bench).image
        #expect(full > empty)
        // Once, it was used since the last time; the second time, it was not.
        await sleeper.pass()
        #expect(try await memory(bench).image == full)
        await sleeper.pass()
        #expect(try await memory(bench).image == empty)
        await bench.graph.detach(guest)
        try await bench.graph.reopen([spec(bench, image) { $0.cacheCleanInterval = 0 }])
        while sleeper.duration != nil { await Task.yield() }
        try await bench.graph.reopen([spec(bench, image)])
        while sleeper.duration != .seconds(600) { await Task.yield() }
        try await bench.graph.close("disk")
        while sleeper.duration != nil { await Task.yield() }
        await bench.stop()
    }

    @Test func `what a chain remembers comes out of the L2 cache's memory, and goes when nobody reads`() async throws {
        let bench = try ChainBench()
        let image = try bench.makeChain(depth: 3, clusterSize: 512)
        let limit = 64 << 10
        try await bench.graph.open(
            spec(bench, image) {
                $0.l2CacheSize = Int64(limit)
                $0.l2CacheEntrySize = 512
            })
        let tables = try await memory(bench).image
        let guest = try await bench.guest(held: [.consistentRead])
        for _ in 0..<2 { #expect(try await guest.read(at: 0, count: 4 << 20) == ChainBench.contents(depth: 3)) }
        let used = try await memory(bench)
        #expect(used.chain > 0 && used.chain <= limit / 4)
        #expect(used.image - tables + used.chain <= limit)
        let node = try await bench.graph.loopNode("disk")
        func clean() async { await node.thread.run { _ in (node.value.driver as? Qcow2Driver)?.dropUnusedMetadata() } }
        await clean()
        #expect(try await memory(bench).chain == used.chain)
        await clean()
        #expect(try await memory(bench) == (tables, 0))
        #expect(try await guest.read(at: 0, count: 4 << 20) == ChainBench.contents(depth: 3))
        await bench.graph.detach(guest)
        await bench.stop()
    }

    @Test func `the smallest caches will do for a chain`() async throws {
        let bench = try ChainBench()
        let image = try bench.makeChain(depth: 3)
        try await bench.graph.open(spec(bench, image) { $0.l2CacheSize = 0 })
        let guest = try await bench.guest(held: [.consistentRead])
        #expect(try await guest.read(at: 0, count: 4 << 20) == ChainBench.contents(depth: 3))
        #expect(try await memory(bench).chain == 0)
        // With the usual ones it remembers.
        let backing = try #require(try await bench.graph.node("disk").nodeBelow)
        try await bench.graph.reopen([spec(bench, image) { $0.backing = .child(.named(backing)) }])
        #expect(try await guest.read(at: 0, count: 4 << 20) == ChainBench.contents(depth: 3))
        #expect(try await memory(bench).chain > 0)
        await bench.graph.detach(guest)
        await bench.stop()
    }
}
