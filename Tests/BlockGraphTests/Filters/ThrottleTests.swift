import Storage
import TestSupport
import Testing

@testable import BlockGraph

@Suite struct ThrottleTests {
    /// A group, and when its requests were admitted.
    final class Run: @unchecked Sendable {
        let clock = HandClock()
        let group: ThrottleGroup
        var admitted: [(time: UInt64, bytes: Int64, member: Int)] = []
        let origin: UInt64

        init(_ rates: ThrottleRates) {
            group = ThrottleGroup(name: "g", limits: rates, clock: clock)
            origin = clock.now
        }

        /// Bytes and requests admitted in the window that begins `from` seconds after the start.
        func sum(from: Double, seconds: Double) -> (bytes: Int64, requests: Int) {
            let start = origin + UInt64(from * 1e9)
            let end = start + UInt64(seconds * 1e9)
            let inside = admitted.filter { $0.time >= start && $0.time < end }
            return (inside.reduce(0) { $0 + $1.bytes }, inside.count)
        }
    }

    /// Members that each keep `depth` requests waiting, for some seconds of the clock.
    private func saturate(
        _ run: Run, members: Int = 1, depth: Int = 4, bytes: Int64, direction: ThrottleDirection = .write, seconds: Double
    ) async {
        await FilterBench().run { bench in
            let end = run.origin + UInt64(seconds * 1e9)
            for number in 0..<members {
                let member = run.group.join()
                for _ in 0..<depth {
                    bench.spawner {
                        while run.clock.now < end {
                            await member.admit(direction, bytes: bytes)
                            run.admitted.append((run.clock.now, bytes, number))
                        }
                    }
                }
            }
            await bench.settle()
            while let next = run.clock.next, next < end {
                run.clock.move(to: next)
                await bench.settle()
            }
            run.clock.move(to: end + 1)
            while run.clock.next != nil {
                run.group.setLimits(ThrottleRates())
                await bench.settle()
            }
            await bench.settle()
        }
    }

