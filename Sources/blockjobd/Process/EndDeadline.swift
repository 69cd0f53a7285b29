import CProcess
import Glibc

/// Ends the process when ending takes too long, whatever hangs: a thread of its own, made before anything else may use threads up. It needs neither
/// Dispatch, nor a descriptor, nor the control queue.
///
/// Unchecked: the plan is written once, before the thread is woken.
final class EndDeadline: @unchecked Sendable {
    private let isArmed: UnsafeMutablePointer<sem_t>
    private var plan: (seconds: Int, action: @Sendable () -> Void)?

    /// Makes the thread, after any fork.
    /// - Throws: when the host gives no thread.
    init() throws(StartFailure) {
        isArmed = .allocate(capacity: 1)
        sem_init(isArmed, 0, 0)
        let context = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { @Sendable raw in
                guard let raw else { return nil }
                Unmanaged<EndDeadline>.fromOpaque(raw).takeRetainedValue().wait()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw StartFailure("cannot start a thread", errno: code)
        }
        pthread_detach(thread)
    }

    /// Calls `action`, which ends the process, after so many seconds. Call once.
    func arm(seconds: Int, _ action: @escaping @Sendable () -> Void) {
        plan = (seconds, action)
        sem_post(isArmed)
    }

    private func wait() {
        while sem_wait(isArmed) != 0 {}
        guard let plan else { return }
        var wanted = timespec(tv_sec: plan.seconds, tv_nsec: 0)
        var rest = timespec()
        while nanosleep(&wanted, &rest) != 0 { wanted = rest }
        plan.action()
    }
}

extension ProcessSetup {
    /// How many threads the daemon has when it does nothing else than wait: Dispatch's, the loop's, the deadline's and a helper for files.
    private static let threadsNeeded = 5

    /// Sees to it that threads can be had, while an error can still be said: without them the daemon would be deaf and silent.
    static func checkThreads() throws(StartFailure) {
        let hold = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
        sem_init(hold, 0, 0)
        var threads: [pthread_t] = []
        var code: Int32 = 0
        // They do nothing, and are made at every start: small stacks make them quick.
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, 64 << 10)
        for _ in 0..<threadsNeeded where code == 0 {
            var thread = pthread_t()
            code = pthread_create(
                &thread, &attributes,
                { @Sendable raw in
                    guard let hold = raw?.assumingMemoryBound(to: sem_t.self) else { return nil }
                    while sem_wait(hold) != 0 {}
                    return nil
                }, hold)
            if code == 0 { threads.append(thread) }
        }
        for _ in threads { sem_post(hold) }
        for thread in threads { pthread_join(thread, nil) }
        sem_destroy(hold)
        hold.deallocate()
        guard code == 0 else {
            throw StartFailure(
                "cannot start the \(threadsNeeded) threads that are needed (TasksMax= of a unit, or a limit of processes, is too low)",
                errno: code)
        }
    }
}
