import BlockGraph
import IOLoop
import Jobs
import Storage
import TestSupport
import Testing

@testable import BlockJobs

/// What jobs and their filters have in flight is seen by drains, by reopening and by one another; and a cancel lets guests go.
@Suite(.serialized) struct BracketTests {
    private let cluster = 65536

    /// Lets the loop and the control queue do all that they can without a disk.
    private func settle(_ world: World) async {
        for _ in 0..<60 {
            await world.threads[0].run { _ in await Task.yield() }
            _ = await world.graph.contains("src")
        }
    }

    private func qcow2(_ world: World, _ name: String, file: String, length: Int64, entry: Int64? = nil) async throws {
        try await world.disk(file, length: 0)
        try await world.graph.create(NewQcow2Image(file: .named(file), size: length))
        _ = try await world.graph.open(qcow2Spec(name, file: file, entry: entry))
    }

    private func qcow2Spec(_ name: String, file: String, entry: Int64? = nil, backing: String? = nil) -> NodeSpec {
        var spec = Qcow2Spec(file: .named(file))
        spec.l2CacheEntrySize = entry
        if let backing { spec.backing = .child(.named(backing)) }
        return NodeSpec(nodeName: name, driver: .qcow2(spec))
    }

    @Test(.timeLimit(.minutes(10)), arguments: [false, true])
    func `reopening the source of a job waits for the lookup that the job has in flight`(mirror: Bool) async throws {
        let world = try World(graphDeadlines: GraphDeadlines(drain: .seconds(3600), flush: .seconds(3600), close: .seconds(3600)))
        let length = 8 << 20
        try await qcow2(world, "src", file: "file", length: Int64(length), entry: 512)
        try await world.disk("dst", length: Int64(length))
        let guest = try await world.guest(of: "src")
        try await guest.write([UInt8](repeating: 0x77, count: length), at: 0)
        await world.graph.detach(guest)
        // The tables leave memory.
        try await world.graph.reopen([qcow2Spec("src", file: "file", entry: 512)])
        await world.with("file") { $0.hang(next: .read) }
        let job = BlockJobOptions(id: "j")
        if mirror {
            try await world.jobs.startMirror(MirrorOptions(job: job, device: "src", target: "dst", sync: .full, bufferSize: 65536))
        } else {
            try await world.jobs.startBackup(
                BackupOptions(job: job, device: "src", target: "dst", sync: .full, performance: .init(maxWorkers: 1)))
        }
        await world.with("file") { await $0.waitUntilHanging() }
        let isReopened = Guarded(false)
        let (graph, other) = (world.graph, qcow2Spec("src", file: "file", entry: 65536))
        let reopening = Task {
            try await graph.reopen([other])
            isReopened.withLock { $0 = true }
        }
        await settle(world)
        #expect(!isReopened.withLock { $0 }, "the lookup hangs")
        await world.with("file") { $0.release() }
        try await within { try await reopening.value }
        await world.log.wait(for: mirror ? "j:READY" : "j:N")
        if mirror { try await world.registry.cancel("j", force: false, via: .job) }
        #expect(await world.contents("dst").allSatisfy { $0 == 0x77 })
    }

