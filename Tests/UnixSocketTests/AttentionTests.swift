import Dispatch
import Glibc
import Testing

@testable import UnixSocket

@Suite struct PromptnessTests {
    private static let slow = Promptness.longestGap + 1

    /// Lets `count` requests come, each `gap` after the answer to the one before.
    private func ask(_ promptness: inout Promptness, _ count: Int, gap: UInt64, time: inout UInt64) {
        for _ in 0..<count {
            time += gap
            promptness.asked(at: time)
            promptness.answered(at: time)
        }
    }

    @Test func `one prompt request deserves a stay, a first or a slow one does not`() {
        var promptness = Promptness()
        var time: UInt64 = 0
        ask(&promptness, 1, gap: 1000, time: &time)
        #expect(!promptness.deservesStay)
        ask(&promptness, 1, gap: 1000, time: &time)
        #expect(promptness.deservesStay)
        ask(&promptness, 1, gap: Self.slow, time: &time)
        #expect(!promptness.deservesStay)
    }

    @Test func `a request that is not answered at once ends the row`() {
        var promptness = Promptness()
        var time: UInt64 = 0
        ask(&promptness, 5, gap: 1000, time: &time)
        promptness.owesAnswer()
        #expect(!promptness.deservesStay)
        promptness.asked(at: time + 1000)
        #expect(!promptness.deservesStay)
    }

    @Test func `stays that bring nothing become rare, and a long one makes them frequent again`() {
        var promptness = Promptness()
        var time: UInt64 = 0
        for doubts in 0..<Promptness.mostDoubts {
            ask(&promptness, 1, gap: Self.slow, time: &time)
            ask(&promptness, (1 << doubts) - 1, gap: 1000, time: &time)
            #expect(!promptness.deservesStay)
            ask(&promptness, 1, gap: 1000, time: &time)
            #expect(promptness.deservesStay)
            promptness.stayBegan()
            promptness.stayEnded(.silence)
        }
        ask(&promptness, 1 << Promptness.mostDoubts, gap: 1000, time: &time)
        #expect(promptness.deservesStay)
        promptness.stayBegan()
        ask(&promptness, 1000, gap: 1000, time: &time)
        promptness.stayEnded(.absence)
        ask(&promptness, 2, gap: 1000, time: &time)
        #expect(promptness.deservesStay)
    }

    @Test func `an absence counts for more than a silence`() {
        var promptness = Promptness()
        var time: UInt64 = 0
        ask(&promptness, 2, gap: 1000, time: &time)
        promptness.stayBegan()
        promptness.stayEnded(.absence)
        ask(&promptness, 7, gap: 1000, time: &time)
        #expect(!promptness.deservesStay)
        ask(&promptness, 1, gap: 1000, time: &time)
        #expect(promptness.deservesStay)
    }
}

@Suite(.timeLimit(.minutes(10))) struct AttentionTests {
    /// A client of the queue's attention that answers as it is told. Confined to the queue.
    private final class Guest: Attention.Client, @unchecked Sendable {
        let descriptor: Int32
        var onServe: (Guest) -> Bool
        var served = 0
        var endings: [Promptness.StayEnd] = []
        let hasLeft = DispatchSemaphore(value: 0)

        init(_ descriptor: Int32, _ onServe: @escaping (Guest) -> Bool) {
            self.descriptor = descriptor
            self.onServe = onServe
        }

        func serve() -> Bool {
            served += 1
            return onServe(self)
        }

        func leave(_ end: Promptness.StayEnd) {
            endings.append(end)
            hasLeft.signal()
        }
    }

    /// A descriptor with `count` bytes to read.
    private func pipeHolding(_ count: Int) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let bytes = [UInt8](repeating: 0, count: count)
        #expect(write(ends[1], bytes, count) == count)
        setNonBlocking(ends[0])
        return (ends[0], ends[1])
    }

    @Test func `a silent client is left, and the queue goes on`() {
        let queue = DispatchQueue(label: "test")
        let guest = Guest(-1) { _ in false }
        #expect(queue.sync { Attention.shared(on: queue).join(guest) })
        // Each of these comes behind a turn; a stay of a silent client lasts for one.
        while queue.sync(execute: { guest.endings.isEmpty }) {}
        #expect(queue.sync { guest.endings.count } == 1)
    }

    @Test func `everything else on the queue has its turn beside a client that never stops`() {
        let queue = DispatchQueue(label: "test")
        let guest = Guest(-1) { _ in true }
        queue.sync { _ = Attention.shared(on: queue).join(guest) }
        for _ in 0..<100 { queue.sync {} }
        queue.sync { Attention.shared(on: queue).part(from: guest) }
        let served = queue.sync { guest.served }
        for _ in 0..<10 { queue.sync {} }
        #expect(served > 0)
        #expect(queue.sync { guest.served } == served)
    }

    @Test func `of several clients those with bytes are served, and one may end another's stay`() {
        let queue = DispatchQueue(label: "test")
        let (first, second) = (pipeHolding(1), pipeHolding(1))
        defer { for end in [first.reading, first.writing, second.reading, second.writing] { close(end) } }
        queue.sync {
            let attention = Attention.shared(on: queue)
            let victim = Guest(second.reading) { _ in true }
            let killer = Guest(first.reading) { _ in
                attention.part(from: victim)
                return true
            }
            #expect(attention.join(killer))
            #expect(attention.join(victim))
            queue.async {
                // Behind the first turn, in which only the killer was served.
                #expect(killer.served > 0)
                #expect(victim.served == 0)
                attention.part(from: killer)
            }
        }
        queue.sync {}
        queue.sync {}
    }

    @Test func `a stay comes to its end though nobody keeps the queue`() {
        let guest = Guest(-1) { $0.served < 5000 }
        do {
            let queue = DispatchQueue(label: "test")
            queue.sync { _ = Attention.shared(on: queue).join(guest) }
        }
        #expect(guest.hasLeft.wait(timeout: .now() + 120) == .success)
    }

    @Test func `there is room for so many clients only`() {
        let queue = DispatchQueue(label: "test")
        queue.sync {
            let attention = Attention.shared(on: queue)
            let guests = (0...Attention.capacity).map { _ in Guest(-1) { _ in true } }
            for guest in guests.dropLast() { #expect(attention.join(guest)) }
            #expect(!attention.join(guests[Attention.capacity]))
            for guest in guests { attention.part(from: guest) }
        }
    }

    @Test func `exchanges one at a time come through, from several clients at once`() throws {
        let directory = TemporaryDirectory()
        let server = try EchoServer(.path(directory.file("s")))
        let path = directory.file("s")
        let threads = try (0..<4).map { number in
            let client = try Client(path)
            return Thread {
                for round in 0..<2000 {
                    let text = "\(number):\(round)\n"
                    client.write(text)
                    #expect(client.readText(text.utf8.count) == text)
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(server.wait { server.connections.isEmpty })
        #expect(server.endings.allSatisfy { $0 == .closed })
    }
}
