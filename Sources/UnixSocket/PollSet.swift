import CEpoll
import Dispatch
import Glibc

/// What a descriptor can be ready for.
struct Readiness: OptionSet {
    let rawValue: UInt8
    static let input = Readiness(rawValue: 1)
    static let output = Readiness(rawValue: 2)
}

/// The descriptors of one queue, and what the kernel says of them.
///
/// One epoll instance watches the descriptors, and one Dispatch source watches that instance. A Dispatch source on a socket itself would be
/// a danger: when the other side hangs up, Dispatch's event thread goes on reading a record of the descriptor that the source's queue may
/// free at the same time (seen with Swift 6.3's `_dispatch_event_merge_fd`), and the process dies of a client that leaves. Nobody can hang up
/// an epoll instance.
///
/// Confined to its queue, with which it stays; its instance exists while there are watches.
final class PollSet: @unchecked Sendable {
    /// Descriptors that are served in one turn; then others on the queue have theirs.
    private static let turnLength = 16
    /// When the kernel has no memory, or no descriptor, to watch one, it is looked at so often instead.
    private static let pause = DispatchTimeInterval.milliseconds(100)
    private static let key = DispatchSpecificKey<PollSet>()

    private unowned let queue: DispatchQueue
    /// The epoll instance, or -1 before there is one.
    private var instance: Int32 = -1
    private var source: (any DispatchSourceRead)?
    private let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: turnLength)
    private var watches: [UInt64: Watch] = [:]
    private var lastKey: UInt64 = 0

    private init(_ queue: DispatchQueue) { self.queue = queue }

    // Dispatch lets go of what a queue holds on another thread.
    deinit { events.deallocate() }

    /// The one of the queue.
    private static func shared(on queue: DispatchQueue) -> PollSet {
        dispatchPrecondition(condition: .onQueue(queue))
        if let shared = queue.getSpecific(key: key) { return shared }
        let shared = PollSet(queue)
        queue.setSpecific(key: key, value: shared)
        return shared
    }

    /// Watches a descriptor, which must stay open until `Watch.end`. Nothing is reported before something is wanted.
    /// - Parameter report: gets what is ready of what is wanted, on the queue, again and again as long as both hold.
    static func watch(_ descriptor: Int32, on queue: DispatchQueue, report: @escaping (Readiness) -> Void) -> Watch {
        shared(on: queue).add(descriptor, report)
    }

    private func add(_ descriptor: Int32, _ report: @escaping (Readiness) -> Void) -> Watch {
        lastKey += 1
        let watch = Watch(descriptor, key: lastKey, in: self, report: report)
        watches[lastKey] = watch
        return watch
    }

    // MARK: The instance

    /// Whether there is an instance, or can be now.
    private func open() -> Bool {
        guard instance < 0 else { return true }
        let instance = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard instance >= 0 else { return false }
        self.instance = instance
        let source = DispatchSource.makeReadSource(fileDescriptor: instance, queue: queue)
        source.setEventHandler { @Sendable [weak self] in self?.reportReady() }
        source.setCancelHandler { @Sendable in close(instance) }
        source.activate()
        self.source = source
        return true
    }

    // MARK: Reports

    private func reportReady() {
        let count = epoll_wait(instance, events, Int32(Self.turnLength), 0)
        for index in 0..<max(0, Int(count)) {
            let event = events[index]
            // One that was served before may have ended this one.
            watches[event.data.u64]?.report(Readiness(event.events))
        }
    }

    // MARK: What watches want

    /// Tells the kernel what a watch wants from now on. One that wants nothing is taken out: a hang-up is reported to all that are in.
    fileprivate func update(_ watch: Watch) {
        if watch.wanted.isEmpty {
            guard watch.isInKernel else { return }
            _ = control(EPOLL_CTL_DEL, watch)
            watch.isInKernel = false
        } else if watch.isInKernel {
            _ = control(EPOLL_CTL_MOD, watch)
        } else if !watch.isLookPlanned {
            enter(watch)
        }
    }

    private func enter(_ watch: Watch) {
        guard let code = control(EPOLL_CTL_ADD, watch) else {
            watch.isInKernel = true
            return
        }
        watch.isLookPlanned = true
        let look = DispatchWorkItem { [weak self] in self?.look(at: watch) }
        // Regular files and some devices cannot be watched: they are always ready.
        if code == EPERM { queue.async(execute: look) } else { queue.asyncAfter(deadline: .now() + Self.pause, execute: look) }
    }

    /// Takes a descriptor for ready that the kernel does not watch.
    private func look(at watch: Watch) {
        watch.isLookPlanned = false
        guard watches[watch.key] != nil, !watch.wanted.isEmpty else { return }
        watch.report(watch.wanted)
        guard watches[watch.key] != nil else { return }
        update(watch)
    }

    /// Returns the `errno` value of a failure.
    private func control(_ operation: Int32, _ watch: Watch) -> Int32? {
        guard open() else { return errno }
        var event = epoll_event()
        event.events = watch.wanted.kernelEvents
        event.data.u64 = watch.key
        return epoll_ctl(instance, operation, watch.descriptor, &event) == 0 ? nil : errno
    }

    fileprivate func remove(_ watch: Watch) {
        watches[watch.key] = nil
        guard watches.isEmpty else { return }
        // The set stays: Dispatch would free it on a thread that it counts by /proc, where a process without /proc is ended.
        source?.cancel()
        source = nil
        instance = -1
    }
}

/// One descriptor's place in the set of its queue. Confined to that queue.
final class Watch: @unchecked Sendable {
    fileprivate let descriptor: Int32
    fileprivate let key: UInt64
    fileprivate private(set) var wanted: Readiness = []
    fileprivate var isInKernel = false
    fileprivate var isLookPlanned = false
    private let handler: (Readiness) -> Void
    /// Nil when the watch has ended.
    private var set: PollSet?

    fileprivate init(_ descriptor: Int32, key: UInt64, in set: PollSet, report: @escaping (Readiness) -> Void) {
        self.descriptor = descriptor
        self.key = key
        self.set = set
        handler = report
    }

    /// Asks for these reports from now on, and no others.
    func want(_ readiness: Readiness) {
        guard readiness != wanted, let set else { return }
        wanted = readiness
        set.update(self)
    }

    fileprivate func report(_ readiness: Readiness) {
        let ready = readiness.intersection(wanted)
        if !ready.isEmpty { handler(ready) }
    }

    /// Ends the watch: nothing is reported any more, and the descriptor may be closed.
    func end() {
        want([])
        set?.remove(self)
        set = nil
    }
}

extension Readiness {
    /// What the kernel reports. A hang-up and an error are found by reading and by writing.
    fileprivate init(_ events: UInt32) {
        let troubles = EPOLLHUP.rawValue | EPOLLERR.rawValue
        self = []
        if events & (EPOLLIN.rawValue | troubles) != 0 { insert(.input) }
        if events & (EPOLLOUT.rawValue | troubles) != 0 { insert(.output) }
    }

    fileprivate var kernelEvents: UInt32 {
        (contains(.input) ? EPOLLIN.rawValue : 0) | (contains(.output) ? EPOLLOUT.rawValue : 0)
    }
}
