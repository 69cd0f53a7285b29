import BlockGraph
import Jobs
import Storage
import TestSupport
import Testing

@testable import BlockJobs

@Suite(.serialized) struct TransactionTests {
    private static let length = 1 << 17

    private func world() async throws -> World {
        let world = try World()
        for (index, name) in ["s1", "s2"].enumerated() {
            try await world.disk(name, contents: patchwork(Self.length, seed: UInt64(index + 3)))
        }
        for name in ["t1", "t2"] { try await world.disk(name, length: Int64(Self.length)) }
        try await world.disk("small", length: 4096)
        return world
    }

    private func backup(_ id: String, _ source: String, _ target: String, sync: SyncMode = .full, finalize: Bool = true, speed: Int64 = 0)
        -> Transaction.Action
    {
        .backup(
            BackupOptions(
                job: BlockJobOptions(id: id, speed: speed, autoFinalize: finalize), device: source, target: target, sync: sync))
    }

    private func run(_ world: World, _ actions: [Transaction.Action], _ mode: CompletionMode = .grouped) async -> String {
        do throws(BlockJobError) {
            try await world.jobs.run(Transaction(actions, completionMode: mode))
            return "ok"
        } catch {
            return error.message
        }
    }

    /// The words of one job.
    private func words(_ world: World, _ id: String) -> String {
        world.log.words.filter { $0.hasPrefix(id + ":") }.map { String($0.dropFirst(2)) }.joined(separator: " ")
    }

    @Test func `two backups start together and a group ends together`() async throws {
        let world = try await world()
        #expect(await run(world, [backup("a", "s1", "t1"), backup("b", "s2", "t2")]) == "ok")
        #expect(world.log.words.prefix(8).joined(separator: " ") == "a:C b:C a:R a:paused b:R b:paused a:R b:R")
        await world.log.wait(for: "a:N")
        await world.log.wait(for: "b:N")
        #expect(words(world, "a") == "C R paused R W P OK Cc N")
        #expect(words(world, "b") == "C R paused R W P OK Cc N")
        let all = world.log.words
        let lastWaiting = all.lastIndex { $0.hasSuffix(":W") } ?? 0
        #expect(all.firstIndex { $0.hasSuffix(":P") } ?? 0 > lastWaiting, "nobody is pending before all wait")
        #expect(await world.contents("t1") == world.contents("s1"))
        #expect(await world.contents("t2") == world.contents("s2"))
        #expect(await world.nodeNames() == ["s1", "s2", "small", "t1", "t2"])
    }

    @Test(arguments: CompletionMode.allCases)
    func `a job that is cancelled before its transaction is through takes its group with it`(mode: CompletionMode) async throws {
        let world = try await world()
        // The second action waits for this guest's write.
        let guest = try await world.guest(of: "s2")
        await world.with("s2") { $0.hang(next: .write) }
        let write = Task { try await guest.write([1], at: 0) }
        await world.with("s2") { await $0.waitUntilHanging() }
        let transaction = Task { await run(world, [backup("a", "s1", "t1"), backup("b", "s2", "t2")], mode) }
        await world.log.wait(for: "a:C")
        try await world.registry.cancel("a", force: true, via: .job)
        await world.log.wait(for: "a:N")
        #expect(world.log.text == "a:C a:aborting a:Cc a:N")
        await world.with("s2") { $0.release() }
        try await write.value
        let outcome = try await within { await transaction.value }
        switch mode {
        case .grouped:
            #expect(outcome == "The jobs of this transaction have been cancelled")
            #expect(words(world, "b").isEmpty)
        case .individual:
            #expect(outcome == "ok")
            await world.log.wait(for: "b:N")
            #expect(words(world, "b") == "C R paused R W P OK Cc N")
        }
        #expect(await world.nodeNames() == ["s1", "s2", "small", "t1", "t2"])
        #expect(await world.registry.jobs.isEmpty)
    }

    @Test func `a transaction gives up when a source's requests do not end, and leaves nothing behind`() async throws {
        let gate = AsyncStream.makeStream(of: Void.self)
        let world = try World(
            graphDeadlines: GraphDeadlines(sleep: { _ in for await _ in gate.stream { return } }))
        for name in ["s1", "s2", "t1", "t2"] { try await world.disk(name, length: Int64(Self.length)) }
        let guest = try await world.guest(of: "s2")
        await world.with("s2") { $0.hang(next: .write) }
        let write = Task { try await guest.write([1], at: 0) }
        await world.with("s2") { await $0.waitUntilHanging() }
        let transaction = Task { await run(world, [backup("b", "s2", "t2"), backup("a", "s1", "t1")]) }
        gate.continuation.yield()
        let outcome = try await within { await transaction.value }
        #expect(outcome == "Requests to node 's2' have not ended within 30 seconds")
        #expect(world.log.words.isEmpty)
        await world.with("s2") { $0.release() }
        try await write.value
        try await within { try await guest.write([2], at: 0) }
        #expect(await world.nodeNames() == ["s1", "s2", "t1", "t2"])
    }

