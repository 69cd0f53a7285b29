import BlockGraph
import Testing

@Suite struct RangeLockTests {
    /// Runs loop-bound code without a loop.
    actor Bench {
        let lock = RangeLock()
        var events: [String] = []
        var active: [(Range<Int64>, Bool)] = []

        func take(_ name: String, _ range: Range<Int64>, _ mode: RangeLock.Mode, turns: Int = 1) async {
            let token = await lock.acquire(at: range.lowerBound, count: range.upperBound - range.lowerBound, mode: mode)
            events.append(name)
            for (other, exclusive) in active where other.overlaps(range) {
                if exclusive || mode == .exclusive { events.append("conflict") }
            }
            active.append((range, mode == .exclusive))
            for _ in 0..<turns { await Task.yield() }
            active.removeAll { $0.0 == range && $0.1 == (mode == .exclusive) }
            lock.release(token)
        }

        func tryTake(_ range: Range<Int64>, _ mode: RangeLock.Mode) -> RangeLock.Token? {
            lock.tryAcquire(at: range.lowerBound, count: range.upperBound - range.lowerBound, mode: mode)
        }

        var state: [Int] { [lock.count, lock.exclusiveCount] }

        func release(_ token: RangeLock.Token) { lock.release(token) }

        func run(seed: Int) async {
            var random = SeededGenerator(seed: UInt64(seed))
            var tasks: [Task<Void, Never>] = []
            for index in 0..<200 {
                // Equal ranges would be mistaken for each other by the check.
                let start = Int64.random(in: 0..<500, using: &random) * 1000 + Int64(index)
                let end = start + Int64.random(in: 1...20_000, using: &random)
                let mode: RangeLock.Mode = Int.random(in: 0..<3, using: &random) == 0 ? .exclusive : .shared
                let turns = Int.random(in: 0...4, using: &random)
                tasks.append(Task { await self.take("\(index)", start..<end, mode, turns: turns) })
            }
            for task in tasks { await task.value }
        }
    }

    @Test(arguments: 0..<20)
    func `an exclusive range is held alone and nobody is forgotten`(seed: Int) async {
        let bench = Bench()
        await bench.run(seed: seed)
        let events = await bench.events
        #expect(!events.contains("conflict"), "seed \(seed)")
        #expect(events.count == 200, "seed \(seed)")
        #expect(await bench.state == [0, 0])
    }

    @Test func `shared holders coexist and an exclusive one waits for both`() async {
        let bench = Bench()
        let first = await bench.tryTake(0..<10, .shared)
        let second = await bench.tryTake(5..<15, .shared)
        #expect(first != nil && second != nil)
        #expect(await bench.tryTake(9..<11, .exclusive) == nil)
        #expect(await bench.tryTake(15..<20, .exclusive) != nil)
    }

    @Test func `who comes after a waiting exclusive one waits too`() async throws {
        let bench = Bench()
        let first = try #require(await bench.tryTake(0..<10, .shared))
        let waiting = Task { await bench.take("exclusive", 0..<10, .exclusive) }
        while await bench.state[0] < 2 { await Task.yield() }
        #expect(await bench.tryTake(0..<10, .shared) == nil)
        await bench.release(first)
        await waiting.value
        #expect(await bench.tryTake(0..<10, .shared) != nil)
    }
}
