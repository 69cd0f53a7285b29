import BlockGraph
import Jobs
import Storage
import TestSupport
import Testing

@testable import BlockJobs

@Suite(.serialized) struct MirrorTests {
    private func world(_ length: Int = 1 << 18, threads: Int = 1) async throws -> World {
        let world = try World(threads: threads)
        try await world.disk("src", contents: patchwork(length, seed: 7))
        try await world.disk("dst", contents: patchwork(length, seed: 8))
        return world
    }

    private func options(_ id: String? = "m", sync: SyncMode = .full, finalize: Bool = true, mode: MirrorCopyMode = .background)
        -> MirrorOptions
    {
        MirrorOptions(
            job: BlockJobOptions(id: id, autoFinalize: finalize), device: "src", target: "dst", sync: sync, copyMode: mode)
    }

    @Test func `a mirror becomes ready, and complete moves the source's user to the target`() async throws {
        let world = try await world(3 << 18)
        let bytes = await world.contents("src")
        let guest = try await world.guest(of: "src")
        try await world.jobs.startMirror(options())
        await world.log.wait(for: "m:READY")
        #expect(await world.info("m")?.currentProgress == 3 << 18)
        #expect(await world.info("m")?.totalProgress == 3 << 18)
        try await world.registry.complete("m", via: .job)
        await world.log.wait(for: "m:N")
        #expect(world.log.text == "m:C m:R m:ready m:READY m:W m:P m:OK m:Cc m:N")
        #expect(await world.durableContents("dst") == bytes)
        #expect(await world.graph.nodeName(of: guest) == "dst")
        try await guest.write([1, 2, 3], at: 5)
        #expect(await world.contents("dst")[5..<8] == [1, 2, 3])
        #expect(await world.contents("src") == bytes)
        #expect(await world.nodeNames() == ["dst", "src"])
    }

