import Dispatch
import Glibc

/// Stays with clients that ask again as soon as they have their answer.
///
/// Until a Dispatch source has told its handler that a socket is readable, Dispatch's epoll thread wakes up twice, once to see it and once
/// to arm the descriptor again, and a worker thread once. A client that asks one thing at a time pays that with every request: several
/// times what the request costs. So while a client is prompt (`Promptness`), its source rests, and the control queue looks for its bytes
/// itself, giving up the processor after each look. (A sleep with a time limit would be no cheaper than a source where arming a timer
/// means a trip to a hypervisor.)
///
/// Nobody pays for that: a wait lasts `patience` at most, and between two turns everything runs that the queue was given in the meantime. A
/// daemon whose clients are silent looks for nothing.
///
/// Confined to its queue.
final class Attention: @unchecked Sendable {
    /// What a stay is about.
    protocol Client: AnyObject {
        /// What becomes readable.
        var descriptor: Int32 { get }
        /// Reads what has come and carries it out. Returns false when nothing has come.
        func serve() -> Bool
        /// The stay has ended, and the source is wanted again.
        func leave(_ end: Promptness.StayEnd)
    }

    /// How long the queue waits for prompt clients, in nanoseconds: some times what a client's side of an exchange takes.
    static let patience: UInt64 = 50_000
    /// How long it goes on before others on the queue have their turn, in nanoseconds.
    static let turnLength: UInt64 = 100_000
    /// When somebody else has had the processor for longer than this, in nanoseconds, it is not a client's, and others need it.
    static let longestAbsence: UInt64 = 100_000
    /// Clients that it stays with at a time; the others come through their sources.
    static let capacity = 16

    private static let key = DispatchSpecificKey<Attention>()

    private struct Stay {
        let client: any Client
        /// Turns in a row that brought nothing from it while others kept the queue busy.
        var silentTurns = 0
    }

    /// After so many silent turns a client makes room for others.
    private static let mostSilentTurns = 256

    private unowned let queue: DispatchQueue
    private var stays: [Stay] = []
    /// What the kernel is asked, in the order of `stays`.
    private var descriptors: [pollfd] = []
    private var isScheduled = false

    private init(_ queue: DispatchQueue) { self.queue = queue }

    /// The one of the queue.
    static func shared(on queue: DispatchQueue) -> Attention {
        dispatchPrecondition(condition: .onQueue(queue))
        if let shared = queue.getSpecific(key: key) { return shared }
        let shared = Attention(queue)
        queue.setSpecific(key: key, value: shared)
        return shared
    }

    /// Stays with a client from now on. Returns false when there are enough.
    func join(_ client: any Client) -> Bool {
        guard stays.count < Self.capacity else { return false }
        stays.append(Stay(client: client))
        descriptors.append(pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0))
        schedule()
        return true
    }

    /// Ends a stay; `leave` is not called.
    func part(from client: any Client) {
        guard let index = stays.firstIndex(where: { $0.client === client }) else { return }
        stays.remove(at: index)
        descriptors.remove(at: index)
    }

    private func schedule() {
        guard !isScheduled, !stays.isEmpty else { return }
        isScheduled = true
        // Held until the turn is over: the queue may be given up meanwhile, and this object with it.
        queue.async { [self, queue] in
            defer { withExtendedLifetime(queue) {} }
            isScheduled = false
            turn()
            schedule()
        }
    }

    /// Waits and serves until nothing comes in time, or until it is time for what else the queue has got.
    private func turn() {
        let start = Monotonic.now()
        var lastRequest = start
        var last = start
        while !stays.isEmpty {
            // A client on this processor can go on only when it gets the processor.
            sched_yield()
            let now = Monotonic.now()
            let isAbsence = now - last > Self.longestAbsence
            let hasServed = stays.count == 1 ? stays[0].client.serve() : serveReady()
            if isAbsence { return endAll(.absence) }
            last = Monotonic.now()
            if hasServed { lastRequest = last }
            if last - lastRequest > Self.patience { return endAll(.silence) }
            if last - start > Self.turnLength { return }
        }
    }

    /// Serves those of several clients that have sent something.
    private func serveReady() -> Bool {
        guard poll(&descriptors, nfds_t(descriptors.count), 0) > 0 else { return false }
        var ready: [any Client] = []
        var silent: [any Client] = []
        for index in stays.indices {
            if descriptors[index].revents != 0 {
                stays[index].silentTurns = 0
                ready.append(stays[index].client)
            } else {
                stays[index].silentTurns += 1
                if stays[index].silentTurns > Self.mostSilentTurns { silent.append(stays[index].client) }
            }
        }
        // Serving one may end the stay of any.
        for client in ready where isHere(client) { _ = client.serve() }
        for client in silent where isHere(client) {
            part(from: client)
            client.leave(.silence)
        }
        return true
    }

    private func isHere(_ client: any Client) -> Bool { stays.contains { $0.client === client } }

    private func endAll(_ end: Promptness.StayEnd) {
        let ended = stays
        stays.removeAll(keepingCapacity: true)
        descriptors.removeAll(keepingCapacity: true)
        for stay in ended { stay.client.leave(end) }
    }
}

/// A clock that only goes forward.
enum Monotonic {
    /// Its time in nanoseconds.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
