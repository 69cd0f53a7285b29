import BlockGraph
import IOLoop
import Jobs
import Storage
import TestSupport
import Testing

@testable import BlockJobs

/// What a guest does to a disk, kept in step with a model of it.
struct RandomGuest {
    let user: NodeUser
    var model: [UInt8]
    var generator: SeededGenerator

    /// One write, zeroing or discard of random place and length, crossing clusters as it comes.
    mutating func act() async throws {
        let longest = Int.random(in: 0..<8, using: &generator) > 0 ? 5_000 : 200_000
        let offset = Int.random(in: 0..<model.count, using: &generator)
        let count = min(model.count - offset, Int.random(in: 1...longest, using: &generator))
        if Int.random(in: 0..<4, using: &generator) == 0 {
            try await user.zero(at: Int64(offset), count: Int64(count))
            model.replaceSubrange(offset..<offset + count, with: repeatElement(0, count: count))
        } else {
            let value = UInt8.random(in: 1...255, using: &generator)
            let bytes = [UInt8](repeating: value, count: count)
            try await user.write(bytes, at: Int64(offset))
            model.replaceSubrange(offset..<offset + count, with: bytes)
        }
    }
}

@Suite(.serialized) struct PointInTimeTests {
    @Test(arguments: Sanitized.seeds(1...12))
    func `a backup is the source as it was, whatever a writer does meanwhile`(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let length = Int.random(in: 1...3 << 19, using: &generator) & ~511
        let world = try World(threads: seed % 2 == 0 ? 2 : 1)
        let before = patchwork(length, seed: seed)
        try await world.disk("src", contents: before, seed: seed)
        try await world.disk("dst", contents: patchwork(length, seed: seed + 100), seed: seed)
        let user = try await world.guest(of: "src")
        let sync: SyncMode = .full
        try await world.jobs.startBackup(
            BackupOptions(job: BlockJobOptions(id: "b", speed: 2 << 20), device: "src", target: "dst", sync: sync))
        let log = world.log
        let guest = try await within {
            var guest = RandomGuest(user: user, model: before, generator: SeededGenerator(seed: seed))
            var acts = 0
            // As long as the backup runs, and a good number of times.
            while acts < Sanitized.times(250) || !log.words.contains("b:N") {
                try await guest.act()
                acts += 1
                if acts == Sanitized.times(100) { try? await world.registry.setSpeed("b", 0) }
            }
            return guest
        }
        #expect(log.text == "b:C b:R b:paused b:R b:W b:P b:OK b:Cc b:N", "seed \(seed)")
        #expect(await world.contents("dst") == before, "seed \(seed)")
        #expect(await world.contents("src") == guest.model, "seed \(seed)")
        #expect(await world.nodeNames() == ["dst", "src"])
    }

    @Test(arguments: Sanitized.seeds(1...6))
    func `sync none saves what is overwritten, and only that`(seed: UInt64) async throws {
        let length = 2 << 20
        let world = try World()
        let before = [UInt8](repeating: 0xAA, count: length)
        try await world.disk("src", contents: before, seed: seed)
        try await world.disk("dst", length: Int64(length), seed: seed)
        let user = try await world.guest(of: "src")
        try await world.jobs.startBackup(BackupOptions(job: BlockJobOptions(id: "b"), device: "src", target: "dst", sync: .none))
        let written = try await within {
            var guest = RandomGuest(user: user, model: before, generator: SeededGenerator(seed: seed))
            for _ in 0..<10 { try await guest.act() }
            return guest.model
        }
        let copied = await world.info("b")?.currentProgress ?? -1
        try await world.registry.cancel("b", force: true, via: .job)
        let saved = await world.contents("dst")
        var clusters = 0
        for cluster in 0..<length / 65536 {
            let range = cluster * 65536..<(cluster + 1) * 65536
            let isTouched = written[range] != before[range]
            let isSaved = saved[range] == before[range]
            #expect(isSaved || !isTouched, "seed \(seed) cluster \(cluster)")
            #expect(isSaved || saved[range].allSatisfy { $0 == 0 }, "seed \(seed) cluster \(cluster)")
            if isSaved { clusters += 1 }
        }
        #expect(copied == Int64(clusters * 65536), "progress counts what guests' writes saved")
        #expect(await world.contents("src") == written)
    }

    @Test func `several writers at once keep the point in time`() async throws {
        let length = 2 << 20
        let world = try World()
        let before = patchwork(length, seed: 99)
        try await world.disk("src", contents: before)
        try await world.disk("dst", length: Int64(length))
        let user = try await world.guest(of: "src")
        try await world.jobs.startBackup(BackupOptions(job: BlockJobOptions(id: "b"), device: "src", target: "dst", sync: .full))
        try await within {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<6 as Range<UInt64> {
                    group.addTask {
                        var generator = SeededGenerator(seed: writer)
                        for _ in 0..<Sanitized.times(150) {
                            let offset = Int.random(in: 0..<length - 4096, using: &generator)
                            try await user.write([UInt8](repeating: UInt8(writer + 1), count: 4096), at: Int64(offset))
                        }
                    }
                }
                try await group.waitForAll()
            }
            await world.log.wait(for: "b:N")
        }
        #expect(await world.contents("dst") == before)
    }
}
