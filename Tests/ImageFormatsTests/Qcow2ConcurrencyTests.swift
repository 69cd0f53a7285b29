import ImageFormats
import Storage
import TestSupport
import Testing

/// Many requests on one image at once, on one loop.
private actor ConcurrentImage {
    let test: TestImage
    var model: SectorModel

    init(_ setup: ImageSetup, _ template: ImageTemplate, seed: UInt64) async throws {
        test = try await TestImage(setup, template, seed: seed)
        model = SectorModel([UInt32](repeating: 0, count: setup.length / 512))
        let file = YieldingStorage(test.file, seed: seed)
        let data = test.data.map { YieldingStorage($0, seed: seed &+ 1) }
        test.image = try await TestImage.open(setup, file, data, nil)
    }

    func perform(_ change: DiskChange) async throws {
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

    /// Compares with what one or another order of the changes leaves.
    /// - Returns: what is wrong.
    func settle(after changes: [DiskChange]) async throws -> String? {
        var possible: [Int: Set<UInt32>] = [:]
        for change in changes {
            switch change {
            case .write(let tag, let sectors), .compressed(let tag, let sectors):
                for sector in sectors { possible[sector, default: []].insert(tag) }
            case .zero(let sectors, _), .discard(let sectors):
                for sector in sectors { possible[sector, default: []].insert(0) }
            case .flush: break
            }
        }
        let found = SectorModel.tags(try await test.image.bytes(at: 0, count: test.setup.length))
        for (sector, tag) in found.enumerated() {
            guard let tag else { return "sector \(sector) holds what nobody wrote" }
            let allowed = possible[sector] ?? [model.latest[sector]]
            guard allowed.contains(tag) else { return "sector \(sector) holds \(tag) instead of \(allowed)" }
        }
        model.settle(found.map { $0 ?? 0 })
        return nil
    }

    func finish() async throws -> (String?, RefcountOracle.Verdict) {
        try await test.image.finishWriting()
        return (try await test.judge(converting: false).complaint, RefcountOracle(test.file.contents).judge())
    }
}

@Suite struct `qcow2 images under many requests at once` {
    @Test(arguments: Effort.chosen(ImageSetup.all.filter { $0.backingLength == nil && $0.length < 2 << 20 }))
    func `end as if one had come after the other`(setup: ImageSetup) async throws {
        let setup = ImageSetup(
            options: setup.options, length: setup.length / 512 * 512, clusterSize: setup.clusterSize, hasZeroBit: setup.hasZeroBit,
            l2CacheSize: setup.l2CacheSize, discardNoUnref: setup.discardNoUnref, passesDiscards: setup.passesDiscards)
        let template = try await setup.make()
        for seed in Effort.seeds {
            let image = try await ConcurrentImage(setup, template, seed: seed)
            var tag: UInt64 = 0
            for round in 0..<10 {
                let changes = DiskChange.sequence(setup, seed: seed &* 100 &+ UInt64(round), count: 8).map { change -> DiskChange in
                    tag += 1
                    return change.tagged(UInt32(tag))
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for change in changes { group.addTask { try await image.perform(change) } }
                    try await group.waitForAll()
                }
                if let complaint = try await image.settle(after: changes) {
                    Issue.record("\(complaint): seed \(seed), round \(round): \(changes)")
                    return
                }
            }
            let (complaint, verdict) = try await image.finish()
            #expect(complaint == nil && verdict == .clean, "seed \(seed): \(complaint ?? "") \(verdict)")
        }
    }
}

extension DiskChange {
    /// The same with another tag.
    func tagged(_ tag: UInt32) -> DiskChange {
        switch self {
        case .write(_, let sectors): .write(tag, sectors)
        case .compressed(_, let sectors): .compressed(tag, sectors)
        default: self
        }
    }
}
