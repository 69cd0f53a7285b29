import TestSupport
import Testing

@testable import Jobs

/// The limiter's promise: any window of 250 ms within 10 % of the limit, or one chunk, whichever is larger.
@Suite struct RateLimiterTests {
    struct Move: Sendable, Equatable {
        let time: UInt64
        let bytes: Int
    }

    static let speeds: [Int64] = [
        1, 100, 4096, 65536, 300_000, 1 << 20, 4 << 20, 10_000_000, 77_777_777, 200 << 20, 1 << 30, 12 << 30,
    ]

    /// Checks every window that begins at a move (the fullest ones) or right after it (the emptiest).
    static func expectEven(_ moves: [Move], speed: Int64, checksEmptiest: Bool = true, _ comment: String = "") {
        let share = Double(speed) / 4
        let chunk = moves.map(\.bytes).max() ?? 0
        let tolerance = max(share / 10, Double(chunk))
        var end = 0
        var sum = 0
        for (index, move) in moves.enumerated() {
            while end < moves.count, moves[end].time < move.time + RateLimiter.window {
                sum += moves[end].bytes
                end += 1
            }
            #expect(Double(sum) <= share + tolerance, "\(sum) bytes in a window at speed \(speed) \(comment)")
            let isWhole = end < moves.count
            if checksEmptiest, isWhole {
                let rest = moves[end].time == move.time + RateLimiter.window ? moves[end].bytes : 0
                #expect(
                    Double(sum - move.bytes + rest) >= share - tolerance,
                    "\(sum - move.bytes) bytes in a window at speed \(speed) \(comment)")
            }
            sum -= moves[index].bytes
        }
    }

    /// A disk that is infinitely fast asks as soon as it may, plus a lateness.
    static func simulate(speed: Int64, chunk: Int, seconds: UInt64, lateness: () -> UInt64 = { 0 }) -> [Move] {
        var limiter = RateLimiter(speed: speed)
        var now: UInt64 = 1_000_000_000
        let end = now + seconds * 1_000_000_000
        var moves: [Move] = []
        while now < end, moves.count < 200_000 {
            switch limiter.admit(chunk, now: now) {
            case .admitted: moves.append(Move(time: now, bytes: chunk))
            case .wait(let until): now = until + lateness()
            }
        }
        return moves
    }

    @Test(arguments: speeds, [1, 4096, 65536, 1 << 20]) func `every window is even`(speed: Int64, granularity: Int) {
        let chunk = RateLimiter.preferredChunk(speed: speed, granularity: granularity, maximum: 1 << 20)
        Self.expectEven(Self.simulate(speed: speed, chunk: chunk, seconds: 5), speed: speed)
    }

    @Test(arguments: speeds) func `timers that are late make no burst`(speed: Int64) {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let chunk = RateLimiter.preferredChunk(speed: speed, granularity: 4096, maximum: 1 << 20)
        let moves = Self.simulate(speed: speed, chunk: chunk, seconds: 5) { UInt64.random(in: 0..<20_000_000, using: &random) }
        Self.expectEven(moves, speed: speed, checksEmptiest: false, "seed \(seed)")
    }

    @Test func `small lateness costs no throughput`() {
        let speed: Int64 = 64 << 20
        let chunk = RateLimiter.preferredChunk(speed: speed, granularity: 65536, maximum: 1 << 20)
        let moves = Self.simulate(speed: speed, chunk: chunk, seconds: 10) { 2_000_000 }
        let total = moves.reduce(0) { $0 + $1.bytes }
        #expect(Double(total) >= 0.99 * 10 * Double(speed))
    }

    @Test func `chunks shrink with the speed and stay whole granules`() {
        #expect(RateLimiter.preferredChunk(speed: 0, granularity: 65536, maximum: 1 << 20) == 1 << 20)
        #expect(RateLimiter.preferredChunk(speed: 1, granularity: 65536, maximum: 1 << 20) == 65536)
        #expect(RateLimiter.preferredChunk(speed: 1 << 40, granularity: 65536, maximum: 1 << 20) == 1 << 20)
        #expect(RateLimiter.preferredChunk(speed: 80 * 200_000, granularity: 65536, maximum: 1 << 20) == 3 * 65536)
        #expect(RateLimiter.preferredChunk(speed: .max, granularity: 3, maximum: 8) == 6)
        var last = 0
        for exponent in 0..<62 {
            let chunk = RateLimiter.preferredChunk(speed: 1 << exponent, granularity: 4096, maximum: 4 << 20)
            #expect(chunk >= last && chunk % 4096 == 0)
            last = chunk
        }
    }

    @Test func `nothing overflows`() {
        var limiter = RateLimiter(speed: 1)
        #expect(limiter.admit(.max, now: 5) == .admitted)
        #expect(limiter.admit(1, now: 6) == .wait(until: .max))
        limiter.setSpeed(.max, now: 7)
        #expect(limiter.speed == .max)
        limiter.setSpeed(0, now: 8)
        #expect(limiter.admit(.max, now: 8) == .admitted)
        limiter.setSpeed(.max, now: 9)
        #expect(limiter.admit(1, now: 9) == .admitted)
    }

    /// A job that copies for ever and notes when.
    private func copier(_ bench: JobBench, workers: Int = 1) -> (FakeBody, MoveLog) {
        let log = MoveLog()
        let clock = bench.clock
        let body = FakeBody(bench) { context throws(JobFailure) in
            @Sendable func copy() async throws(JobFailure) {
                while true {
                    let chunk = context.preferredChunk(granularity: 4096, maximum: 1 << 20)
                    try await context.rateLimit(chunk)
                    log.add(Move(time: clock.now, bytes: chunk))
                }
            }
            guard workers > 1 else { return try await copy() }
            await context.setWorkers(workers)
            let failure = await withTaskGroup(of: JobFailure?.self) { group in
                for _ in 0..<workers {
                    group.addTask {
                        do throws(JobFailure) { try await copy() } catch { return error }
                        return nil
                    }
                }
                var first: JobFailure?
                for await failure in group { first = first ?? failure }
                return first
            }
            if let failure { throw failure }
        }
        return (body, log)
    }

    @Test(arguments: [1, 4]) func `a job keeps to its limit through changes of speed`(workers: Int) {
        let bench = JobBench()
        let (body, log) = copier(bench, workers: workers)
        bench.launch("x", [(.backup("j", speed: 1 << 20), body)])
        for speed: Int64 in [1 << 20, 64 << 20, 100_000, 3 << 20, 8 << 20] {
            bench.setSpeed("j", speed)
            _ = log.take()
            bench.clock.advance(by: 3_000_000_000)
            let moves = log.take()
            Self.expectEven(moves, speed: speed, "\(workers) workers")
            let total = Double(moves.reduce(0) { $0 + $1.bytes })
            let chunk = Double(moves.map(\.bytes).max() ?? 0)
            #expect(abs(total - 3 * Double(speed)) <= max(0.3 * Double(speed), 2 * chunk), "speed \(speed)")
        }
        bench.cancel("j")
        #expect(bench.happened().hasSuffix("j:aborting j:CAN j:Cc j:N <cancel>"))
    }

    @Test func `a sleeping job feels a new speed at once`() {
        let bench = JobBench()
        bench.launch("x", [(.backup("j", speed: 1), FakeBody(bench, FakeBody.copying(3)))])
        #expect(bench.happened() == "j:C j:R <x>")
        bench.setSpeed("j", 0)
        #expect(bench.happened() == "<set-speed> j:W j:P j:OK j:Cc j:N")
    }

    @Test func `a sleeping job wakes earlier by the ratio of the speeds`() {
        let bench = JobBench()
        bench.launch("x", [(.backup("j", speed: 65536), FakeBody(bench, FakeBody.copying(2)))])
        bench.clock.advance(by: 500_000_000)
        bench.setSpeed("j", 655_360)
        _ = bench.happened()
        bench.clock.advance(by: 49_999_999)
        #expect(bench.happened() == "")
        bench.clock.advance(by: 1)
        #expect(bench.happened() == "j:W j:P j:OK j:Cc j:N")
    }

    @Test func `tasks that must not park take from the same limit`() {
        let bench = JobBench()
        let log = Trace()
        let body = FakeBody(bench) { context throws(JobFailure) in
            log.add("\(context.takeBudget(65536)) \(context.takeBudget(65536))")
            try await context.waitForBudget()
            log.add("\(context.takeBudget(65536))")
        }
        bench.launch("x", [(.backup("j", speed: 65536), body)])
        bench.clock.advance(by: 999_999_999)
        #expect(log.take() == "true false")
        bench.clock.advance(by: 1)
        #expect(log.take() == "true")
    }
}

/// Moves in the order in which they were made.
final class MoveLog: Sendable {
    private let moves = Guarded<[RateLimiterTests.Move]>([])
    func add(_ move: RateLimiterTests.Move) { moves.withLock { $0.append(move) } }
    func take() -> [RateLimiterTests.Move] {
        moves.withLock { moves in
            defer { moves = [] }
            return moves
        }
    }
}
