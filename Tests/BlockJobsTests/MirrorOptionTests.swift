import BlockGraph
import Jobs
import Storage
import TestSupport
import Testing

@testable import BlockJobs

/// What the options of a mirror do, seen at the disks.
@Suite(.serialized) struct MirrorOptionTests {
    private static let length = 8 << 20

    private func mirror(_ world: World, _ change: (inout MirrorOptions) -> Void) async throws {
        var options = MirrorOptions(job: BlockJobOptions(id: "m"), device: "src", target: "dst", sync: .full)
        change(&options)
        try await world.jobs.startMirror(options)
    }

    private func finish(_ world: World) async throws {
        try await within { await world.log.wait(for: "m:READY") }
        try await world.registry.complete("m", via: .job)
        try await within { await world.log.wait(for: "m:N") }
    }

    /// Data, a hole, zeroes that were written, and data again.
    private func source(_ world: World) async throws {
        try await world.disk("src", length: Int64(Self.length))
        let guest = try await world.guest(of: "src")
        let block = [UInt8](repeating: 0x5A, count: 2 << 20)
        try await guest.write(block, at: 0)
        try await guest.write([UInt8](repeating: 0, count: 2 << 20), at: 4 << 20)
        try await guest.write(block, at: 6 << 20)
    }

    @Test(arguments: [false, true]) func `target-is-zero writes no zeroes to the target`(isZero: Bool) async throws {
        let world = try World()
        try await source(world)
        // A target that is not zero shows where nothing was written.
        try await world.disk("dst", contents: [UInt8](repeating: 0x77, count: Self.length))
        try await mirror(world) { $0.targetIsZero = isZero }
        try await finish(world)
        let copy = await world.contents("dst")
        let changes = await world.with("dst") { $0.log.filter { $0.operation == .write || $0.operation == .writeZeroes } }
        if isZero {
            #expect(copy[(2 << 20)..<(6 << 20)].allSatisfy { $0 == 0x77 })
            #expect(changes.allSatisfy { $0.operation == .write })
            #expect(changes.reduce(0) { $0 + $1.count } == 4 << 20)
        } else {
            #expect(await copy == world.contents("src"))
            #expect(changes.filter { $0.operation == .writeZeroes }.reduce(0) { $0 + $1.count } == 4 << 20)
        }
        #expect(copy[..<(2 << 20)].allSatisfy { $0 == 0x5A } && copy[(6 << 20)...].allSatisfy { $0 == 0x5A })
    }

    @Test func `zeroes that a guest writes later reach a target that was zero`() async throws {
        let world = try World()
        try await source(world)
        try await world.disk("dst", length: Int64(Self.length))
        let guest = try await world.guest(of: "src")
        try await mirror(world) { $0.targetIsZero = true }
        try await within { await world.log.wait(for: "m:READY") }
        try await guest.zero(at: 1 << 20, count: 1 << 20)
        try await guest.write([7, 7], at: 5 << 20)
        try await finish(world)
        #expect(await world.contents("dst") == world.contents("src"))
    }

    @Test(arguments: [64 << 10, 192 << 10, 1 << 20, 3 << 20, 0])
    func `buf-size bounds the bytes in flight`(size: Int64) async throws {
        let world = try World()
        try await world.disk("src", contents: [UInt8](repeating: 0x5A, count: Self.length))
        try await world.disk("dst", length: Int64(Self.length))
        let bound = size == 0 ? Int64(ChunkMover.mostWorkers) * ChunkMover.longestChunk : size
        // Every write stays in flight until the test has counted.
        await world.with("dst") { $0.hang(next: .write, times: nil) }
        try await mirror(world) { $0.bufferSize = size }
        var most: Int64 = 0
        while await world.info("m")?.status == .running {
            guard await world.with("dst", { $0.hangingCount > 0 && $0.hangingCount == $0.inFlight }) else {
                await Task.yield()
                continue
            }
            // Whoever may still read gets the time to do it.
            for _ in 0..<50 { await Task.yield() }
            // What was read and is not written yet is in a buffer; writes end only when they are let go.
            let read = await world.with("src") { $0.log.filter { $0.operation == .read }.reduce(0) { $0 + $1.count } }
            let written = await world.with("dst") { $0.log.filter { $0.operation == .write }.reduce(0) { $0 + $1.count } }
            most = max(most, read - written)
            #expect(read - written <= bound)
            await world.with("dst") { $0.release() }
        }
        #expect(most > bound / 2, "\(most) of \(bound): the buffer is used")
        await world.with("dst") { disk in
            disk.heal()
            disk.release()
        }
        try await finish(world)
        #expect(await world.contents("dst") == world.contents("src"))
    }
}
