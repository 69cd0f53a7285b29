import BlockGraph
import Jobs
import Storage
import TestSupport
import Testing

@testable import BlockJobs

@Suite(.serialized) struct CancelTests {
    private static let length = 1 << 20

    private func world(_ deadlines: JobDeadlines = World.farDeadlines) async throws -> World {
        let world = try World(deadlines: deadlines)
        try await world.disk("src", contents: [UInt8](repeating: 0x5A, count: Self.length))
        try await world.disk("dst", length: Int64(Self.length))
        return world
    }

    private func start(_ world: World, mirror: Bool, mode: MirrorCopyMode = .background) async throws {
        if mirror {
            try await world.jobs.startMirror(
                MirrorOptions(job: BlockJobOptions(id: "j"), device: "src", target: "dst", sync: .full, bufferSize: 65536, copyMode: mode))
        } else {
            try await world.jobs.startBackup(BackupOptions(job: BlockJobOptions(id: "j"), device: "src", target: "dst", sync: .full))
        }
    }

    @Test(arguments: [false, true], [1, 2, 3])
    func `cancelled with a request in flight, the reply comes first and the end when the request ends`(mirror: Bool, nth: Int) async throws
    {
        let world = try await world()
        let operation: StorageOperation = nth == 1 ? .read : nth == 2 ? .write : .flush
        let disk = nth == 1 ? "src" : "dst"
        await world.with(disk) { $0.hang(next: operation) }
        try await start(world, mirror: mirror)
        await world.with(disk) { await $0.waitUntilHanging() }
        try await world.registry.cancel("j", force: true, via: .job)
        #expect(!world.log.words.contains("j:Cc"))
        #expect(await world.info("j")?.pendingRequest == .cancel)
        await world.with(disk) { $0.release() }
        try await within { await world.log.wait(for: "j:N") }
        #expect(world.log.text.hasSuffix("j:aborting j:CAN j:Cc j:N"))
        #expect(await world.nodeNames() == ["dst", "src"])
        let guest = try await world.guest(of: "src")
        try await within { try await guest.write([1], at: 0) }
    }

    @Test(arguments: [false, true])
    func `a job whose target hangs is given up, and its target stays held until the disk answers`(mirror: Bool) async throws {
        let world = try await world(JobDeadlines(abandonment: 50_000_000, cancel: 20_000_000))
        let guest = try await world.guest(of: "src")
        await world.with("dst") { $0.hang(next: .write, times: nil) }
        try await start(world, mirror: mirror)
        await world.with("dst") { await $0.waitUntilHanging() }
        try await world.registry.cancel("j", force: true, via: .job)
        try await within { await world.log.wait(for: "j:N") }
        #expect(world.log.text.hasSuffix("j:aborting j:CAN j:Cc j:N"))
        #expect(await world.registry.abandonedJobs.count == 1)
        // The guest isn't held back by what hangs.
        try await within { try await guest.write([UInt8](repeating: 1, count: Self.length), at: 0) }
        let refusal = await #expect(throws: BlockError.self) { try await world.graph.close("dst") }
        #expect(refusal?.message.contains("still waits for its requests") == true)
        await #expect(throws: BlockJobError.self) { try await start(world, mirror: mirror) }
        await world.with("dst") {
            $0.heal()
            $0.release()
        }
        try await within { while await !world.registry.abandonedJobs.isEmpty { await Task.yield() } }
        try await within { while await world.nodeNames() != ["dst", "src"] { await Task.yield() } }
        try await world.graph.close("dst")
    }

    @Test(arguments: [false, true])
    func `a guest that waits for a copy that hangs is let go by the cancel`(mirror: Bool) async throws {
        let world = try await world(JobDeadlines(abandonment: 600_000_000_000, cancel: 10_000_000))
        let guest = try await world.guest(of: "src")
        if mirror {
            try await start(world, mirror: true, mode: .writeBlocking)
            await world.log.wait(for: "j:READY")
        } else {
            try await world.jobs.startBackup(BackupOptions(job: BlockJobOptions(id: "j"), device: "src", target: "dst", sync: .none))
        }
        await world.with("dst") { $0.hang(next: .write) }
        let write = Task {
            try await guest.write([1, 2, 3], at: 0)
            world.log.note("written")
        }
        await world.with("dst") { await $0.waitUntilHanging() }
        #expect(!world.log.words.contains("written"))
        try await world.registry.cancel("j", force: true, via: .job)
        try await within { try await write.value }
        #expect(await world.contents("src").prefix(3) == [1, 2, 3])
        await world.with("dst") { $0.release() }
        try await within { await world.log.wait(for: "j:N") }
        #expect(await world.nodeNames() == ["dst", "src"])
    }

    @Test func `a pause waits for requests in flight, and resume goes on`() async throws {
        let world = try await world()
        await world.with("dst") { $0.hang(next: .write) }
        try await start(world, mirror: false)
        await world.with("dst") { await $0.waitUntilHanging() }
        try await world.registry.pause("j", via: .job)
        #expect(await world.info("j")?.pendingRequest == .pause)
        await world.with("dst") { $0.release() }
        try await within { await world.log.wait(for: "j:paused", times: 2) }
        let written = await world.with("dst") { $0.log.count }
        #expect(await world.with("dst") { $0.inFlight } == 0)
        #expect(await world.with("dst") { $0.log.count } == written)
        try await world.registry.resume("j", via: .job)
        try await within { await world.log.wait(for: "j:N") }
        #expect(await world.contents("dst") == world.contents("src"))
    }

    @Test func `cancelled in its limiter a job concludes before the reply`() async throws {
        let world = try await world()
        try await world.jobs.startBackup(
            BackupOptions(job: BlockJobOptions(id: "j", speed: 4096), device: "src", target: "dst", sync: .full))
        try await within { while await world.registry.blockJobs.first?.busy != false { await Task.yield() } }
        try await world.registry.cancel("j", force: false, via: .blockJob)
        #expect(world.log.text == "j:C j:R j:paused j:R j:aborting j:CAN j:Cc j:N")
    }
}
