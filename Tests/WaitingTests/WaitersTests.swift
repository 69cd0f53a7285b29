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
    @Test(.timeLimit(.minutes(2))) func `no wake-up is lost when tasks prefer another executor than their actor's`() async throws {
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
}
