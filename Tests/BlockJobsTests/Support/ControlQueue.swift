import Dispatch

/// The control plane's executor as the daemon has it: a serial Dispatch queue.
final class ControlQueue: SerialExecutor {
    let queue = DispatchQueue(label: "control")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
    func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }
}
