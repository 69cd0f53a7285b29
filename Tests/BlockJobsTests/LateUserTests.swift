import BlockGraph
import IOLoop
import Jobs
import Storage
import TestSupport
import Testing

@testable import BlockJobs

/// Users and nodes that come to a job's source after the job has begun.
@Suite struct LateUserTests {
    private let length = 1 << 20

    private func world() async throws -> World {
        let world = try World()
        try await world.disk("src", contents: [UInt8](repeating: 0x5A, count: length))
        try await world.disk("dst", length: Int64(length))
        return world
    }

    /// Attaches a guest to the source itself, or to a raw node that is opened over it now.
    private func lateGuest(_ world: World, overNode: Bool) async throws -> NodeUser {
        guard overNode else { return try await world.guest(of: "src") }
        try await world.raw("late", over: "src")
        return try await world.guest(of: "late")
    }

    @Test(.timeLimit(.minutes(10)), arguments: [false, true], [MirrorCopyMode.background, .writeBlocking])
    func `their writes are mirrored, and they move to the target`(overNode: Bool, mode: MirrorCopyMode) async throws {
        let world = try await world()
        try await world.jobs.startMirror(
            MirrorOptions(job: BlockJobOptions(id: "m"), device: "src", target: "dst", sync: .full, copyMode: mode))
        await world.log.wait(for: "m:READY")
        let guest = try await lateGuest(world, overNode: overNode)
        try await guest.write([UInt8](repeating: 1, count: 4096), at: 8192)
        try await world.registry.complete("m", via: .job)
        await world.log.wait(for: "m:N")
        #expect(await world.contents("dst")[8192..<12288].allSatisfy { $0 == 1 })
        try await guest.write([2], at: 0)
        #expect(await world.contents("dst")[0] == 2)
        #expect(await world.contents("src")[0] == 0x5A)
    }

    @Test(.timeLimit(.minutes(10)), arguments: [false, true])
    func `what they overwrite is saved first`(overNode: Bool) async throws {
        let world = try await world()
        try await world.jobs.startBackup(BackupOptions(job: BlockJobOptions(id: "b"), device: "src", target: "dst", sync: .none))
        let guest = try await lateGuest(world, overNode: overNode)
        try await guest.write([UInt8](repeating: 1, count: 4096), at: 8192)
        #expect(await world.contents("dst").prefix(65536).allSatisfy { $0 == 0x5A })
        try await world.registry.cancel("b", force: true, via: .job)
        await world.log.wait(for: "b:N")
        try await guest.write([2], at: 0)
        #expect(await world.contents("src")[0] == 2)
    }

    @Test(.timeLimit(.minutes(10))) func `a parent that is reopened over the source stays above the filter`() async throws {
        let world = try await world()
        try await world.raw("disk", over: "src")
        try await world.jobs.startMirror(MirrorOptions(job: BlockJobOptions(id: "m"), device: "src", target: "dst", sync: .full))
        await world.log.wait(for: "m:READY")
        let spec = NodeSpec(nodeName: "disk", driver: .raw(RawSpec(file: .named("src"))))
        try await world.graph.reopen([spec])
        let guest = try await world.guest(of: "disk")
        try await guest.write([7], at: 100)
        try await world.registry.cancel("m", force: false, via: .blockJob)
        await world.log.wait(for: "m:N")
        #expect(await world.contents("dst")[100] == 7)
    }

    @Test(.timeLimit(.minutes(10))) func `a mirror keeps its filter when the last user of its source goes`() async throws {
        let world = try await world()
        try await world.jobs.startMirror(MirrorOptions(job: BlockJobOptions(id: "m"), device: "src", target: "dst", sync: .full))
        await world.log.wait(for: "m:READY")
        let first = try await world.guest(of: "src")
        await world.graph.detach(first)
        let second = try await world.guest(of: "src")
        try await second.write([9], at: 500)
        try await world.registry.cancel("m", force: false, via: .blockJob)
        await world.log.wait(for: "m:N")
        #expect(await world.contents("dst")[500] == 9)
        #expect(await world.nodeNames() == ["dst", "src"])
    }

    @Test(.timeLimit(.minutes(10)), arguments: [false, true])
    func `a drain of a mirror's target holds back who comes to the source meanwhile`(overNode: Bool) async throws {
        let world = try await world()
        try await world.jobs.startMirror(
            MirrorOptions(job: BlockJobOptions(id: "m"), device: "src", target: "dst", sync: .full, copyMode: .writeBlocking))
        await world.log.wait(for: "m:READY")
        let drain = try await world.graph.drain(["dst"])
        let guest = try await lateGuest(world, overNode: overNode)
        #expect(await guest.thread.run { (io: isolated IOThread) in guest.access.value.isDrained })
        await world.graph.resume(drain)
        #expect(await guest.thread.run { (io: isolated IOThread) in !guest.access.value.isDrained })
        try await guest.write([7], at: 100)
        #expect(await world.contents("dst")[100] == 7)
        try await world.registry.cancel("m", force: false, via: .blockJob)
        await world.log.wait(for: "m:N")
    }
}