    @Test(arguments: [(Int64(1 << 20), Int64(4096)), (10 << 20, 65536), (100_000, 512), (1 << 20, 1 << 18)])
    func `any window of a quarter of a second holds the limit's share within a tenth or one request`(rate: Int64, size: Int64) async {
        var rates = ThrottleRates()
        rates[.bytesTotal].average = rate
        let run = Run(rates)
        await saturate(run, bytes: size, seconds: 4)
        for step in 0..<60 {
            let from = Double(step) * 0.06
            let bytes = run.sum(from: from, seconds: 0.25).bytes
            let share = Double(rate) / 4
            #expect(Double(bytes) <= share * 1.1 + Double(size), "too much from \(from) s")
            if from >= 0.1 { #expect(Double(bytes) >= share * 0.9 - Double(size), "too little from \(from) s") }
        }
        let total = Double(run.sum(from: 0, seconds: 4).bytes)
        #expect(abs(total - 4 * Double(rate)) <= 0.05 * 4 * Double(rate) + Double(size))
    }

    @Test func `requests a second are limited whatever their size, large ones counting several times with iops-size`() async {
        for (size, requestSize, expected) in [(Int64(512), Int64(0), 100), (1 << 20, 0, 100), (16384, 4096, 25)] {
            var rates = ThrottleRates()
            rates[.requestsTotal].average = 100
            rates.requestSize = requestSize
            let run = Run(rates)
            await saturate(run, bytes: size, seconds: 3)
            let requests = run.sum(from: 1, seconds: 1).requests
            #expect(abs(requests - expected) <= expected / 10, "\(size) bytes: \(requests)")
        }
    }

    @Test func `a burst goes at its own rate for its length, then the average holds`() async {
        var rates = ThrottleRates()
        rates[.bytesTotal] = .init(average: 1 << 20, maximum: 8 << 20, burstLength: 3)
        let run = Run(rates)
        await saturate(run, bytes: 32768, seconds: 12)
        for second in 0..<3 {
            let bytes = Double(run.sum(from: Double(second), seconds: 1).bytes)
            #expect(bytes <= Double(8 << 20) * 1.1 + 65536, "second \(second)")
            #expect(bytes >= Double(8 << 20) * 0.9, "second \(second)")
        }
        // The bucket holds 3 s of the burst, which leaks at the average meanwhile.
        let late = Double(run.sum(from: 6, seconds: 4).bytes)
        #expect(abs(late - Double(4 << 20)) <= 0.1 * Double(4 << 20))
    }

    @Test func `a burst without a length comes at once`() async {
        var rates = ThrottleRates()
        rates[.requestsTotal] = .init(average: 10, maximum: 200)
        let run = Run(rates)
        await saturate(run, depth: 300, bytes: 512, seconds: 2)
        let first = run.sum(from: 0, seconds: 0.001).requests
        #expect((200...202).contains(first))
        #expect(run.sum(from: 0.5, seconds: 1).requests <= 11)
    }

    @Test func `reads and writes have limits of their own`() async {
        var rates = ThrottleRates()
        rates[.bytesRead].average = 1 << 20
        let run = Run(rates)
        #expect(run.group.isLimiting(.read))
        #expect(!run.group.isLimiting(.write))
    }

    @Test func `members of a group share fairly, however many requests each has`() async {
        var rates = ThrottleRates()
        rates[.requestsTotal].average = 300
        let run = Run(rates)
        await FilterBench().run { bench in
            let end = run.origin + 3_000_000_000
            for (number, depth) in [1, 4, 32].enumerated() {
                let member = run.group.join()
                for _ in 0..<depth {
                    bench.spawner {
                        while run.clock.now < end {
                            await member.admit(.read, bytes: 4096)
                            run.admitted.append((run.clock.now, 4096, number))
                        }
                    }
                }
            }
            await bench.settle()
            while let next = run.clock.next, next < end {
                run.clock.move(to: next)
                await bench.settle()
            }
            run.clock.move(to: end + 1)
            run.group.setLimits(ThrottleRates())
            await bench.settle()
        }
        let shares = (0..<3).map { number in run.admitted.count { $0.member == number && $0.time < run.origin + 3_000_000_000 } }
        for share in shares { #expect(abs(share - 300) <= 45, "\(shares)") }
    }

    @Test func `a drain lets throttled requests through, and what they cost is paid later`() async {
        var rates = ThrottleRates()
        rates[.bytesTotal].average = 1000
        let run = Run(rates)
        await FilterBench().run { bench in
            let member = run.group.join()
            for _ in 0..<5 {
                bench.spawner {
                    await member.admit(.write, bytes: 1000)
                    run.admitted.append((run.clock.now, 1000, 0))
                }
            }
            await bench.settle()
            #expect(run.admitted.count == 1)
            member.beginDrain()
            await bench.settle()
            #expect(run.admitted.count == 5)
            member.endDrain()
            bench.spawner {
                await member.admit(.write, bytes: 1)
                run.admitted.append((run.clock.now, 1, 0))
            }
            await bench.settle()
            #expect(run.admitted.count == 5)
            run.clock.move(to: run.origin + 5_100_000_000)
            await bench.settle()
            #expect(run.admitted.count == 6)
        }
    }

    @Test func `new limits hold for those who wait`() async {
        var rates = ThrottleRates()
        rates[.requestsTotal].average = 1
        let run = Run(rates)
        await FilterBench().run { bench in
            let member = run.group.join()
            for _ in 0..<3 {
                bench.spawner {
                    await member.admit(.read, bytes: 1)
                    run.admitted.append((run.clock.now, 1, 0))
                }
            }
            await bench.settle()
            #expect(run.admitted.count == 1)
            run.group.setLimits(ThrottleRates())
            await bench.settle()
            #expect(run.admitted.count == 3)
            #expect(run.clock.next == nil)
        }
    }

    @Test func `a throttled node passes what is not limited without looking at it, and leaves its group when closed`() async throws {
        let run = Run(ThrottleRates())
        try await FilterBench().run { bench async throws in
            let disk = SimulatedStorage(seed: 1, contents: FilterBench.pattern(65536))
            let child = bench.node(disk)
            let driver = ThrottleDriver(NodeEdge(child), group: run.group, of: ThrottleGroups(clock: run.clock))
            let node = bench.node(over: driver)
            #expect(try driver.passRead(at: 0, count: 512) != nil)
            #expect(try driver.passWrite(at: 0, count: 512) != nil)
            #expect(try await node.bytes(at: 1000, count: 3000) == Array(disk.contents[1000..<4000]))
            var rates = ThrottleRates()
            rates[.bytesWrite].average = 1 << 20
            run.group.setLimits(rates)
            #expect(try driver.passRead(at: 0, count: 512) != nil)
            #expect(try driver.passWrite(at: 0, count: 512) == nil)
            try await node.write([UInt8](repeating: 9, count: 512), at: 512)
            #expect(Array(disk.contents[512..<1024]) == [UInt8](repeating: 9, count: 512))
            #expect(run.group.isInUse)
            await driver.close()
            #expect(!run.group.isInUse)
        }
    }

    @Test func `limits that contradict each other are refused`() {
        func refused(_ edit: (inout ThrottleRates) -> Void) -> String? {
            var rates = ThrottleRates()
            edit(&rates)
            do throws(BlockError) {
                try rates.check()
                return nil
            } catch {
                return error.message
            }
        }
        #expect(refused { $0[.bytesTotal].average = 5 } == nil)
        #expect(
            refused {
                $0[.bytesTotal].average = 5
                $0[.bytesRead].average = 5
            }?.contains("at the same time") == true)
        #expect(refused { $0.requestSize = 5 }?.contains("iops size") == true)
        #expect(refused { $0[.requestsRead].average = -1 }?.contains("must be within") == true)
        #expect(refused { $0[.requestsRead].burstLength = 0 }?.contains("cannot be 0") == true)
        #expect(refused { $0[.requestsRead] = .init(average: 5, burstLength: 2) }?.contains("without burst rate") == true)
        #expect(refused { $0[.requestsRead] = .init(average: 5, maximum: 4) }?.contains("cannot be lower") == true)
        #expect(refused { $0[.requestsRead] = .init(average: 0, maximum: 4) }?.contains("corresponding") == true)
    }
}
