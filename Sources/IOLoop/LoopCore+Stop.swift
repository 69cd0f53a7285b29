internal import Glibc
internal import Synchronization
internal import Waiting

/// Who waits for the thread's end; told once, by the thread or by the deadline.
final class EndObserver: @unchecked Sendable {
    // Guarded by the core's lock.
    private var continuation: UnsafeContinuation<Bool, Never>?

    init(_ continuation: UnsafeContinuation<Bool, Never>) { self.continuation = continuation }

    /// Takes the continuation, under the core's lock.
    func take() -> UnsafeContinuation<Bool, Never>? {
        defer { continuation = nil }
        return continuation
    }
}

extension LoopCore {
    /// Asks the thread to end, without waiting for it.
    func requestStop() {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        mail { _ in }
    }

    /// A task of `run` or `task` begins. It keeps the thread until `userLeft`.
    func userArrived() { users.wrappingAdd(1, ordering: .sequentiallyConsistent) }

    /// Such a task needs the loop no more.
    func userLeft() {
        users.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        if isStopping.load(ordering: .sequentiallyConsistent) { mail { _ in } }
    }

    func stop(within deadline: Duration) async -> Bool {
        precondition(!isCurrentThread, "a loop cannot wait for its own end")
        requestStop()
        return await withUnsafeContinuation { (continuation: UnsafeContinuation<Bool, Never>) in
            let observer = EndObserver(continuation)
            lock.lock()
            let hasEnded = inbox.pointee.hasEnded
            if !hasEnded { inbox.pointee.endObservers.append(observer) }
            lock.unlock()
            if hasEnded { return continuation.resume(returning: true) }
            Task.detached {
                do { try await pause(for: deadline) } catch {
                    // Nobody cancels it.
                }
                self.giveUp(observer)
            }
        }
    }

    private func giveUp(_ observer: EndObserver) {
        lock.lock()
        let continuation = observer.take()
        inbox.pointee.endObservers.removeAll { $0 === observer }
        lock.unlock()
        continuation?.resume(returning: false)
    }

    /// Whether the end was asked for and nothing needs the thread any more. Called with no job ready.
    var mayEnd: Bool {
        isStopping.load(ordering: .sequentiallyConsistent) && users.load(ordering: .sequentiallyConsistent) == 0
            && state.pointee.inFlight == 0 && state.pointee.timers.isEmpty && !hasMail.load(ordering: .sequentiallyConsistent)
    }

    /// The thread's last deed.
    func end() {
        if let ring = state.pointee.ring { ring.close() }
        state.pointee.ring = nil
        pool.close()
        lock.lock()
        inbox.pointee.hasEnded = true
        let continuations = inbox.pointee.endObservers.compactMap { $0.take() }
        inbox.pointee.endObservers = []
        lock.unlock()
        for continuation in continuations { continuation.resume(returning: true) }
    }
}
