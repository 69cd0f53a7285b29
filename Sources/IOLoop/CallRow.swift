internal import CLinux
internal import Glibc

/// Blocking calls of which at most `width` run at a time; the others wait in the order in which they were asked for, without a thread.
///
/// For calls that the host would carry out one after the other anyway, such as writes to one file. A thread of the pool stays with them as long
/// as some wait, so that it neither sleeps between two nor moves to another processor.
/// Unchecked: `lock` guards every variable.
public final class CallRow: @unchecked Sendable {
    /// What a thread wants of a processor at a time meanwhile, in nanoseconds. Long, so that whoever wakes up, as the control plane's threads and
    /// clients do, need not wait for the end of its slice.
    private static let slice: UInt64 = 20_000_000
    /// Replies that may wait for others.
    private static let mostReplies = 8

    private let width: Int
    private let gatheringTime: UInt64
    private let isBulk: Bool
    private let lock = PlatformLock()
    private var waiting: [ThreadPool.Call] = []
    private var running = 0

    /// Makes an empty row.
    /// - Parameters:
    ///   - width: calls that may run at a time.
    ///   - gatheringTime: how many nanoseconds a call that has ended waits to be told of together with others, while others wait behind it: each
    ///     time the loop wakes up it takes the processor from the calls. It also waits for the end of the call that runs by then.
    ///   - isBulk: the calls take long, so that a thread's time slices are to be long.
    public init(width: Int, gatheringTime: UInt64 = 0, isBulk: Bool = true) {
        self.width = max(1, width)
        self.gatheringTime = gatheringTime
        self.isBulk = isBulk
    }

    /// Adds a call at the end.
    /// - Returns: whether another thread is to take part with `run`.
    func add(_ call: ThreadPool.Call) -> Bool {
        lock.withLock {
            waiting.append(call)
            guard running < width else { return false }
            running += 1
            return true
        }
    }

    /// Carries out calls until none is left. Blocks: belongs on the pool.
    func run() {
        if isBulk { clinux_thread_set_slice(Self.slice) }
        defer { if isBulk { clinux_thread_set_slice(0) } }
        var replies: [LoopCore.PoolResult] = []
        var firstReply: UInt64 = 0
        var core: LoopCore?
        func send() {
            core?.mail { $0.results += replies }
            replies.removeAll(keepingCapacity: true)
        }
        while let (call, left) = next() {
            // A node may have moved to another loop meanwhile.
            if core !== call.core {
                send()
                core = call.core
            }
            replies.append(call.result())
            if left < 2 || replies.count >= Self.mostReplies || gatheringTime == 0 {
                send()
            } else {
                let now = Self.nanoseconds()
                if replies.count == 1 { firstReply = now } else if now - firstReply > gatheringTime { send() }
            }
        }
        // Another thread may have taken those that were left.
        send()
    }

    /// The next call, and how many wait behind it.
    private func next() -> (ThreadPool.Call, left: Int)? {
        lock.withLock {
            if waiting.isEmpty {
                running -= 1
                return nil
            }
            // As many as a job has workers: moving them up costs nothing.
            return (waiting.removeFirst(), waiting.count)
        }
    }

    private static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