    @Test func `what a job already filters is not mirrored`() async throws {
        let world = try await world()
        try await world.disk("other", length: 1 << 18)
        try await world.jobs.startMirror(options(sync: .none))
        var second = options("k")
        second.target = "other"
        await #expect(throws: BlockJobError("Need a root block node")) { try await world.jobs.startMirror(second) }
        // Before the target is looked for.
        second.target = "nosuch"
        await #expect(throws: BlockJobError("Need a root block node")) { try await world.jobs.startMirror(second) }
        try await world.registry.cancel("m", force: true, via: .job)
        await world.log.wait(for: "m:N")
        await #expect(throws: BlockJobError("Cannot find device='nosuch' nor node-name='nosuch'")) {
            try await world.jobs.startMirror(second)
        }
    }

    @Test func `a mirror of nothing, or of an empty disk, is ready before the reply`() async throws {
        let world = try await world()
        let before = await world.contents("dst")
        try await world.jobs.startMirror(options(sync: .none))
        #expect(world.log.text == "m:C m:R m:ready m:READY")
        #expect(await world.info("m")?.totalProgress == 0)
        try await world.registry.cancel("m", force: true, via: .job)
        await world.log.wait(for: "m:N")
        #expect(world.log.text == "m:C m:R m:ready m:READY m:aborting m:CAN m:Cc m:N")
        #expect(await world.contents("dst") == before)
        try await world.disk("e1", length: 0)
        try await world.disk("e2", length: 0)
        var empty = options("e")
        empty.device = "e1"
        empty.target = "e2"
        try await world.jobs.startMirror(empty)
        #expect(world.log.words.suffix(4) == ["e:C", "e:R", "e:ready", "e:READY"])
        try await world.registry.complete("e", via: .job)
        await world.log.wait(for: "e:N")
        #expect(world.log.words.suffix(5) == ["e:W", "e:P", "e:OK", "e:Cc", "e:N"])
    }

    @Test func `a soft cancel leaves a consistent copy and the user where it was`() async throws {
        let world = try await world()
        let guest = try await world.guest(of: "src")
        try await world.jobs.startMirror(options())
        await world.log.wait(for: "m:READY")
        try await world.registry.cancel("m", force: false, via: .blockJob)
        await world.log.wait(for: "m:N")
        #expect(world.log.text == "m:C m:R m:ready m:READY m:W m:P m:OK m:Cc m:N")
        #expect(await world.durableContents("dst") == world.contents("src"))
        #expect(await world.graph.nodeName(of: guest) == "src")
    }

    @Test func `a ready mirror that is paused stands by, and a force cancel aborts it`() async throws {
        let world = try await world()
        try await world.jobs.startMirror(options())
        await world.log.wait(for: "m:READY")
        try await within { while await world.registry.blockJobs.first?.busy != false { await Task.yield() } }
        try await world.registry.pause("m", via: .job)
        #expect(world.log.words.last == "m:standby")
        try await world.registry.cancel("m", force: true, via: .blockJob)
        await world.log.wait(for: "m:N")
        #expect(world.log.text == "m:C m:R m:ready m:READY m:standby m:ready m:aborting m:CAN m:Cc m:N")
    }

    @Test func `complete in standby takes effect on resume`() async throws {
        let world = try await world()
        try await world.jobs.startMirror(options())
        await world.log.wait(for: "m:READY")
        try await within { while await world.registry.blockJobs.first?.busy != false { await Task.yield() } }
        try await world.registry.pause("m", via: .job)
        try await world.registry.complete("m", via: .job)
        #expect(world.log.words.last == "m:standby")
        try await world.registry.resume("m", via: .job)
        await world.log.wait(for: "m:N")
        #expect(world.log.text == "m:C m:R m:ready m:READY m:standby m:ready m:W m:P m:OK m:Cc m:N")
    }

    @Test func `a pending mirror pivots at finalize, or not at all when it is cancelled`() async throws {
        for finalizes in [true, false] {
            let world = try await world()
            let guest = try await world.guest(of: "src")
            try await world.jobs.startMirror(options(finalize: false))
            await world.log.wait(for: "m:READY")
            try await world.registry.complete("m", via: .blockJob)
            await world.log.wait(for: "m:PENDING")
            if finalizes {
                try await world.registry.finalize("m", via: .job)
                await world.log.wait(for: "m:N")
                #expect(world.log.text == "m:C m:R m:ready m:READY m:W m:P m:PENDING m:OK m:Cc m:N")
                #expect(await world.graph.nodeName(of: guest) == "dst")
            } else {
                try await world.registry.cancel("m", force: true, via: .job)
                await world.log.wait(for: "m:N")
                #expect(world.log.text == "m:C m:R m:ready m:READY m:W m:P m:PENDING m:aborting m:CAN m:Cc m:N")
                #expect(await world.graph.nodeName(of: guest) == "src")
            }
            // Nobody is held back any more.
            try await within { try await guest.write([9], at: 0) }
            #expect(await world.nodeNames() == ["dst", "src"])
        }
    }

    @Test(arguments: [true, false])
    func `the file below a raw node is replaced`(byReplaces: Bool) async throws {
        let world = try await world()
        let bytes = await world.contents("src")
        try await world.raw("disk", over: "src")
        let guest = try await world.guest(of: "disk")
        var options = options()
        if byReplaces {
            options.device = "disk"
            options.replaces = "src"
        }
        try await world.jobs.startMirror(options)
        await world.log.wait(for: "m:READY")
        try await guest.write([7, 7, 7], at: 100)
        try await world.registry.complete("m", via: .job)
        await world.log.wait(for: "m:N")
        #expect(world.log.text == "m:C m:R m:ready m:READY m:W m:P m:OK m:Cc m:N")
        #expect(await world.graph.nodes().first { $0.nodeName == "disk" }?.children.map(\.nodeName) == ["dst"])
        try await guest.write([8], at: 200)
        var expected = bytes
        expected.replaceSubrange(100..<103, with: [7, 7, 7])
        #expect(await world.contents("src") == expected)
        expected[200] = 8
        #expect(await world.contents("dst") == expected)
        #expect(try await guest.read(at: 100, count: 3) == [7, 7, 7])
        #expect(await world.nodeNames() == ["disk", "dst", "src"])
    }

    @Test func `refusals are in the reference's words and leave nothing behind`() async throws {
        let world = try await world()
        try await world.disk("small", length: 4096)
        try await world.disk("other", length: 1 << 18)
        func refused(_ change: (inout MirrorOptions) -> Void) async -> String {
            var options = options()
            change(&options)
            do throws(BlockJobError) {
                try await world.jobs.startMirror(options)
                return "accepted"
            } catch {
                return error.message
            }
        }
        #expect(await refused { $0.device = "nope" } == "Cannot find device='nope' nor node-name='nope'")
        #expect(await refused { $0.target = "src" } == "Can't mirror node into itself")
        #expect(await refused { $0.sync = .incremental } == "Sync mode 'incremental' not supported")
        #expect(await refused { $0.sync = .bitmap } == "Sync mode 'bitmap' not supported")
        #expect(await refused { $0.granularity = 256 } == "Parameter 'granularity' expects a value in range [512B, 64MB]")
        #expect(await refused { $0.granularity = 128 << 20 } == "Parameter 'granularity' expects a value in range [512B, 64MB]")
        #expect(await refused { $0.granularity = 1000 } == "Parameter 'granularity' expects a power of 2")
        #expect(await refused { $0.bufferSize = -1 } == "Invalid parameter 'buf-size'")
        #expect(await refused { $0.replaces = "nope" } == "Failed to find node with node-name='nope'")
        #expect(
            await refused { $0.replaces = "other" }
                == "Cannot replace 'other' by a node mirrored from 'src', because it cannot be guaranteed that doing so would not lead to an abrupt change of visible data"
        )
        #expect(await refused { $0.filterNodeName = "src" } == "Duplicate nodes with node-name='src'")
        #expect(await refused { $0.job.id = "9a" } == "Invalid job ID '9a'")
        #expect(world.log.words.isEmpty)
        #expect(await refused { $0.job.speed = -1 } == "Parameter 'speed' expects a non-negative value")
        #expect(world.log.text == "m:C m:N")
        #expect(await refused { $0.target = "small" } == "accepted")
        await world.log.wait(for: "m:N", times: 2)
        #expect(
            world.log.words.suffix(6).joined(separator: " ")
                == "m:C m:R m:aborting m:OK{Source and target image have different sizes} m:Cc m:N")
        #expect(await world.nodeNames() == ["dst", "other", "small", "src"])
    }

    @Test func `an idle ready mirror does nothing until somebody writes`() async throws {
        let world = try await world()
        let guest = try await world.guest(of: "src")
        try await world.jobs.startMirror(options())
        await world.log.wait(for: "m:READY")
        try await within { while await world.registry.blockJobs.first?.busy != false { await Task.yield() } }
        let before = await world.with("dst") { $0.log.count }
        try await guest.write([5, 6], at: 70_000)
        try await within {
            while await world.contents("dst")[70_000..<70_002] != [5, 6] { await Task.yield() }
            while await world.registry.blockJobs.first?.busy != false { await Task.yield() }
        }
        let info = await world.info("m")
        #expect(info?.currentProgress == info?.totalProgress)
        #expect(info.map { $0.currentProgress > 1 << 18 } == true, "what was written again counts again")
        #expect(await world.with("dst") { $0.log.count } - before < 8)
        try await world.registry.cancel("m", force: true, via: .job)
        await world.log.wait(for: "m:N")
    }

    @Test func `the copy mode changes from background to write-blocking, not back`() async throws {
        let world = try await world()
        let guest = try await world.guest(of: "src")
        try await world.jobs.startMirror(options())
        await world.log.wait(for: "m:READY")
        #expect(await world.registry.blockJobs.first?.activelySynced == false)
        try await world.registry.change("m", .mirror(writeBlocking: true))
        try await guest.write([1, 2], at: 4096)
        #expect(await world.contents("dst")[4096..<4098] == [1, 2], "on the target before it is acknowledged")
        await #expect(throws: JobError(.invalidArgument, "Change to copy mode 'background' is not implemented")) {
            try await world.registry.change("m", .mirror(writeBlocking: false))
        }
        try await world.registry.complete("m", via: .job)
        await world.log.wait(for: "m:N")
        #expect(await world.contents("dst") == world.contents("src"))
    }

    @Test(arguments: Sanitized.seeds(1...16))
    func `no write is lost under a writer, up to and over the pivot`(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let length = Int.random(in: 1...3 << 19, using: &generator) & ~511
        let world = try World(threads: seed % 3 == 0 ? 2 : 1)
        let before = patchwork(length, seed: seed)
        try await world.disk("src", contents: before, seed: seed)
        try await world.disk("dst", contents: patchwork(length, seed: seed + 100), seed: seed)
        let user = try await world.guest(of: "src")
        var options = options(mode: seed % 2 == 0 ? .background : .writeBlocking)
        options.granularity = [512, 4096, 65536, 1 << 20][Int(seed) % 4]
        try await world.jobs.startMirror(options)
        let log = world.log
        let model = try await within {
            var guest = RandomGuest(user: user, model: before, generator: SeededGenerator(seed: seed))
            var acts = 0
            var isAsked = false
            while acts < Sanitized.times(200) || !log.words.contains("m:N") {
                try await guest.act()
                acts += 1
                if seed % 4 == 2, acts == Sanitized.times(30) { try? await world.registry.change("m", .mirror(writeBlocking: true)) }
                if acts >= Sanitized.times(60), !isAsked, log.words.contains("m:READY") {
                    isAsked = true
                    try await world.registry.complete("m", via: .job)
                }
            }
            return guest.model
        }
        #expect(log.text == "m:C m:R m:ready m:READY m:W m:P m:OK m:Cc m:N", "seed \(seed)")
        #expect(await world.graph.nodeName(of: user) == "dst", "seed \(seed)")
        #expect(await world.contents("dst") == model, "seed \(seed)")
        #expect(await world.nodeNames() == ["dst", "src"], "seed \(seed)")
    }
}
