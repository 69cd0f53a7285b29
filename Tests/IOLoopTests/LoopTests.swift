import Glibc
import IOLoop
import TestSupport
import Testing

/// Both engines must behave alike.
private let engines: [IOThread.Engine] = [.automatic, .threads]

@Suite struct `a loop` {
    @Test(arguments: engines) func `runs a body isolated to itself and returns its value`(engine: IOThread.Engine) async throws {
        let thread = try IOThread(name: "test", engine: engine)
        let isCurrent = await thread.run { io in io.isCurrent }
        #expect(isCurrent)
        #expect(!thread.isCurrent)
        #expect(await thread.stop())
    }

    @Test func `says which engine it uses`() throws {
        let threads = try IOThread(engine: .threads)
        #expect(!threads.usesRing)
        #expect(threads.engineDescription == "threads (as asked)")
        let automatic = try IOThread(engine: .automatic)
        #expect(automatic.usesRing == automatic.engineDescription.hasPrefix("io_uring"))
    }

    @Test(arguments: engines) func `comes back to itself after every kind of wait`(engine: IOThread.Engine) async throws {
        let thread = try IOThread(engine: engine)
        let file = try ScratchFile(contents: [1, 2, 3, 4])
        defer { file.remove() }
        let descriptor = file.descriptor
        await thread.run { io in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 8)
            defer { buffer.deallocate() }
            let count = await io.requests.read(descriptor, into: buffer, at: 0)
            #expect(count == 4)
            #expect(io.isCurrent)
            #expect(Array(buffer) == [1, 2, 3, 4])
            let answer = await io.requests.blocking { 42 }
            #expect(answer == 42)
            #expect(io.isCurrent)
            try? await io.requests.sleep(for: .milliseconds(1))
            #expect(io.isCurrent)
            await Task.yield()
            #expect(io.isCurrent)
        }
        #expect(await thread.stop())
    }

    @Test(arguments: engines) func `writes, reads vectors, and flushes`(engine: IOThread.Engine) async throws {
        let thread = try IOThread(engine: engine)
        let file = try ScratchFile(contents: [])
        defer { file.remove() }
        let descriptor = file.descriptor
        await thread.run { io in
            let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
            defer { bytes.deallocate() }
            for index in 0..<8 { bytes[index] = UInt8(index) }
            let first = UnsafeRawBufferPointer(rebasing: bytes[0..<3])
            let second = UnsafeRawBufferPointer(rebasing: bytes[3..<8])
            #expect(await io.requests.write(descriptor, from: [second, first], at: 2) == 8)
            #expect(await io.requests.write(descriptor, from: first, at: 0) == 3)
            #expect(await io.requests.sync(descriptor, dataOnly: true) == 0)
            #expect(await io.requests.sync(descriptor, dataOnly: false) == 0)
            let head = UnsafeMutableRawBufferPointer(rebasing: bytes[0..<4])
            let tail = UnsafeMutableRawBufferPointer(rebasing: bytes[4..<8])
            #expect(await io.requests.read(descriptor, into: [tail, head], at: 0) == 8)
            // On disk: 0 1 2 | 4 5 6 7 0 1 2, the first write shifted by two and its first byte overwritten.
            #expect(Array(bytes) == [5, 6, 7, 0, 0, 1, 2, 4])
        }
        #expect(await thread.stop())
    }

    @Test(arguments: engines) func `passes the kernel's refusals on`(engine: IOThread.Engine) async throws {
        let thread = try IOThread(engine: engine)
        await thread.run { io in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 8)
            defer { buffer.deallocate() }
            #expect(await io.requests.read(-1, into: buffer, at: 0) == -Int(EBADF))
            #expect(await io.requests.sync(-1, dataOnly: false) == -Int(EBADF))
        }
        #expect(await thread.stop())
    }

    @Test(arguments: engines) func `waits for a descriptor to become readable`(engine: IOThread.Engine) async throws {
        let thread = try IOThread(engine: engine)
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { ends.forEach { _ = close($0) } }
        let (reading, writing) = (ends[0], ends[1])
        let waiter = thread.task { io in await io.requests.poll(reading, events: Int16(POLLIN)) }
        // The other task runs on the same loop, so the loop is alive while the first one waits.
        await thread.run { io in
            _ = await io.requests.blocking { 0 }
            #expect(write(writing, [7 as UInt8], 1) == 1)
        }
        #expect(await waiter.value & Int(POLLIN) != 0)
        #expect(await thread.stop())
    }

    @Test(arguments: engines) func `serves more requests at once than its queue has entries`(engine: IOThread.Engine) async throws {
        let thread = try IOThread(engine: engine)
        let file = try ScratchFile(contents: (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        defer { file.remove() }
        let descriptor = file.descriptor
        let sum = await thread.run { io in
            await withTaskGroup(of: Int.self) { group in
                for index in 0..<Sanitized.times(5000) {
                    group.addTask {
                        await thread.run { io in
                            let byte = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
                            defer { byte.deallocate() }
                            let count = await io.requests.read(descriptor, into: byte, at: Int64(index % 4096))
                            return count == 1 && byte[0] == UInt8(truncatingIfNeeded: (index % 4096) &* 7) ? 1 : 0
                        }
                    }
                }
                return await group.reduce(0, +)
            }
        }
        #expect(sum == Sanitized.times(5000))
        #expect(await thread.stop())
    }
}

@Suite struct `a loop's timers` {
    @Test(arguments: engines) func `fire in the order of their deadlines`(engine: IOThread.Engine) async throws {
        let thread = try IOThread(engine: engine)
        let order = Order()
        let base = ContinuousClock.now.advanced(by: .milliseconds(5))
        let tasks = [3, 1, 2, 0].map { rank in
            thread.task { io in
                try? await io.requests.sleep(until: base.advanced(by: .milliseconds(4 * rank)))
                order.append(rank)
            }
        }
        for task in tasks { await task.value }
        #expect(await thread.run { _ in order.values } == [0, 1, 2, 3])
        #expect(await thread.stop())
    }

    @Test(arguments: engines) func `end early when their task is cancelled`(engine: IOThread.Engine) async throws {
        let thread = try IOThread(engine: engine)
        let sleeper = thread.task { io in
            do {
                try await io.requests.sleep(for: .seconds(3600))
                return false
            } catch {
                return true
            }
        }
        await thread.run { _ in }
        sleeper.cancel()
        #expect(await sleeper.value)
        let cancelledBefore = thread.task { io in
            withUnsafeCurrentTask { $0?.cancel() }
            do {
                try await io.requests.sleep(for: .seconds(3600))
                return false
            } catch {
                return true
            }
        }
        #expect(await cancelledBefore.value)
        #expect(await thread.stop())
    }

    @Test func `survive a thousand cancelled neighbours`() async throws {
        let thread = try IOThread()
        var generator = SplitMix(seed: 11)
        let sleepers = (0..<1000).map { _ in
            let delay = Int(generator.next() % 1000) + 3_600_000
            return thread.task { io in (try? await io.requests.sleep(for: .milliseconds(delay))) != nil }
        }
        let survivor = thread.task { io in (try? await io.requests.sleep(for: .milliseconds(20))) != nil }
        for sleeper in sleepers { sleeper.cancel() }
        for sleeper in sleepers { #expect(await !sleeper.value) }
        #expect(await survivor.value)
        #expect(await thread.stop())
    }
}

@Suite struct `the thread pool` {
    @Test(.timeLimit(.minutes(15))) func `grows when all its threads hang, so that others go on`() async throws {
        let thread = try IOThread(engine: .automatic, poolLimit: 2)
        let gates = (0..<3).map { _ in Gate() }
        let begun = Gate()
        // More calls that hang than there are threads.
        let stuck = gates.enumerated().map { index, gate in
            thread.task { io in
                await io.requests.blocking {
                    if index == 1 { begun.open() }
                    return gate.wait()
                }
            }
        }
        try await BlockingWork.shared.run { _ = begun.wait() }
        #expect(await thread.run { io in await io.requests.blocking { 5 } } == 5)
        for gate in gates { gate.open() }
        for task in stuck { _ = await task.value }
        #expect(await thread.stop())
    }

    @Test func `runs blocking calls side by side up to its limit`() async throws {
        let thread = try IOThread(engine: .automatic, poolLimit: 3)
        let meeting = Meeting()
        // Three calls that each wait until three have come: with fewer threads they would never end.
        let tasks = (0..<3).map { _ in thread.task { io in await io.requests.blocking { meeting.comeAndWait(for: 3) } } }
        for task in tasks { #expect(await task.value >= 3) }
        // With the limit of three the fourth call waits until one of the three is free.
        let peak = Peak()
        let many = (0..<50).map { _ in thread.task { io in await io.requests.blocking { peak.visit() } } }
        for task in many { _ = await task.value }
        #expect(peak.highest <= 3)
        #expect(await thread.stop())
    }

    @Test func `doesn't stop the loop when a call never returns`() async throws {
        let thread = try IOThread(engine: .threads, poolLimit: 2)
        let gate = Gate()
        let stuck = thread.task { io in await io.requests.blocking { gate.wait() } }
        #expect(await thread.run { io in await io.requests.blocking { 5 } } == 5)
        // The stop gives up, the process could end; the late completion still arrives.
        #expect(await !thread.stop(within: .milliseconds(50)))
        gate.open()
        #expect(await stuck.value == 1)
        #expect(await thread.stop())
    }
}

@Suite struct `a row of calls` {
    @Test(arguments: [(1, false), (1, true), (2, false), (2, true)]) func `runs so many at a time, each once`(width: Int, gathers: Bool)
        async throws
    {
        let thread = try IOThread()
        let row = CallRow(width: width, gatheringTime: gathers ? 1_000_000 : 0)
        let peak = Peak()
        let callers = (0..<8).map { _ in
            thread.task { io -> Int in
                var sum = 0
                for number in 0..<50 {
                    sum += await io.requests.blocking(in: row) { () -> Int in
                        _ = peak.visit()
                        return number
                    }
                }
                return sum
            }
        }
        for caller in callers { #expect(await caller.value == 49 * 25) }
        #expect(peak.highest <= width)
        // Nobody else is there to wait for.
        #expect(await thread.run { io in await io.requests.blocking(in: row) { 5 } } == 5)
        #expect(await thread.stop())
    }

    @Test func `keeps the order in which calls were made`() async throws {
        let thread = try IOThread()
        let row = CallRow(width: 1)
        let (gate, order) = (Gate(), Order())
        let first = thread.task { io in await io.requests.blocking(in: row) { gate.wait() } }
        let others = (1...5).map { number in
            thread.task { io in
                await io.requests.blocking(in: row) { () -> Int in
                    order.append(number)
                    return number
                }
            }
        }
        // Behind all of them, on the loop.
        _ = await thread.run { io in await io.requests.blocking { 0 } }
        gate.open()
        _ = await first.value
        for other in others { _ = await other.value }
        #expect(order.values == [1, 2, 3, 4, 5])
        #expect(await thread.stop())
    }
}

@Suite struct `a loop-bound value` {
    @Test func `is opened on its loop`() async throws {
        let thread = try IOThread()
        let box = await thread.run { io in LoopBound(Order(), on: io) }
        await thread.run { _ in box.value.append(3) }
        #expect(await thread.run { _ in box.value.values } == [3])
        #expect(box.isSame(as: box))
        #expect(await thread.stop())
    }

    @Test func `traps elsewhere`() async throws {
        await #expect(processExitsWith: .failure) {
            let thread = try IOThread()
            let box = await thread.run { io in LoopBound(1, on: io) }
            print(box.value)
        }
    }
}

@Suite struct `two loops` {
    @Test(arguments: engines) func `work for each other`(engine: IOThread.Engine) async throws {
        let left = try IOThread(name: "left", engine: engine)
        let right = try IOThread(name: "right", engine: engine)
        let total = await left.run { left in
            var total = 0
            for round in 0..<200 {
                total += await right.run { right in
                    let value = await right.requests.blocking { round }
                    return right.isCurrent ? value : -1_000_000
                }
                if !left.isCurrent { total -= 1_000_000 }
            }
            return total
        }
        #expect(total == 199 * 100)
        #expect(await left.stop())
        #expect(await right.stop())
    }
}

@Suite struct `an idle loop` {
    @Test(arguments: engines) func `uses no processor`(engine: IOThread.Engine) async throws {
        let thread = try IOThread(engine: engine)
        let used: Duration = await thread.run { io in
            let before = threadTime()
            try? await io.requests.sleep(for: .milliseconds(300))
            return threadTime() - before
        }
        // A loop that polls would use all of it.
        #expect(used < .milliseconds(100))
        #expect(await thread.stop())
    }
}

/// Processor time of the calling thread.
private func threadTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
