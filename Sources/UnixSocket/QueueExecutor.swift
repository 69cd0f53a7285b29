public import Dispatch

/// A serial Dispatch queue as the executor of actors, so that sockets and actors share one queue.
///
/// It is an executor of actors, and a preference of tasks: a task that has it and calls only actors of this executor never hops.
/// Code on the queue that calls an actor of this executor does not hop, and `assumeIsolated` holds there.
public final class QueueExecutor: SerialExecutor, TaskExecutor {
    /// The queue that everything runs on.
    public let queue: DispatchQueue
    private static let key = DispatchSpecificKey<ObjectIdentifier>()

    /// Makes an executor with a new serial queue.
    public init(label: String) {
        queue = DispatchQueue(label: label, qos: .userInitiated)
        queue.setSpecific(key: Self.key, value: ObjectIdentifier(self))
    }

    /// Runs the job on the queue, behind what is there.
    ///
    /// Each job runs as both an actor's and a preferring task's: a runtime that saw only one of them would enqueue anew at every switch between
    /// actors.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            job.runSynchronously(isolatedTo: self.asUnownedSerialExecutor(), taskExecutor: self.asUnownedTaskExecutor())
        }
    }

    /// Traps when the caller is not on the queue.
    public func checkIsolated() { dispatchPrecondition(condition: .onQueue(queue)) }

    /// Whether the caller is on the queue.
    public func isIsolatingCurrentContext() -> Bool? {
        DispatchQueue.getSpecific(key: Self.key) == ObjectIdentifier(self)
    }
}
