import ImageFormats
import Storage
import TestSupport
import Testing

/// One change of a virtual disk, in sectors.
enum DiskChange: Sendable {
    case write(UInt32, Range<Int>)
    case compressed(UInt32, Range<Int>)
    case zero(Range<Int>, mayUnmap: Bool)
    case discard(Range<Int>)
    case flush

    /// Random changes, of which some are flushes.
    static func sequence(_ setup: ImageSetup, seed: UInt64, count: Int) -> [DiskChange] {
        var chance = SeededGenerator(seed: seed)
        return (1...count).map { number in
            let tag = UInt32(number)
            switch Int.random(in: 0..<14, using: &chance) {
            case 0..<6: return .write(tag, range(setup, &chance, isWhole: false))
            case 6, 7: return .zero(range(setup, &chance, isWhole: false), mayUnmap: Bool.random(using: &chance))
            case 8, 9: return .discard(range(setup, &chance, isWhole: true))
            case 10, 11:
                let whole = range(setup, &chance, isWhole: true)
                return setup.hasDataFile ? .write(tag, whole) : .compressed(tag, whole)
            default: return .flush
            }
        }
    }

    private static func range(_ setup: ImageSetup, _ chance: inout SeededGenerator, isWhole: Bool) -> Range<Int> {
        let total = setup.length / 512
        let cluster = setup.clusterSize / 512
        // Few clusters, so that they meet often.
        let start = Int.random(in: 0..<total, using: &chance) / (isWhole ? cluster : 1) * (isWhole ? cluster : 1)
        let longest = max(2 * cluster, 16)
        let count = isWhole ? cluster * Int.random(in: 1...longest / cluster, using: &chance) : Int.random(in: 1...longest, using: &chance)
        return start..<min(total, start + count)
    }
}

/// A sequence of changes up to the machine's death, and what may be left.
final class CrashRun {
    let test: TestImage
    private(set) var model: SectorModel
    private(set) var log: [String] = []

    init(_ test: TestImage, _ model: SectorModel) {
        self.test = test
        self.model = model
    }

    /// Applies changes until one fails.
    /// - Returns: whether all worked.
    func apply(_ changes: [DiskChange]) async -> Bool {
        for change in changes {
            log.append("\(change)")
            begin(change)
            do {
                try await perform(change)
                if case .flush = change { model.flush() }
            } catch {
                log.append("\(error)")
                return false
            }
        }
        return true
    }

    /// From now on a crash may leave what the change writes.
    func begin(_ change: DiskChange) {
        switch change {
        case .write(let tag, let sectors), .compressed(let tag, let sectors): model.write(tag, sectors)
        case .zero(let sectors, _): model.write(0, sectors)
        case .discard(let sectors): if test.setup.hasZeroBit || test.setup.backingLength == nil { model.write(0, sectors) }
        case .flush: break
        }
    }

    /// With nothing in progress: what is shown now is what a flush makes durable.
    func settleAndFlush() async throws {
        let shown = SectorModel.tags(try await test.image.bytes(at: 0, count: test.setup.length))
        try await test.image.flush()
        model.settle(shown.map { $0 ?? .max })
        model.flush()
    }

    func perform(_ change: DiskChange) async throws {
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

    private func offset(_ sectors: Range<Int>) -> GuestOffset { GuestOffset(Int64(sectors.lowerBound) * 512) }

    /// Dies here, once for each way to lose what was not flushed, and judges what comes back.
    /// - Parameter stride: judges only every so many of the ways.
    /// - Returns: how many were judged; nil after a failure.
    func judgeLosses(subsets: Int, stride step: Int, _ context: String) async throws -> Int? {
        let losses = test.file.losses(subsets: subsets)
        let dataLosses = test.data?.losses(subsets: subsets)
        let count = max(losses.count, dataLosses?.count ?? 0)
        var judged = 0
        for index in Swift.stride(from: 0, to: count, by: step) {
            let loss = losses[index % losses.count]
            let file = test.file.survivor(loss)
            let data = test.data.flatMap { data in dataLosses.map { data.survivor($0[index * 7 % $0.count]) } }
            if let complaint = try await judge(file, data) {
                Issue.record("\(complaint), \(loss), \(context): \(log.joined(separator: "\n"))")
                return nil
            }
            judged += 1
        }
        return judged
    }

    /// - Returns: what is wrong with what came back.
    private func judge(_ file: SimulatedStorage, _ data: SimulatedStorage?) async throws -> String? {
        var contents = file.contents
        let isDirty = test.setup.isLazy && contents[79] & 1 != 0
        if isDirty { contents = try await repaired(contents) }
        if case .corrupt(let what) = RefcountOracle(contents).judge() { return what }
        // What was asked for reading must not need a repair.
        let image = try await Qcow2Image.open(
            file: SimulatedStorage(seed: 1, contents: contents), options: Qcow2OpenOptions(purpose: .reading), offload: DispatchOffload())
        image.dataFile = data
        image.backing = test.backing
        let found = SectorModel.tags(try await image.bytes(at: 0, count: test.setup.length))
        for (sector, tag) in found.enumerated() {
            guard let tag else { return "sector \(sector) holds what nobody wrote" }
            guard model.allows(tag, in: sector) else { return "sector \(sector) holds \(tag): \(model.describes(sector))" }
        }
        return nil
    }

    private func repaired(_ file: [UInt8]) async throws -> [UInt8] {
        try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.put("i", file)
            try tools.run("qemu-img", ["check", "-q", "-f", "qcow2", "-r", "all", "i"], allowed: [0, 3])
            return try tools.bytes("i")
        }
    }
}