    @Test func `a refused member undoes the others`() async throws {
        let refusals: [(Transaction.Action, String)] = [
            (backup("b", "s2", "small"), "Source and target image have different sizes"),
            (backup("a", "s2", "t2"), "Job ID 'a' already in use"),
            (backup("b", "s2", "t1"), "Node 't1' is busy: block device is in use by block job: backup"),
            (.abort, "Transaction aborted using Abort action"),
        ]
        for mode in CompletionMode.allCases {
            for (action, message) in refusals {
                let world = try await world()
                #expect(await run(world, [backup("a", "s1", "t1"), action], mode) == message)
                #expect(world.log.text == "a:C a:aborting a:Cc a:N", "\(message)")
                #expect(await world.nodeNames() == ["s1", "s2", "small", "t1", "t2"])
                #expect(await world.contents("t1").allSatisfy { $0 == 0 })
                // Nobody is held back.
                let guest = try await world.guest(of: "s1")
                try await within { try await guest.write([1], at: 0) }
            }
        }
    }

    @Test func `what is refused after it was created comes and goes within the transaction`() async throws {
        let world = try await world()
        #expect(
            await run(world, [backup("a", "s1", "t1"), backup("b", "s2", "t2", speed: -1)], .individual)
                == "Parameter 'speed' expects a non-negative value")
        #expect(world.log.text == "a:C b:C b:N a:aborting a:Cc a:N")
    }

    @Test func `nothing, and abort alone`() async throws {
        let world = try await world()
        #expect(await run(world, []) == "ok")
        #expect(await run(world, [.abort]) == "Transaction aborted using Abort action")
        #expect(await run(world, [.abort, backup("a", "s1", "t1")]) == "Transaction aborted using Abort action")
        #expect(world.log.words.isEmpty)
    }

    @Test(arguments: CompletionMode.allCases)
    func `a member that fails takes its group along, and nobody else`(mode: CompletionMode) async throws {
        let world = try await world()
        await world.with("t2") { $0.fail(.write, errno: 28, times: nil) }
        #expect(await run(world, [backup("a", "s1", "t1", finalize: false), backup("b", "s2", "t2")], mode) == "ok")
        await world.log.wait(for: "b:N")
        #expect(
            words(world, "b") == "C R paused R ERROR{write,report} aborting OK{No space left on device} Cc N")
        if mode == .grouped {
            await world.log.wait(for: "a:N")
            #expect(words(world, "a").hasSuffix("aborting CAN Cc N"))
        } else {
            await world.log.wait(for: "a:PENDING")
            try await world.registry.finalize("a", via: .job)
            #expect(words(world, "a") == "C R paused R W P PENDING OK Cc N")
        }
        #expect(await world.nodeNames() == ["s1", "s2", "small", "t1", "t2"])
    }

    @Test func `cancelling one of a group cancels all`() async throws {
        let world = try await world()
        #expect(await run(world, [backup("a", "s1", "t1", sync: .none), backup("b", "s2", "t2", sync: .none)]) == "ok")
        try await within { while await world.registry.blockJobs.contains(where: \.busy) { await Task.yield() } }
        try await world.registry.cancel("a", force: true, via: .job)
        await world.log.wait(for: "a:N")
        await world.log.wait(for: "b:N")
        #expect(words(world, "a").hasSuffix("aborting CAN Cc N"))
        #expect(words(world, "b").hasSuffix("aborting CAN Cc N"))
        #expect(await world.nodeNames() == ["s1", "s2", "small", "t1", "t2"])
    }

    @Test func `finalize of either finishes both`() async throws {
        let world = try await world()
        #expect(await run(world, [backup("a", "s1", "t1"), backup("b", "s2", "t2", finalize: false)]) == "ok")
        await world.log.wait(for: "b:PENDING")
        await world.log.wait(for: "a:P")
        try await world.registry.finalize("a", via: .job)
        #expect(words(world, "a").hasSuffix("P OK Cc N"))
        #expect(words(world, "b").hasSuffix("P PENDING OK Cc N"))
    }

    @Test func `a guest's write waits until the whole transaction has its point in time`() async throws {
        let world = try await world()
        let before = await world.contents("s1")
        let guest = try await world.guest(of: "s1")
        // The second source takes its time to be drained: its guest's write hangs.
        let slow = try await world.guest(of: "s2")
        await world.with("s2") { $0.hang(next: .write) }
        let hanging = Task { try await slow.write([9], at: 0) }
        await world.with("s2") { await $0.waitUntilHanging() }
        let start = Task { await run(world, [backup("a", "s1", "t1"), backup("b", "s2", "t2")]) }
        await world.log.wait(for: "a:C")
        let write = Task {
            try await guest.write([UInt8](repeating: 0xEE, count: Self.length), at: 0)
            world.log.note("written")
        }
        await world.with("s2") { $0.release() }
        #expect(await start.value == "ok")
        try await hanging.value
        try await write.value
        await world.log.wait(for: "a:N")
        let words = world.log.words
        #expect(words.firstIndex(of: "written") ?? 0 > words.firstIndex(of: "b:C") ?? 0)
        #expect(await world.contents("t1") == before)
        #expect(await world.contents("t2").first == 9, "the write that was in flight is in the backup")
    }
}
