import Glibc
import TestSupport

/// The control plane's executor in a storm, and the place of tasks that prefer none: both are played on the storm's loop, between the loop's own
/// steps, in an order that a generator chooses. So the loop's thread is the only one that works, and a seed decides the order of everything.
///
/// Tasks without a preference are caught by the hook that the concurrency runtime has for its global pool; it is the process's, and passes on
/// whatever comes from other threads.
final class StormLane: SerialExecutor {
    private enum Work: Sendable {
        case job(UnownedJob)
        case call(@Sendable () -> Void)
    }

    private struct Queues {
        var control: [Work] = []
        var free: [UnownedJob] = []
        var isInControl = false
    }
    private let queues = Guarded(Queues())
    private let pool = FreeTasks()

    // MARK: The control plane

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queues.withLock { $0.control.append(.job(job)) }
    }

    /// Calls `action` on the control plane in its turn.
    func call(_ action: @escaping @Sendable () -> Void) { queues.withLock { $0.control.append(.call(action)) } }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
    func checkIsolated() { precondition(queues.withLock { $0.isInControl }, "not on the control plane") }
    func isIsolatingCurrentContext() -> Bool? { queues.withLock { $0.isInControl } }

    // MARK: The order

    /// Whether nobody waits for a turn here.
    var isIdle: Bool { queues.withLock { $0.control.isEmpty && $0.free.isEmpty } }

    /// Runs one step of the control plane or of a task without preference.
    func runOne(_ generator: inout SeededGenerator) {
        let picksFree = Bool.random(using: &generator)
        let (work, free) = queues.withLock { queues -> (Work?, UnownedJob?) in
            if !queues.free.isEmpty, picksFree || queues.control.isEmpty { return (nil, queues.free.removeFirst()) }
            guard !queues.control.isEmpty else { return (nil, nil) }
            queues.isInControl = true
            return (queues.control.removeFirst(), nil)
        }
        switch work {
        case .job(let job): job.runSynchronously(on: asUnownedSerialExecutor())
        case .call(let action): action()
        case nil: break
        }
        queues.withLock { $0.isInControl = false }
        free?.runSynchronously(on: pool.asUnownedTaskExecutor())
    }

    // MARK: The global pool

    /// Only an identity: what it runs prefers nothing.
    private final class FreeTasks: TaskExecutor {
        func enqueue(_ job: consuming ExecutorJob) { preconditionFailure("no task prefers this") }
    }

    /// From here on tasks without a preference that begin or go on on this thread are played here.
    func enter() {
        _ = Self.isHooked
        pthread_setspecific(Self.key, Unmanaged.passUnretained(self).toOpaque())
    }

    func leave() { pthread_setspecific(Self.key, nil) }

    private typealias Original = @convention(thin) (UnownedJob) -> Void
    private typealias Hook = @convention(thin) (UnownedJob, Original) -> Void

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()

    private static let isHooked: Bool = {
        _ = key
        guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "swift_task_enqueueGlobal_hook") else { return false }
        symbol.assumingMemoryBound(to: Hook?.self).pointee = { job, original in
            guard let lane = pthread_getspecific(StormLane.key) else { return original(job) }
            Unmanaged<StormLane>.fromOpaque(lane).takeUnretainedValue().queues.withLock { $0.free.append(job) }
        }
        return true
    }()
}
