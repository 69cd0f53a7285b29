import BlockGraph
import Jobs
import Storage
import TestSupport
import Testing

@testable import BlockJobs

@Suite(.serialized) struct BackupTests {
    private func world(_ length: Int = 1 << 18, deadlines: JobDeadlines = World.farDeadlines) async throws -> World {
        let world = try World(deadlines: deadlines)
        try await world.disk("src", contents: patchwork(length, seed: 7))
        try await world.disk("dst", length: Int64(length))
        return world
    }

    private func options(_ id: String? = "b", sync: SyncMode = .full, dismiss: Bool = true, finalize: Bool = true, speed: Int64 = 0)
        -> BackupOptions
    {
        BackupOptions(
            job: BlockJobOptions(id: id, speed: speed, autoFinalize: finalize, autoDismiss: dismiss), device: "src", target: "dst",
            sync: sync)
    }

    @Test func `a backup copies everything and tells what the reference tells`() async throws {
        let world = try await world(5 << 18)
        let bytes = await world.contents("src")
        try await world.jobs.startBackup(options())
        #expect(world.log.text.hasPrefix("b:C b:R b:paused b:R"))
        await world.log.wait(for: "b:N")
        #expect(world.log.text == "b:C b:R b:paused b:R b:W b:P b:OK b:Cc b:N")
        #expect(await world.contents("dst") == bytes)
        #expect(await world.durableContents("dst") == bytes, "flushed before it was called complete")
        #expect(await world.nodeNames() == ["dst", "src"])
    }