    @Test(.timeLimit(.minutes(10)))
    func `reopening the target of a write-blocking mirror holds back what guests write to both sides`() async throws {
        let world = try World(graphDeadlines: GraphDeadlines(drain: .seconds(3600), flush: .seconds(3600), close: .seconds(3600)))
        let length = Int64(64 * cluster)
        try await world.disk("src", length: length)
        try await qcow2(world, "dst", file: "file", length: length)
        let guest = try await world.guest(of: "src")
        try await world.jobs.startMirror(
            MirrorOptions(job: BlockJobOptions(id: "m"), device: "src", target: "dst", sync: .none, copyMode: .writeBlocking))
        await world.log.wait(for: "m:READY")
        try await guest.write([UInt8](repeating: 0x11, count: 4096), at: 0)
        let reader = try await world.graph.attach(NodeUserSpec(permissions: Permissions(held: [], shared: .all)), to: "dst")
        await world.with("file") { $0.hang(next: .flush, times: nil) }
        let (graph, spec) = (world.graph, qcow2Spec("dst", file: "file"))
        let reopening = Task { try await graph.reopen([spec]) }
        await world.with("file") { await $0.waitUntilHanging() }
        let isWritten = Guarded(false)
        let second = Int64(8 * cluster)
        let write = Task {
            try await guest.write([UInt8](repeating: 0x22, count: 4096), at: second)
            isWritten.withLock { $0 = true }
        }
        await settle(world)
        #expect(!isWritten.withLock { $0 }, "the target is drained")
        await world.with("file") {
            $0.heal()
            $0.release()
        }
        try await within {
            try await reopening.value
            try await write.value
        }
        for place in [0, second] {
            #expect(try await guest.read(at: place, count: 4096) == reader.read(at: place, count: 4096))
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func `a point in time saves zeroes into an overlay of its source, where the source shines through`() async throws {
        let world = try World(graphDeadlines: GraphDeadlines(drain: .seconds(3600), flush: .seconds(3600), close: .seconds(3600)))
        let length = Int64(4 * cluster)
        try await world.disk("src", length: length)
        try await world.disk("file", length: 0)
        try await world.graph.create(NewQcow2Image(file: .named("file"), size: length))
        _ = try await world.graph.open(qcow2Spec("dst", file: "file", backing: "src"))
        let guest = try await world.guest(of: "src")
        try await world.jobs.startBackup(BackupOptions(job: BlockJobOptions(id: "b"), device: "src", target: "dst", sync: .none))
        try await guest.write([UInt8](repeating: 0xEE, count: 2 * cluster), at: 0)
        let reader = try await world.graph.attach(
            NodeUserSpec(permissions: Permissions(held: .consistentRead, shared: .all)), to: "dst")
        #expect(try await reader.read(at: 0, count: Int(length)).allSatisfy { $0 == 0 })
    }

    @Test(.timeLimit(.minutes(10)), arguments: [false, true])
    func `a write lets those go first who read the moment through an overlay of its source`(hasJob: Bool) async throws {
        let world = try World(graphDeadlines: GraphDeadlines(drain: .seconds(3600), flush: .seconds(3600), close: .seconds(3600)))
        let before = [UInt8](repeating: 0xAA, count: 4 * cluster)
        try await world.disk("src", contents: before)
        try await world.disk("file", length: 0)
        try await world.graph.create(NewQcow2Image(file: .named("file"), size: Int64(before.count)))
        _ = try await world.graph.open(qcow2Spec("dst", file: "file", backing: "src"))
        let guest: NodeUser
        if hasJob {
            guest = try await world.guest(of: "src")
            try await world.jobs.startBackup(BackupOptions(job: BlockJobOptions(id: "b"), device: "src", target: "dst", sync: .none))
        } else {
            let filter = CopyBeforeWriteSpec(file: .named("src"), target: .named("dst"))
            _ = try await world.graph.open(NodeSpec(nodeName: "filter", driver: .copyBeforeWrite(filter)))
            guest = try await world.guest(of: "filter")
        }
        let reader = try await world.graph.attach(
            NodeUserSpec(permissions: Permissions(held: .consistentRead, shared: .all)), to: "dst")
        // He finds nothing in the overlay, and is slow at the source.
        await world.with("src") { $0.hang(next: .read) }
        let reading = Task { try await reader.read(at: 0, count: cluster) }
        await world.with("src") { await $0.waitUntilHanging() }
        let writing = Task { try await guest.write([UInt8](repeating: 0xEE, count: cluster), at: 0) }
        await settle(world)
        #expect(await world.contents("src") == before)
        await world.with("src") {
            $0.heal()
            $0.release()
        }
        #expect(try await within { try await reading.value }.allSatisfy { $0 == 0xAA })
        try await within { try await writing.value }
        #expect(try await reader.read(at: 0, count: before.count) == before)
    }

    @Test(.timeLimit(.minutes(10)), arguments: 0..<4)
    func `a write across two clusters waits for each copy that begins before its turn`(turns: Int) async throws {
        let world = try World(graphDeadlines: GraphDeadlines(drain: .seconds(3600), flush: .seconds(3600), close: .seconds(3600)))
        let before = [UInt8](repeating: 0xAA, count: 4 * cluster)
        try await world.disk("src", contents: before)
        try await world.disk("dst", length: Int64(before.count))
        let guest = try await world.guest(of: "src")
        try await world.jobs.startBackup(BackupOptions(job: BlockJobOptions(id: "b"), device: "src", target: "dst", sync: .none))
        let edge = Int64(cluster)
        // The first copies the lower cluster and hangs; the second needs both and waits for it.
        await world.with("dst") { $0.hang(next: .write) }
        let lower = Task { try await guest.write([1], at: 0) }
        await world.with("dst") { await $0.waitUntilHanging() }
        let across = Task { try await guest.write([UInt8](repeating: 2, count: 1024), at: edge - 512) }
        await settle(world)
        // The third begins to copy the upper cluster in the very turn in which the first copy ends, and reads late.
        await world.with("src") { $0.hang(next: .read) }
        let upper = Task {
            try await guest.thread.run { (_: isolated IOThread) async throws(BlockError) in
                let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 512)
                defer { bytes.deallocate() }
                bytes.initializeMemory(as: UInt8.self, repeating: 3)
                for _ in 0..<turns { await Task.yield() }
                try await guest.access.value.write(at: edge + 4096, from: UnsafeRawBufferPointer(bytes))
            }
        }
        await world.with("dst") {
            $0.heal()
            $0.release()
        }
        try await within { try await lower.value }
        await settle(world)
        await world.with("src") {
            $0.heal()
            $0.release()
        }
        try await within {
            try await across.value
            try await upper.value
        }
        #expect(await world.contents("dst").prefix(2 * cluster).allSatisfy { $0 == 0xAA })
    }

    @Test(.timeLimit(.minutes(10)))
    func `a backup does not end while a guest's copy is on its way that may still fail`() async throws {
        let world = try World()
        let before = [UInt8](repeating: 0xAA, count: 4 * cluster)
        try await world.disk("src", contents: before)
        try await world.disk("dst", length: Int64(before.count))
        let guest = try await world.guest(of: "src")
        // The job copies the first cluster, and then waits for its limit.
        try await world.jobs.startBackup(
            BackupOptions(job: BlockJobOptions(id: "b", speed: 1), device: "src", target: "dst", sync: .full))
        let last = 3 * Int64(cluster)
        while await world.contents("dst")[0] != 0xAA { await settle(world) }
        await world.with("dst") { $0.hang(next: .write) }
        let first = Task { try? await guest.write([1], at: last) }
        await world.with("dst") { await $0.waitUntilHanging() }
        let second = Task { try? await guest.write([2], at: last + 9000) }
        await settle(world)
        // All but that cluster is copied, and the job waits for the guest. Then his copy fails, and the next one of the cluster begins and hangs.
        try await world.registry.setSpeed("b", 0)
        while await world.contents("dst").prefix(3 * cluster).contains(0) { await settle(world) }
        await settle(world)
        await world.with("src") { $0.hang(next: .read) }
        await world.with("dst") {
            $0.heal()
            $0.fail(.write, errno: 5, times: 1)
            $0.release()
        }
        await first.value
        await settle(world)
        #expect(!world.log.words.contains("b:OK"), "a copy is on its way")
        await world.with("src") {
            $0.heal()
            $0.release()
        }
        await second.value
        try await within { await world.log.wait(for: "b:N") }
        #expect(world.log.words.contains("b:OK"))
        #expect(await world.contents("dst") == before)
    }

    @Test(.timeLimit(.minutes(10)))
    func `a job's filter goes as soon as the request has ended that held it`() async throws {
        // The first deadline of a drain passes at once, and no later one ever does.
        let hasPassed = Guarded(false)
        let drain = Duration.seconds(3600)
        let deadlines = GraphDeadlines(drain: drain) { duration in
            let isFirst =
                duration == drain
                && hasPassed.withLock { passed in
                    defer { passed = true }
                    return !passed
                }
            if isFirst || duration < drain { return }
            do { try await Task.sleep(for: duration) } catch {
                // Nobody waits any more.
            }
        }
        let world = try World(deadlines: JobDeadlines(abandonment: 600_000_000_000, cancel: 20_000_000), graphDeadlines: deadlines)
        try await world.disk("src", length: Int64(4 * cluster))
        try await world.disk("dst", length: Int64(4 * cluster))
        let guest = try await world.guest(of: "src")
        try await world.jobs.startBackup(BackupOptions(job: BlockJobOptions(id: "b"), device: "src", target: "dst", sync: .none))
        await world.with("src") { $0.hang(next: .write) }
        let write = Task { try await guest.write([1, 2, 3], at: 100) }
        await world.with("src") { await $0.waitUntilHanging() }
        try await world.registry.cancel("b", force: true, via: .job)
        while !hasPassed.withLock({ $0 }) { await settle(world) }
        await settle(world)
        await world.with("src") { $0.release() }
        try await write.value
        try await within(60) { await world.log.wait(for: "b:N") }
        #expect(await world.nodeNames() == ["dst", "src"])
    }

    @Test(.timeLimit(.minutes(10)))
    func `a cancel in a mirror's last pass lets guests go though the target hangs`() async throws {
        let world = try World(deadlines: JobDeadlines(abandonment: 50_000_000, cancel: 20_000_000))
        try await world.disk("src", length: Int64(4 * cluster))
        try await world.disk("dst", length: Int64(4 * cluster))
        let guest = try await world.guest(of: "src")
        try await world.jobs.startMirror(MirrorOptions(job: BlockJobOptions(id: "m"), device: "src", target: "dst", sync: .full))
        await world.log.wait(for: "m:READY")
        await world.with("dst") { $0.hang(next: .flush, times: nil) }
        let registry = world.registry
        let completing = Task { try? await registry.complete("m", via: .job) }
        await world.with("dst") { await $0.waitUntilHanging() }
        let cancelling = Task { try? await registry.cancel("m", force: true, via: .job) }
        await world.log.wait(for: "m:N")
        try await within(60) { try await guest.write([1, 2, 3], at: 100) }
        await world.with("dst") {
            $0.heal()
            $0.release()
        }
        _ = await (completing.value, cancelling.value)
        // No pivot came after the cancel: the guest still writes to the source.
        #expect(await world.contents("src")[100] == 1)
        #expect(await world.contents("dst")[100] == 0)
    }

    @Test(.timeLimit(.minutes(10)))
    func `a guest that was writing to the source when a mirror was cancelled does not wait for its target`() async throws {
        let world = try World(deadlines: JobDeadlines(abandonment: 50_000_000, cancel: 20_000_000))
        try await world.disk("src", length: Int64(4 * cluster))
        try await world.disk("dst", length: Int64(4 * cluster))
        let guest = try await world.guest(of: "src")
        try await world.jobs.startMirror(
            MirrorOptions(job: BlockJobOptions(id: "m"), device: "src", target: "dst", sync: .none, copyMode: .writeBlocking))
        await world.log.wait(for: "m:READY")
        await world.with("src") { $0.hang(next: .write) }
        await world.with("dst") { $0.hang(next: nil, times: nil) }
        let write = Task { try await guest.write([1, 2, 3], at: 100) }
        await world.with("src") { await $0.waitUntilHanging() }
        try? await world.registry.cancel("m", force: true, via: .job)
        await settle(world)
        await world.with("src") {
            $0.heal()
            $0.release()
        }
        try await within(60) { try await write.value }
        await world.with("dst") {
            $0.heal()
            $0.release()
        }
    }

    @Test(.timeLimit(.minutes(10)), arguments: [false, true])
    func `a write-blocking mirror takes its verbs under two writers that never pause`(complete: Bool) async throws {
        let world = try World(graphDeadlines: GraphDeadlines(drain: .seconds(3600), flush: .seconds(3600), close: .seconds(3600)))
        let length = Int64(64 * cluster)
        try await world.disk("src", length: length)
        try await world.disk("dst", length: length)
        let guest = try await world.guest(of: "src")
        let isOver = Guarded(false)
        let step = Int64(cluster)
        // One is always within its write when the other begins.
        let writers = (0..<2).map { number in
            Task {
                var place = Int64(number)
                while !isOver.withLock({ $0 }) {
                    try await guest.write([UInt8(number + 1)], at: place * step)
                    place = (place + 2) % 64
                }
            }
        }
        try await world.jobs.startMirror(
            MirrorOptions(job: BlockJobOptions(id: "m"), device: "src", target: "dst", sync: .full, copyMode: .writeBlocking))
        try await within(300) { await world.log.wait(for: "m:READY") }
        let registry = world.registry
        try await within(300) {
            if complete {
                try await registry.complete("m", via: .job)
            } else {
                try await registry.pause("m", via: .job)
                try await registry.resume("m", via: .job)
                try await registry.cancel("m", force: false, via: .job)
            }
            await world.log.wait(for: "m:N")
        }
        isOver.withLock { $0 = true }
        for writer in writers { try await writer.value }
        if complete { #expect(world.log.text.contains("m:OK")) }
    }

    @Test(.timeLimit(.minutes(10)))
    func `a mirror is not called actively synced while a write that came before the change of mode is under way`() async throws {
        let world = try World(graphDeadlines: GraphDeadlines(drain: .seconds(3600), flush: .seconds(3600), close: .seconds(3600)))
        try await world.disk("src", length: Int64(4 * cluster))
        try await world.disk("dst", length: Int64(4 * cluster))
        let guest = try await world.guest(of: "src")
        try await world.jobs.startMirror(MirrorOptions(job: BlockJobOptions(id: "m"), device: "src", target: "dst", sync: .full))
        await world.log.wait(for: "m:READY")
        await world.with("src") { $0.hang(next: .write) }
        let write = Task { try await guest.write([1], at: 0) }
        await world.with("src") { await $0.waitUntilHanging() }
        try await world.registry.change("m", .mirror(writeBlocking: true))
        await settle(world)
        #expect(await world.registry.blockJobs.first?.activelySynced == false)
        await world.with("src") { $0.release() }
        try await write.value
        let registry = world.registry
        try await within { while await registry.blockJobs.first?.activelySynced != true { await Task.yield() } }
        #expect(await world.contents("dst")[0] == 1)
    }

    @Test(.timeLimit(.minutes(10)))
    func `a job whose request waits for a limit ends at once when it is cancelled`() async throws {
        let world = try World(graphDeadlines: GraphDeadlines(drain: .seconds(3600), flush: .seconds(3600), close: .seconds(3600)))
        try await world.disk("disk", contents: [UInt8](repeating: 7, count: 64 * cluster))
        try await world.disk("dst", length: Int64(64 * cluster))
        var limits = ThrottleRates()
        limits[.bytesTotal] = ThrottleRates.Rate(average: 1)
        try world.graph.surroundings.throttleGroups.add("g", limits: limits)
        _ = try await world.graph.open(
            NodeSpec(nodeName: "src", driver: .throttle(ThrottleSpec(file: .named("disk"), group: "g"))))
        try await world.jobs.startBackup(
            BackupOptions(
                job: BlockJobOptions(id: "b"), device: "src", target: "dst", sync: .full,
                performance: .init(maxWorkers: 4, maxChunk: 65536)))
        await settle(world)
        try await within(60) {
            try await world.registry.cancel("b", force: true, via: .job)
            await world.log.wait(for: "b:N")
        }
        #expect(await world.nodeNames() == ["disk", "dst", "src"])
    }
}
