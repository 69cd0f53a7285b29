import BlockGraph
import Storage
import TestSupport

/// One writer among several of a guest: one request after the other, by its seed, each told to the model.
struct StormGuest: Sendable {
    let user: NodeUser
    let model: StormModel
    let ledger: StormLedger
    /// Whether a request may fail.
    let mayFail: Bool
    let discards: Bool
    /// The sectors that it uses, the last ones of the disk.
    let window: Range<Int>

    /// Sends requests while `pace` lets it.
    func run(seed: UInt64, pace: StormPace) async {
        var generator = SeededGenerator(seed: seed)
        while await pace.goOn() { await request(&generator) }
    }

    private func request(_ generator: inout SeededGenerator) async {
        // Half of the requests lie about the borders of 64 KiB, where two copies meet.
        let isAtBorder = Bool.random(using: &generator)
        let count = isAtBorder ? Int.random(in: 2...16, using: &generator) : Int.random(in: 1...96, using: &generator)
        let border = Int.random(in: window.lowerBound / 128 + 1..<window.upperBound / 128, using: &generator) * 128
        let start = isAtBorder ? border - count / 2 : Int.random(in: window.lowerBound...window.upperBound - count, using: &generator)
        let range = start..<start + count
        let (offset, length) = (Int64(start * StormModel.sector), Int64(count * StormModel.sector))
        switch Int.random(in: 0..<10, using: &generator) {
        case 6: await change(range, tag: 0) { () async throws(BlockError) in try await user.zero(at: offset, count: length) }
        case 7 where discards:
            await change(range, tag: 0, isSure: false) { () async throws(BlockError) in try await user.discard(at: offset, count: length) }
        case 8, 9: await read(range)
        default:
            let tag = model.newTag()
            let bytes = StormModel.bytes([UInt64](repeating: tag, count: count))
            await change(range, tag: tag) { () async throws(BlockError) in try await user.write(bytes, at: offset) }
        }
    }

    /// A request that fails leaves its sectors either way, for ever.
    private func change(_ range: Range<Int>, tag: UInt64, isSure: Bool = true, _ body: () async throws(BlockError) -> Void) async {
        let start = model.begin(range, tag: tag, isSure: isSure)
        do throws(BlockError) {
            try await body()
            model.end(range, begunAt: start)
        } catch {
            failed(error)
        }
    }

    private func read(_ range: Range<Int>) async {
        let start = model.moment()
        do throws(BlockError) {
            let bytes = try await user.read(at: Int64(range.lowerBound * StormModel.sector), count: range.count * StormModel.sector)
            guard let wrong = model.firstWrong(in: bytes, from: range.lowerBound, at: start...model.moment()) else { return }
            ledger.find("a guest reads: \(wrong)")
        } catch {
            failed(error)
        }
    }

    private func failed(_ error: BlockError) {
        if !mayFail { ledger.find("a guest's request fails: \(error)") }
    }
}

/// When guests go on. Loop-bound in effect: all of a storm is on one thread.
final class StormPace: Sendable {
    private struct State {
        var isOver = false
        var isResting = false
        var resting: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Guarded(State())

    /// Waits while guests rest.
    /// - Returns: false when the storm is over.
    func goOn() async -> Bool {
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                if !state.isResting || state.isOver { return true }
                state.resting.append(continuation)
                return false
            }
            if goesOn { continuation.resume() }
        }
        return !state.withLock { $0.isOver }
    }

    func rest() { state.withLock { $0.isResting = true } }

    func wake() {
        let woken = state.withLock { state in
            state.isResting = false
            defer { state.resting = [] }
            return state.resting
        }
        for continuation in woken { continuation.resume() }
    }

    func end() {
        state.withLock { $0.isOver = true }
        wake()
    }
}
