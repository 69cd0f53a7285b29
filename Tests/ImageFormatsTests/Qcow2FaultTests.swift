import ImageFormats
import Storage
import TestSupport
import Testing

/// Requests that fail now and then, on an image that goes on being used.
private final class FaultRun {
    let test: TestImage
    private var chance: SeededGenerator
    private var latest: [UInt32]
    private(set) var log: [String] = []
    private(set) var failures = 0

    init(_ test: TestImage, seed: UInt64) {
        self.test = test
        chance = SeededGenerator(seed: seed)
        latest = [UInt32](repeating: 0, count: test.setup.length / 512)
    }

    /// - Returns: what is wrong after it.
    func apply(_ change: DiskChange) async throws -> String? {
        let operations: [StorageOperation?] = [nil, .read, .write, .writeZeroes, .flush]
        let operation = operations.randomElement(using: &chance) ?? nil
        if Int.random(in: 0..<3, using: &chance) == 0 {
            let errno: Int32 = Bool.random(using: &chance) ? 5 : 28
            let storage = Bool.random(using: &chance) ? test.file : test.data ?? test.file
            storage.fail(
                operation, errno: errno, skipping: Int.random(in: 0..<6, using: &chance), times: Int.random(in: 1...2, using: &chance))
            log.append("fault: \(operation?.rawValue ?? "any") \(errno)")
        }
        log.append("\(change)")
        do {
            try await perform(change)
        } catch {
            log.append("\(error)")
            failures += 1
        }
        test.file.heal()
        test.data?.heal()
        return try await compare(after: change)
    }

    private func perform(_ change: DiskChange) async throws {
        func offset(_ sectors: Range<Int>) -> GuestOffset { GuestOffset(Int64(sectors.lowerBound) * 512) }
        switch change {
        case .write(let tag, let sectors):
            try await test.image.write(at: offset(sectors), array: SectorModel.bytes(tag, sectors))
        case .compressed(let tag, let sectors):
            try await test.image.writeCompressed(at: offset(sectors), array: SectorModel.bytes(tag, sectors))
        case .zero(let sectors, let mayUnmap):
            try await test.image.writeZeroes(at: offset(sectors), count: Int64(sectors.count * 512), flags: mayUnmap ? .mayUnmap : [])
        case .discard(let sectors):
            try await test.image.discard(at: offset(sectors), count: Int64(sectors.count * 512))
        case .flush:
            try await test.image.flush()
        }
    }

    /// Each sector holds what it held, or what the change put there.
    private func compare(after change: DiskChange) async throws -> String? {
        let (tag, sectors): (UInt32, Range<Int>) =
            switch change {
            case .write(let tag, let sectors), .compressed(let tag, let sectors): (tag, sectors)
            case .zero(let sectors, _), .discard(let sectors): (0, sectors)
            case .flush: (0, 0..<0)
            }
        let found = SectorModel.tags(try await test.image.bytes(at: 0, count: test.setup.length))
        for (sector, holds) in found.enumerated() {
            guard let holds else { return "sector \(sector) holds what nobody wrote" }
            guard holds == latest[sector] || (sectors.contains(sector) && holds == tag) else {
                return "sector \(sector) holds \(holds) instead of \(latest[sector])"
            }
            latest[sector] = holds
        }
        return nil
    }
}

@Suite struct `qcow2 images on a storage that fails` {
    @Test(arguments: Effort.chosen(`qcow2 images after a crash`.setups.filter { $0.backingLength == nil }))
    func `stay consistent, keep what they held, and go on`(setup: ImageSetup) async throws {
        let template = try await setup.make()
        var failures = 0
        for seed in Effort.seeds.lowerBound..<Effort.seeds.lowerBound + UInt64(Effort.seeds.count * 3) {
            let run = FaultRun(try await TestImage(setup, template, seed: seed), seed: seed)
            for change in DiskChange.sequence(setup, seed: seed, count: 40) {
                if let complaint = try await run.apply(change) {
                    Issue.record("\(complaint): seed \(seed)\n\(run.log.joined(separator: "\n"))")
                    return
                }
            }
            try await run.test.image.finishWriting()
            let verdict = RefcountOracle(run.test.file.contents).judge()
            #expect(verdict == .clean, "seed \(seed)\n\(run.log.joined(separator: "\n"))")
            failures += run.failures
        }
        #expect(failures > 0)
    }
}