    @Test func `an image whose bitmaps would take the machine's memory is refused`() async throws {
        let world = try World()
        for name in ["src", "dst"] { try await world.nothing(name, length: 1 << 62) }
        let backup = await #expect(throws: BlockJobError.self) { try await world.jobs.startBackup(options()) }
        #expect(backup?.message == "The image is too large for a backup")
        let mirror = await #expect(throws: BlockJobError.self) {
            try await world.jobs.startMirror(MirrorOptions(job: BlockJobOptions(id: "m"), device: "src", target: "dst", sync: .full))
        }
        #expect(mirror?.message == "The image is too large for a mirror of this granularity")
        #expect(world.log.text == "")
        #expect(await world.nodeNames() == ["dst", "src"])
    }

    @Test func `sync top on a node without backing file is sync full`() async throws {
        let world = try await world()
        try await world.jobs.startBackup(options(sync: .top))
        await world.log.wait(for: "b:N")
        #expect(await world.contents("dst") == world.contents("src"))
    }

    @Test func `an empty disk is backed up at once`() async throws {
        let world = try World()
        try await world.disk("src", length: 0)
        try await world.disk("dst", length: 0)
        try await world.jobs.startBackup(options())
        await world.log.wait(for: "b:N")
        #expect(world.log.text == "b:C b:R b:paused b:R b:W b:P b:OK b:Cc b:N")
    }

    @Test func `without auto-dismiss a backup stays concluded, without auto-finalize pending`() async throws {
        let world = try await world()
        try await world.jobs.startBackup(options(dismiss: false, finalize: false))
        await world.log.wait(for: "b:PENDING")
        #expect(world.log.text == "b:C b:R b:paused b:R b:W b:P b:PENDING")
        try await world.registry.finalize("b", via: .job)
        #expect(world.log.text == "b:C b:R b:paused b:R b:W b:P b:PENDING b:OK b:Cc")
        #expect(await world.info("b")?.currentProgress == 1 << 18)
        #expect(await world.info("b")?.totalProgress == 1 << 18)
        try await world.registry.dismiss("b", via: .job)
        #expect(world.log.words.last == "b:N")
        #expect(await world.nodeNames() == ["dst", "src"])
    }

    @Test func `a backup of nothing runs until it is cancelled, and concludes before the reply`() async throws {
        let world = try await world()
        try await world.jobs.startBackup(options(sync: .none))
        try await within { while await world.registry.blockJobs.first?.busy != false { await Task.yield() } }
        #expect(await world.info("b")?.totalProgress == 1 << 18)
        try await world.registry.cancel("b", force: false, via: .blockJob)
        #expect(world.log.text == "b:C b:R b:paused b:R b:aborting b:CAN b:Cc b:N")
        #expect(await world.nodeNames() == ["dst", "src"])
    }

    @Test func `the filter has the name that was asked for, for as long as the job runs`() async throws {
        let world = try await world()
        var options = options(sync: .none)
        options.filterNodeName = "cbw"
        try await world.jobs.startBackup(options)
        #expect(await world.nodeNames() == ["cbw", "dst", "src"])
        try await world.registry.cancel("b", force: true, via: .job)
        #expect(await world.nodeNames() == ["dst", "src"])
    }

    @Test func `refusals are in the reference's words and leave nothing behind`() async throws {
        let world = try await world()
        try await world.disk("small", length: 4096)
        func refused(_ change: (inout BackupOptions) -> Void) async -> String {
            var options = options()
            change(&options)
            do throws(BlockJobError) {
                try await world.jobs.startBackup(options)
                return "accepted"
            } catch {
                return error.message
            }
        }
        #expect(await refused { $0.device = "nope" } == "Cannot find device='nope' nor node-name='nope'")
        #expect(await refused { $0.target = "nope" } == "Cannot find device='nope' nor node-name='nope'")
        #expect(await refused { $0.target = "src" } == "Source and target cannot be the same")
        #expect(await refused { $0.target = "small" } == "Source and target image have different sizes")
        #expect(await refused { $0.job.id = nil } == "Invalid job ID ''")
        #expect(await refused { $0.job.id = "9a" } == "Invalid job ID '9a'")
        #expect(await refused { $0.sync = .incremental } == "must provide a valid bitmap name for 'incremental' sync mode")
        #expect(await refused { $0.sync = .bitmap } == "must provide a valid bitmap name for 'bitmap' sync mode")
        #expect(await refused { $0.bitmap = "b0" } == "Bitmap 'b0' could not be found")
        #expect(await refused { $0.bitmapMode = .always } == "Cannot specify bitmap sync mode without a bitmap")
        #expect(
            await refused {
                $0.sync = .incremental
                $0.bitmap = "b0"
                $0.bitmapMode = .never
            } == "Bitmap sync mode must be 'on-success' when using sync mode 'incremental'")
        #expect(await refused { $0.compress = true } == "Compression is not supported for this drive ")
        #expect(await refused { $0.performance.maxWorkers = 0 } == "max-workers must be between 1 and 2147483647")
        #expect(await refused { $0.performance.maxWorkers = 1 << 31 } == "max-workers must be between 1 and 2147483647")
        #expect(await refused { $0.performance.maxChunk = -1 } == "max-chunk must be zero (which means no limit) or positive")
        #expect(
            await refused { $0.performance.maxChunk = 512 } == "Required max-chunk (512) is less than backup cluster size (65536)")
        #expect(await refused { $0.filterNodeName = "src" } == "Could not create node: Duplicate nodes with node-name='src'")
        #expect(await refused { $0.filterNodeName = "9bad" } == "Could not create node: Invalid node-name: '9bad'")
        #expect(world.log.words.isEmpty)
        #expect(await refused { $0.job.speed = -1 } == "Parameter 'speed' expects a non-negative value")
        #expect(world.log.text == "b:C b:N")
        #expect(await world.nodeNames() == ["dst", "small", "src"])
        #expect(await world.registry.jobs.isEmpty)
    }

    @Test func `nodes of a running backup are kept from others`() async throws {
        let world = try await world()
        try await world.disk("other", length: 1 << 18)
        try await world.jobs.startBackup(options(sync: .none))
        var second = options("c")
        await #expect(throws: BlockJobError("Node 'dst' is busy: block device is in use by block job: backup")) {
            try await world.jobs.startBackup(second)
        }
        second.target = "other"
        second.job.id = "b"
        await #expect(throws: BlockJobError("Job ID 'b' already in use")) { try await world.jobs.startBackup(second) }
        await #expect(throws: (any Error).self) { try await world.graph.close("dst") }
        await #expect(throws: (any Error).self) { try await world.graph.close("src") }
        await #expect(throws: (any Error).self) { try await world.graph.resize("src", to: 2 << 20) }
        try await world.registry.cancel("b", force: true, via: .job)
        try await world.graph.close("dst")
        #expect(await world.nodeNames() == ["other", "src"])
    }

    @Test func `two backups of one source with the same point in time`() async throws {
        let world = try await world()
        try await world.disk("dst2", length: 1 << 18)
        let before = await world.contents("src")
        let guest = try await world.guest(of: "src")
        var second = options("c")
        second.target = "dst2"
        try await world.jobs.run(Transaction([.backup(options()), .backup(second)], completionMode: .grouped))
        try await guest.write([UInt8](repeating: 0xEE, count: 1 << 18), at: 0)
        await world.log.wait(for: "b:N")
        await world.log.wait(for: "c:N")
        #expect(await world.contents("dst") == before)
        #expect(await world.contents("dst2") == before)
        #expect(await world.contents("src").allSatisfy { $0 == 0xEE })
    }
}
