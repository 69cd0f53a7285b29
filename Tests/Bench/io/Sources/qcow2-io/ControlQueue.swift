import Dispatch

/// The control plane's executor: one serial queue, as in the daemon.
final class ControlQueue: SerialExecutor {
    private let queue = DispatchQueue(label: "control")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
