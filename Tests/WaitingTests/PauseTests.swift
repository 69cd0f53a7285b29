import Testing
import Waiting

@Suite struct `A pause` {
    @Test func `lasts as long as it was asked for`() async throws {
        let clock = ContinuousClock()
        for milliseconds in [0, 1, 20] {
            let begin = clock.now
            try await pause(for: .milliseconds(milliseconds))
            #expect(clock.now - begin >= .milliseconds(milliseconds))
        }
        try await pause(for: .seconds(-1))
    }

    @Test func `ends at once when its task is cancelled, before it began or after`() async {
        for comesEarly in [true, false] {
            let task = Task {
                do throws(CancellationError) {
                    try await pause(for: .seconds(Int64.max))
                    return false
                } catch {
                    return true
                }
            }
            if !comesEarly { await Task.yield() }
            task.cancel()
            #expect(await task.value)
        }
    }

    @Test(arguments: [UInt64(1), 2]) func `ends once, whichever of its ends comes first`(_ seed: UInt64) async {
        // Cancelled about when the time is over: a second resumption would trap.
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<2000 {
                group.addTask {
                    let waiter = Task { try? await pause(for: .microseconds((UInt64(index) &* 7919 &+ seed) % 300)) }
                    for _ in 0..<(index % 5) { await Task.yield() }
                    waiter.cancel()
                    _ = await waiter.value
                }
            }
        }
    }
}
