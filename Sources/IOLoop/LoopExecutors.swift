// Two faces of one loop. The references back are unowned: the thread keeps its core alive until it ends.

/// The isolation of `IOThread`.
final class LoopSerialExecutor: SerialExecutor {
    private unowned let core: LoopCore

    init(core: LoopCore) { self.core = core }

    func enqueue(_ job: UnownedJob) { core.enqueue(job) }
    func checkIsolated() { precondition(core.isCurrentThread, "expected to run on the I/O loop") }
    func isIsolatingCurrentContext() -> Bool? { core.isCurrentThread }
}

/// Where tasks that prefer the loop run when they are isolated to nothing.
final class LoopTaskExecutor: TaskExecutor {
    private unowned let core: LoopCore

    init(core: LoopCore) { self.core = core }

    func enqueue(_ job: UnownedJob) { core.enqueue(job) }
}
