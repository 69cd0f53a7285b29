internal import CLinux
internal import Glibc
internal import Synchronization

/// The loop behind an `IOThread`: its thread, its queue of jobs, its ring and pool.
///
/// Unchecked: `state` belongs to the loop's thread, `inbox` is guarded by `lock`, the rest is constant or atomic.
final class LoopCore: @unchecked Sendable {
    /// What only the loop's thread touches. Behind one pointer, since dynamic exclusivity checks would cost a tenth.
    struct State {
        var ring: Ring?
        var ready = JobQueue()
        var timers = TimerHeap()
        /// Results of the pool that are being handed to their tasks; empty otherwise.
        var results: [PoolResult] = []
        /// Requests whose continuation the kernel or the pool holds.
        var inFlight = 0
        /// Without a ring: descriptors that tasks wait for.
        var polls: [(descriptor: Int32, events: Int16, continuation: UnsafeContinuation<Int, Never>)] = []
    }

    /// What other threads hand to the loop.
    struct Inbox {
        var jobs = JobQueue()
        /// Calls on the pool that have returned.
        var results: [PoolResult] = []
        var cancelledTimers: [LoopTimer] = []
        var endObservers: [EndObserver] = []
        var hasEnded = false
    }

    /// What a call on the pool has returned, and who waits for it.
    struct PoolResult {
        let continuation: UnsafeContinuation<Int, Never>
        let value: Int
    }

    let state: UnsafeMutablePointer<State>
    let inbox: UnsafeMutablePointer<Inbox>
    let lock = PlatformLock()
    let wakeDescriptor: Int32
    /// Something is in the inbox. Set after the insertion, read before sleeping.
    let hasMail = Atomic<Bool>(false)
    /// The loop is about to wait in the kernel and wants the eventfd signalled; who takes it back signals.
    let isAsleep = Atomic<Bool>(false)
    /// The end was asked for.
    let isStopping = Atomic<Bool>(false)
    /// Tasks of `IOThread.run` and `task` that have not ended. The thread outlives them all.
    let users = Atomic<Int>(0)
    let pool: ThreadPool
    private let requestedEngine: IOThread.Engine

    // Written by the loop's thread before `start` returns, constant from then on.
    private(set) var engineDescription = ""
    private(set) var usesRing = false

    private(set) lazy var serialExecutor = LoopSerialExecutor(core: self)
    private(set) lazy var taskExecutor = LoopTaskExecutor(core: self)

    private init(name: String, engine: IOThread.Engine, poolLimit: Int, wakeDescriptor: Int32) {
        state = .allocate(capacity: 1)
        state.initialize(to: State())
        inbox = .allocate(capacity: 1)
        inbox.initialize(to: Inbox())
        pool = ThreadPool(limit: poolLimit, name: name + "-pool")
        requestedEngine = engine
        self.wakeDescriptor = wakeDescriptor
        // Made now, because lazy initialisation is not safe from several threads.
        _ = serialExecutor
        _ = taskExecutor
    }

    deinit {
        pool.close()
        close(wakeDescriptor)
        state.pointee.ready.deallocate()
        state.deinitialize(count: 1)
        state.deallocate()
        inbox.pointee.jobs.deallocate()
        inbox.deinitialize(count: 1)
        inbox.deallocate()
    }

    /// Whether the calling thread is this loop's.
    var isCurrentThread: Bool { clinux_thread_local_get() == UnsafeMutableRawPointer(state) }

    /// Starts the thread and returns when its ring exists or was refused.
    static func start(name: String, engine: IOThread.Engine, poolLimit: Int) throws(IOLoopError) -> LoopCore {
        let descriptor = clinux_eventfd()
        guard descriptor >= 0 else { throw .system(errno: -descriptor) }
        let core = LoopCore(name: name, engine: engine, poolLimit: poolLimit, wakeDescriptor: descriptor)
        let launch = Launch(core: core, name: name)
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let context = Unmanaged.passRetained(launch)
        let result = pthread_create(
            &thread, &attributes,
            { @Sendable raw in
                guard let raw else { return nil }
                let launch = Unmanaged<Launch>.fromOpaque(raw).takeRetainedValue()
                clinux_thread_set_name(launch.name)
                // Not that of the thread which started this one: the control plane's is shorter.
                clinux_thread_set_slice(0)
                launch.core.prepare()
                let core = launch.core
                launch.started()
                core.runUntilStopped()
                return nil
            }, context.toOpaque())
        guard result == 0 else {
            context.release()
            throw .system(errno: result)
        }
        launch.wait()
        return core
    }

    /// On the loop's thread, first thing: a deferred ring belongs to the thread that made it.
    private func prepare() {
        clinux_thread_local_set(UnsafeMutableRawPointer(state))
        guard requestedEngine == .automatic else {
            engineDescription = "threads (as asked)"
            return
        }
        switch Ring.make() {
        case .success(let ring):
            state.pointee.ring = ring
            ring.armWake(wakeDescriptor)
            engineDescription = ring.description
            usesRing = true
        case .failure(let refusal):
            engineDescription = "threads (\(refusal.description))"
        }
    }

    /// Queues a job, from any thread.
    func enqueue(_ job: UnownedJob) {
        if isCurrentThread {
            state.pointee.ready.append(job)
        } else {
            mail { $0.jobs.append(job) }
        }
    }

    /// Puts something into the inbox and wakes the loop.
    func mail(_ insert: (inout Inbox) -> Void) {
        lock.lock()
        insert(&inbox.pointee)
        lock.unlock()
        hasMail.store(true, ordering: .sequentiallyConsistent)
        wakeIfAsleep()
    }

    func wakeIfAsleep() {
        if isAsleep.exchange(false, ordering: .sequentiallyConsistent) { clinux_eventfd_signal(wakeDescriptor) }
    }
}

/// Hands a new thread its core, and its starter the news that it runs.
private final class Launch: @unchecked Sendable {
    let core: LoopCore
    let name: String
    private let semaphore: UnsafeMutablePointer<sem_t>

    init(core: LoopCore, name: String) {
        self.core = core
        self.name = name
        semaphore = .allocate(capacity: 1)
        semaphore.initialize(to: sem_t())
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func started() { sem_post(semaphore) }
    func wait() { while sem_wait(semaphore) != 0 {} }
}
