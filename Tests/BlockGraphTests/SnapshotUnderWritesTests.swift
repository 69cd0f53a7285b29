import BlockGraph
import Storage
import TestSupport
import Testing

/// Snapshots of both kinds while a guest writes: each is the disk at one moment, and no write is lost.
@Suite struct `snapshots under a writing guest` {
    private static let blocks = 16
    private static let blockSize = 16384

    /// Writes 1, 2, 3 ... to one block after the other, round and round, one at a time.
    private final class Guest: Sendable {
        private struct State {
            var count = 0
            var isStopped = false
            var waiting: [(goal: Int, continuation: CheckedContinuation<Void, Never>)] = []
        }
        private let state = Guarded(State())
        var count: Int { state.withLock { $0.count } }
        func stop() { state.withLock { $0.isStopped = true } }

        func write(to user: NodeUser) async throws {
            typealias Test = `snapshots under a writing guest`
            while !state.withLock({ $0.isStopped }) {
                let next = count + 1
                let place = Int64(next % Test.blocks * Test.blockSize)
                try await user.write(UInt8(truncatingIfNeeded: next), at: place, count: Test.blockSize)
                let due = state.withLock { state in
                    state.count = next
                    let due = state.waiting.filter { $0.goal <= next }
                    state.waiting.removeAll { $0.goal <= next }
                    return due
                }
                for waiter in due { waiter.continuation.resume() }
            }
        }

        func wait(for writes: Int) async {
            await withCheckedContinuation { continuation in
                state.withLock { $0.waiting.append(($0.count + writes, continuation)) }
            }
        }
    }

    /// Whether the bytes are what the guest had written at some moment: the writes up to one, and none after it.
    private func isOneMoment(_ bytes: [UInt8], after least: Int, before most: Int) -> Bool {
        (least...most).contains { last in
            (0..<Self.blocks).allSatisfy { block in
                // The last write up to `last` that went to this block.
                let write = last - (last - block + Self.blocks) % Self.blocks
                let expected = write > 0 ? UInt8(truncatingIfNeeded: write) : 0
                return bytes[block * Self.blockSize] == expected && bytes[(block + 1) * Self.blockSize - 1] == expected
            }
        }
    }

    private func length() -> String { String(Self.blocks * Self.blockSize) }

    @Test func `each internal snapshot is one moment of the disk`() async throws {
        let bench = try ChainBench()
        try bench.run("qemu-img", "create", "-q", "-f", "qcow2", "disk.qcow2", length())
        try await bench.open("disk.qcow2")
        let user = try await bench.guest()
        let guest = Guest()
        let writing = Task { try await guest.write(to: user) }
        var moments: [(name: String, least: Int, most: Int)] = []
        for number in 1...6 {
            await guest.wait(for: 25)
            let least = guest.count
            let drain = try await bench.graph.drainForSnapshot("disk")
            let date = SnapshotDate(seconds: 1_700_000_000, nanoseconds: UInt32(number))
            let change = try await bench.graph.takeInternalSnapshot("s\(number)", of: "disk", at: date)
            let most = guest.count + 1
            if number == 4 { try await bench.graph.undo(change) } else { moments.append(("s\(number)", least, most)) }
            await bench.graph.resume(drain)
        }
        let gone = try await bench.graph.deleteInternalSnapshot(of: "disk", id: nil, named: "s2")
        #expect(gone.name == "s2" && gone.dateNanoseconds == 2)
        guest.stop()
        try await writing.value
        await bench.graph.detach(user)
        try await bench.graph.close("disk")

        #expect(try bench.run("qemu-img", "check", "disk.qcow2").contains("No errors were found"))
        for moment in moments where moment.name != "s2" {
            try bench.run("qemu-img", "convert", "-l", "snapshot.name=\(moment.name)", "-O", "raw", "disk.qcow2", "s.raw")
            #expect(isOneMoment(try bench.directory.contents(of: "s.raw"), after: moment.least, before: moment.most), "\(moment)")
        }
        try bench.run("qemu-img", "convert", "-O", "raw", "disk.qcow2", "now.raw")
        #expect(isOneMoment(try bench.directory.contents(of: "now.raw"), after: guest.count, before: guest.count))
        await bench.stop()
    }

    @Test func `each overlay leaves below it one moment of the disk`() async throws {
        let bench = try ChainBench()
        try bench.run("qemu-img", "create", "-q", "-f", "qcow2", "0.qcow2", length())
        try await bench.open("0.qcow2", as: "n0")
        let user = try await bench.guest("n0")
        let guest = Guest()
        let writing = Task { try await guest.write(to: user) }
        var moments: [(image: String, least: Int, most: Int)] = []
        for number in 1...5 {
            await guest.wait(for: 20)
            let least = guest.count
            let drain = try await bench.graph.drain(["n\(number - 1)"])
            let overlay = NewOverlay(file: bench.path("\(number).qcow2"), nodeName: "n\(number)")
            let name = try await bench.graph.openOverlay(overlay, on: "n\(number - 1)")
            let change = try await bench.graph.insertOverlay(name, on: "n\(number - 1)", isTemporary: true)
            await bench.graph.keepOverlay(change)
            moments.append(("\(number - 1).qcow2", least, guest.count + 1))
            await bench.graph.resume(drain)
        }
        await guest.wait(for: 5)
        guest.stop()
        try await writing.value
        #expect(await bench.graph.nodeName(of: user) == "n5")
        await bench.graph.detach(user)
        // The overlays belonged to the guest; what is left is what was added by name.
        #expect(await bench.graph.contains("n5") == false)
        try await bench.graph.close("n0")

        for number in 0...5 {
            #expect(try bench.run("qemu-img", "check", "\(number).qcow2").contains("No errors were found"))
        }
        for moment in moments {
            try bench.run("qemu-img", "convert", "-O", "raw", moment.image, "s.raw")
            #expect(isOneMoment(try bench.directory.contents(of: "s.raw"), after: moment.least, before: moment.most), "\(moment)")
        }
        try bench.run("qemu-img", "convert", "-O", "raw", "5.qcow2", "now.raw")
        #expect(isOneMoment(try bench.directory.contents(of: "now.raw"), after: guest.count, before: guest.count))
        await bench.stop()
    }
}
