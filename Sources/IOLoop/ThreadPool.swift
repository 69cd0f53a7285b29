internal import CLinux
internal import Glibc
internal import Waiting

/// Threads for calls that block: at most `limit`, made when work waits and none is idle, ended after some idle seconds.
///
/// A call that never returns keeps its thread. When calls wait and none has ended for a second, the threads are taken to hang (a dead server's
/// files do that), and more are made, up to `most`: who has nothing to do with what hangs goes on.
/// Unchecked: `lock` guards every variable.
final class ThreadPool: @unchecked Sendable {
    /// One call, and the loop that wants its result.
    struct Call {
        let body: @Sendable () -> Int
        let continuation: UnsafeContinuation<Int, Never>
        let core: LoopCore

        /// Makes the call.
        func result() -> LoopCore.PoolResult { LoopCore.PoolResult(continuation: continuation, value: body()) }
    }

    /// What a thread is given.
    enum Work {
        /// A call, whose result goes to its loop at once.
        case call(Call)
        /// Taking part in a row of calls.
        case row(CallRow)

        func perform() {
            switch self {
            case .call(let call):
                let result = call.result()
                call.core.mail { $0.results.append(result) }
            case .row(let row): row.run()
            }
        }
    }

    /// How long an idle thread waits for work before it ends.
    private static let idleSeconds: Int32 = 10

    private let limit: Int
    /// How many threads there may be when others hang.
    private var most: Int { 8 * limit }
    /// After so long without the end of a call all threads are taken to hang, in nanoseconds.
    private static let patience: UInt64 = 1_000_000_000
    private let name: String
    private let lock = PlatformLock()
    /// Posted for each wake-up. A semaphore, since a condition variable of glibc before 2.41 may lose a signal: a call would then wait until an idle
    /// thread's time is over.
    private let arrival: UnsafeMutablePointer<sem_t>
    private var waiting: [Work] = []
    /// Where the queue's front is in `waiting`.
    private var front = 0
    private var threads = 0
    private var idle = 0
    private var isClosed = false
    /// When a call last ended, on the monotonic clock.
    private var lastEnd: UInt64 = 0
    /// Whether somebody will look again whether all threads hang.
    private var isWatched = false

    init(limit: Int, name: String) {
        self.limit = max(1, limit)
        self.name = name
        arrival = .allocate(capacity: 1)
        arrival.initialize(to: sem_t())
        sem_init(arrival, 0, 0)
    }

    deinit {
        sem_destroy(arrival)
        arrival.deallocate()
    }

    /// How many threads there are now.
    var threadCount: Int {
        lock.lock()
        defer { lock.unlock() }
        return threads
    }

    /// Performs `work` on a thread of the pool.
    func submit(_ work: Work) {
        lock.lock()
        waiting.append(work)
        // `idle` counts threads that were not yet given work: each waiting item claims one of them.
        let isShort = waiting.count - front > idle
        let needsThread = isShort && threads < limit
        let wakesThread = !needsThread && idle > 0
        if needsThread { threads += 1 }
        let watches = isShort && !needsThread && !isWatched && threads < most
        if watches { isWatched = true }
        lock.unlock()
        if watches { watch() }
        // After the unlock, or who wakes up waits for the lock first. Where somebody else takes the work meanwhile, who wakes up waits again.
        if wakesThread { sem_post(arrival) }
        if needsThread, !startThread() { threadFailed() }
    }

    /// Looks again after a while whether what waits now still does.
    private func watch() {
        Task.detached { [self] in
            do { try await pause(for: .nanoseconds(Self.patience)) } catch {
                // Nobody cancels it.
            }
            addThreadIfAllHang()
        }
    }

    private func addThreadIfAllHang() {
        lock.lock()
        let isShort = !isClosed && waiting.count - front > idle
        let needsThread = isShort && threads < most && Self.now &- lastEnd >= Self.patience
        if needsThread { threads += 1 }
        isWatched = isShort && threads < most
        let watches = isWatched
        lock.unlock()
        if needsThread, !startThread() { threadFailed() }
        if watches { watch() }
    }

    private static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    /// Lets idle threads end; called when nothing will be submitted any more.
    func close() {
        lock.lock()
        isClosed = true
        for _ in 0..<threads { sem_post(arrival) }
        lock.unlock()
    }

    private func startThread() -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 512 << 10)
        let context = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let result = pthread_create(
            &thread, &attributes,
            { @Sendable raw in
                guard let raw else { return nil }
                Unmanaged<ThreadPool>.fromOpaque(raw).takeRetainedValue().work()
                return nil
            }, context.toOpaque())
        if result != 0 { context.release() }
        return result == 0
    }

    /// The host gives no more threads. While others exist they come to the work in time; without any the caller does it itself: late, but
    /// nothing hangs.
    private func threadFailed() {
        lock.lock()
        threads -= 1
        sem_post(arrival)
        let work = threads == 0 ? next() : nil
        lock.unlock()
        work?.perform()
    }

    private func next() -> Work? {
        guard front < waiting.count else { return nil }
        let work = waiting[front]
        front += 1
        if front == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            front = 0
        } else if front >= 256 {
            waiting.removeFirst(front)
            front = 0
        }
        return work
    }

    private func work() {
        clinux_thread_set_name(name)
        lock.lock()
        while true {
            if let work = next() {
                lock.unlock()
                work.perform()
                let end = Self.now
                lock.lock()
                lastEnd = end
                continue
            }
            if isClosed { break }
            idle += 1
            let isTimedOut = waitForWork()
            idle -= 1
            if isTimedOut && front == waiting.count { break }
        }
        threads -= 1
        lock.unlock()
    }

    /// Called, and returns, with the lock held.
    /// - Returns: whether the time is over.
    private func waitForWork() -> Bool {
        lock.unlock()
        defer { lock.lock() }
        return !clinux_semaphore_wait(arrival, Self.idleSeconds)
    }
}
