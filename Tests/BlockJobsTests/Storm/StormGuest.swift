import BlockGraph
import Storage
import TestSupport

/// One writer among several of a guest: one request after the other, by its seed, each told to the model.
struct StormGuest: Sendable {
    let user: NodeUser
    let model: StormModel
    let sectors: Int
    let findings: Guarded<[String]>

    /// Sends requests until `isOver`, `quota` at most.
    func run(seed: UInt64, quota: Int, isOver: Guarded<Bool>) async {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<quota {
            if isOver.withLock({ $0 }) { return }
            await request(&generator)
        }
    }

    private func request(_ generator: inout SeededGenerator) async {
        // Half of the requests lie about the borders of 64 KiB, where two copies meet.
        let isAtBorder = Bool.random(using: &generator)
        let count = isAtBorder ? Int.random(in: 2...16, using: &generator) : Int.random(in: 1...96, using: &generator)
        let border = Int.random(in: 1..<sectors / 128, using: &generator) * 128
        let start = isAtBorder ? border - count / 2 : Int.random(in: 0...sectors - count, using: &generator)
        let range = start..<start + count
        switch Int.random(in: 0..<10, using: &generator) {
        case 0..<6:
            let tag = model.newTag()
            await change(range, tag: tag) {
                try await user.write(StormModel.bytes([UInt64](repeating: tag, count: count)), at: Int64(start * StormModel.sector))
            }
        case 6:
            await change(range, tag: 0) {
                try await user.zero(at: Int64(start * StormModel.sector), count: Int64(count * StormModel.sector))
            }
        case 7:
            await change(range, tag: 0, isSure: false) {
                try await user.discard(at: Int64(start * StormModel.sector), count: Int64(count * StormModel.sector))
            }
        default: await read(range)
        }
    }

    /// A request that fails leaves its sectors either way, for ever.
    private func change(_ range: Range<Int>, tag: UInt64, isSure: Bool = true, _ body: () async throws -> Void) async {
        let start = model.begin(range, tag: tag, isSure: isSure)
        do {
            try await body()
            model.end(range, begunAt: start)
        } catch {}
    }

    private func read(_ range: Range<Int>) async {
        let start = model.moment()
        let bytes: [UInt8]
        do {
            bytes = try await user.read(at: Int64(range.lowerBound * StormModel.sector), count: range.count * StormModel.sector)
        } catch { return }
        guard let wrong = model.firstWrong(in: bytes, from: range.lowerBound, at: start...model.moment()) else { return }
        findings.withLock { $0.append("a guest reads: \(wrong)") }
    }
}
