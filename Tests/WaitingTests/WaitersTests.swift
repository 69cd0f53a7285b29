import Dispatch
import IOLoop
import TestSupport
import Testing
import Waiting

/// An executor over a Dispatch queue, as the daemon's control plane has one.
private final class TestQueue: SerialExecutor {
    private let queue = DispatchQueue(label: "waiting")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

/// An owner on the control plane's kind of executor, with the state that others wait for.
private actor Owner {
    private let executor: any SerialExecutor
    private let waiters = Waiters()
    private var isFree = true
    /// How many have held it.
    private(set) var served = 0

    init(_ executor: any SerialExecutor) { self.executor = executor }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func take() async {
        await waiters.wait { () -> Void? in
            guard isFree else { return nil }
            isFree = false
            return ()
        }
    }

    func giveBack() {
        served += 1
        isFree = true
        waiters.wakeAll()
    }
}

@Suite struct `Waiting for a condition` {
    /// The case in which a wake-up between a look and the wait was lost: tasks that prefer a loop, and an actor on a queue.
    @Test(.timeLimit(.minutes(15))) func `no wake-up is lost when tasks prefer another executor than their actor's`() async throws {
        let thread = try IOThread(name: "waiters")
        let owner = Owner(TestQueue())
        let rounds = 2_000
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask(executorPreference: thread.taskExecutor) {
                    for _ in 0..<rounds {
                        await owner.take()
                        await owner.giveBack()
                    }
                }
            }
        }
        #expect(await owner.served == 8 * rounds)
        #expect(await thread.stop())
    }

    @Test func `who need not wait does not suspend`() async {
        let waiters = Waiters()
        #expect(await waiters.wait { 7 } == 7)
        await waiters.wait { true }
        #expect(waiters.isEmpty)
    }

    /// Holders of sets of keys, as changes of a graph hold nodes.
    private actor KeyOwner {
        private let executor: any SerialExecutor
        private let waiters = KeyedWaiters<Int>()
        private var taken: Set<Int> = []
        private(set) var served = 0
        private(set) var looks = 0

        init(_ executor: any SerialExecutor) { self.executor = executor }

        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        func take(_ keys: Set<Int>) async {
            await waiters.wait(
                for: {
                    looks += 1
                    return keys
                }, isFree: { !taken.contains($0) }, take: { taken.formUnion($0) })
        }

        /// Gives a key back, and takes and gives back others at once, one after the other.
        func takeAgain(_ key: Int, then others: [Set<Int>]) async {
            giveBack([key])
            for keys in others {
                await take(keys)
                giveBack(keys)
            }
        }

        func giveBack(_ keys: Set<Int>) {
            served += 1
            taken.subtract(keys)
            waiters.wake(keys)
        }
    }

    @Test(.timeLimit(.minutes(15))) func `who waits for one of many keys loses no wake-up`() async throws {
        let thread = try IOThread(name: "keys")
        let owner = KeyOwner(TestQueue())
        let rounds = 1_000
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask(executorPreference: thread.taskExecutor) {
                    var random = SeededGenerator(seed: UInt64(task))
                    for _ in 0..<rounds {
                        let first = Int(random.next() % 6)
                        let keys: Set = [first, (first + 1 + Int(random.next() % 5)) % 6]
                        await owner.take(keys)
                        await owner.giveBack(keys)
                    }
                }
            }
        }
        #expect(await owner.served == 8 * rounds)
        await thread.stop()
    }

    @Test(.timeLimit(.minutes(15))) func `who gives back and wants again does not overtake who was woken`() async {
        let owner = KeyOwner(TestQueue())
        await owner.take([0])
        let patient = Task { await owner.take([0, 1]) }
        while await owner.looks < 3 { await Task.yield() }
        // One turn of the owner: nobody else runs between the two, if the taking needs no wait.
        let greedy = Task { await owner.takeAgain(0, then: [[1], [0], [1]]) }
        await patient.value
        #expect(await owner.served == 1)
        await owner.giveBack([0, 1])
        await greedy.value
    }

    @Test func `a key that comes free has only those look again who wait for it`() async {
        let owner = KeyOwner(TestQueue())
        for key in 0..<100 { await owner.take([key]) }
        await withTaskGroup(of: Void.self) { group in
            for key in 0..<100 { group.addTask { await owner.take([key]) } }
            // Two looks each: one that is made at once, one in the turn in which the wait begins.
            while await owner.looks < 300 { await Task.yield() }
            for key in 0..<100 { await owner.giveBack([key]) }
        }
        #expect(await owner.looks == 400)
    }
}
