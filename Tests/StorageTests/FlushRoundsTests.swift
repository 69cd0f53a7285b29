import TestSupport
import Testing

@testable import Storage

@Suite struct `flushes of one file` {
    /// A disk whose flushes end when the test says so; the first reports an error, as a kernel does that lost data, and the next know of nothing.
    @MainActor private final class Disk {
        var begun = 0
        var ends: [CheckedContinuation<Int, Never>] = []

        func flush() async -> Int {
            begun += 1
            return await withCheckedContinuation { ends.append($0) }
        }

        func end(_ result: Int) { ends.removeFirst().resume(returning: result) }
    }

    @MainActor private func turns() async { for _ in 0..<20 { await Task.yield() } }

    @Test @MainActor func `that overlap do not hide an error from one another`() async {
        let disk = Disk()
        let rounds = FlushRounds()
        let first = Task { @MainActor in await rounds.join { await disk.flush() } }
        await turns()
        let second = Task { @MainActor in await rounds.join { await disk.flush() } }
        let third = Task { @MainActor in await rounds.join { await disk.flush() } }
        await turns()
        #expect(disk.begun == 1, "one at a time")
        disk.end(0)
        #expect(await first.value == 0)
        await turns()
        #expect(disk.begun == 2, "who came while one ran shares the next")
        disk.end(-5)
        #expect(await second.value == -5)
        #expect(await third.value == -5)
    }
}
