import Glibc
import ImageFormats
import Storage
import TestSupport
import Testing

/// Every write of a sequence, and after each every loss: nothing, all, each single write, each suffix, and 64 random subsets with tears.
/// `QCOW2_CRASH_SEEDS` says for how many sequences; under a sanitizer fewer points and losses are tried.
@Suite struct `qcow2 images after a crash` {
    static let setups: [ImageSetup] = [
        ImageSetup(options: "cluster_size=512", length: 40 << 10, clusterSize: 512, l2CacheSize: 1024),
        ImageSetup(options: "cluster_size=512,refcount_bits=64", length: 40 << 10, clusterSize: 512, passesDiscards: true),
        ImageSetup(options: "cluster_size=512,refcount_bits=1", length: 40 << 10, clusterSize: 512),
        ImageSetup(options: "cluster_size=1k", length: 60 << 10, clusterSize: 1024, backingLength: 40 << 10, passesDiscards: true),
        ImageSetup(options: "cluster_size=1k,compat=0.10", length: 60 << 10, clusterSize: 1024, hasZeroBit: false),
        ImageSetup(options: "cluster_size=4k", length: 60 << 10, clusterSize: 4096, discardNoUnref: true, passesDiscards: true),
        ImageSetup(options: "cluster_size=16k,extended_l2=on", length: 128 << 10, clusterSize: 16384, backingLength: 96 << 10),
        ImageSetup(options: "cluster_size=16k,extended_l2=on,preallocation=metadata", length: 128 << 10, clusterSize: 16384),
        ImageSetup(options: "cluster_size=1k,lazy_refcounts=on", length: 60 << 10, clusterSize: 1024),
        ImageSetup(options: "cluster_size=1k,data_file=d", length: 60 << 10, clusterSize: 1024, passesDiscards: true),
        ImageSetup(options: "cluster_size=1k,data_file=d,data_file_raw=on", length: 60 << 10, clusterSize: 1024, passesDiscards: true),
    ]

    /// Tags of the backing file's sectors, which no write uses.
    private static let backingTag: UInt32 = 1 << 20

    static func template(_ setup: ImageSetup) async throws -> (ImageTemplate, SectorModel) {
        let made = try await setup.make()
        let shown = min(setup.length, setup.backingLength ?? 0) / 512
        let backing = made.backing == nil ? nil : SectorModel.bytes(backingTag, 0..<(setup.backingLength ?? 0) / 512)
        let tags = [UInt32](repeating: backingTag, count: shown) + [UInt32](repeating: 0, count: setup.length / 512 - shown)
        return (ImageTemplate(file: made.file, data: made.data, backing: backing), SectorModel(tags))
    }

    @Test(arguments: Effort.chosen(setups))
    func `are not corrupt and hold what was flushed, wherever it comes and whatever it takes`(setup: ImageSetup) async throws {
        let (template, model) = try await Self.template(setup)
        let every = Effort.count("QCOW2_CRASH_EVERY", Sanitized.isOn ? 9 : 1)
        let subsets = Effort.count("QCOW2_CRASH_SUBSETS", Sanitized.isOn ? 4 : 64)
        let losses = Effort.count("QCOW2_CRASH_STRIDE", Sanitized.isOn ? 13 : 1)
        var judged = 0
        for seed in 1...UInt64(Effort.count("QCOW2_CRASH_SEEDS", 1)) {
            let changes = DiskChange.sequence(setup, seed: seed, count: 30)
            let rehearsal = CrashRun(try await TestImage(setup, template, seed: seed), model)
            #expect(await rehearsal.apply(changes), "seed \(seed): \(rehearsal.log)")
            let total = rehearsal.test.changeCount
            for last in stride(from: 1 + Int(seed) % every, through: total, by: every) {
                let run = CrashRun(try await TestImage(setup, template, seed: seed), model)
                run.test.die(after: last)
                _ = await run.apply(changes)
                guard let count = try await run.judgeLosses(subsets: subsets, stride: losses, "seed \(seed), change \(last)") else {
                    return
                }
                judged += count
            }
        }
        #expect(judged > 0)
        if every == 1 && getenv("QCOW2_CRASH_SEEDS") != nil { print("crash states judged: \(judged) for \(setup.testDescription)") }
    }
}

/// Several requests in progress when the machine dies.
private actor ConcurrentCrash {
    private let run: CrashRun

    init(_ setup: ImageSetup, _ template: ImageTemplate, _ model: SectorModel, seed: UInt64, dyingAfter changes: Int) async throws {
        let test = try await TestImage(setup, template, seed: seed)
        let data = test.data.map { YieldingStorage($0, seed: seed &+ 1) }
        test.image = try await TestImage.open(setup, YieldingStorage(test.file, seed: seed), data, test.backing)
        test.die(after: changes)
        run = CrashRun(test, model)
    }

    /// Carries out changes side by side, then flushes alone.
    /// - Returns: whether the machine still lives.
    func round(_ changes: [DiskChange]) async -> Bool {
        for change in changes { run.begin(change) }
        await withTaskGroup(of: Void.self) { group in
            for change in changes { group.addTask { await self.attempt(change) } }
        }
        do {
            try await run.settleAndFlush()
            return true
        } catch {
            return false
        }
    }

    private func attempt(_ change: DiskChange) async {
        do {
            try await run.perform(change)
        } catch {
            // The machine has died: the others end in the same way.
            return
        }
    }

    func judge(_ context: String) async throws -> Int? {
        try await run.judgeLosses(
            subsets: Effort.count("QCOW2_CRASH_SUBSETS", Sanitized.isOn ? 4 : 64),
            stride: Effort.count("QCOW2_CRASH_STRIDE", Sanitized.isOn ? 3 : 1), context)
    }
}

extension `qcow2 images after a crash` {
    @Test(arguments: Effort.chosen(setups.filter { !$0.isLazy }))
    func `are not corrupt when many requests were in progress`(setup: ImageSetup) async throws {
        let (template, model) = try await Self.template(setup)
        for seed in 1...UInt64(Effort.count("QCOW2_CRASH_SEEDS", 6)) {
            var chance = SeededGenerator(seed: seed)
            let crash = try await ConcurrentCrash(setup, template, model, seed: seed, dyingAfter: Int.random(in: 1...150, using: &chance))
            var tag: UInt32 = 0
            var rounds = 0
            while rounds < 30 {
                let changes = DiskChange.sequence(setup, seed: seed &* 100 &+ UInt64(rounds), count: 6).map { change -> DiskChange in
                    tag += 1
                    return change.tagged(tag)
                }
                guard await crash.round(changes) else { break }
                rounds += 1
            }
            guard try await crash.judge("seed \(seed), round \(rounds)") != nil else { return }
        }
    }
}

extension TestImage {
    /// Changes of both storages so far.
    var changeCount: Int {
        [file, data].compactMap { $0 }.map { $0.log.count { $0.operation != .read && $0.operation != .extent } }.max() ?? 0
    }

    /// Both storages fail from so many changes of their own on.
    func die(after changes: Int) {
        file.changesUntilDeath = changes
        data?.changesUntilDeath = changes
    }
}
