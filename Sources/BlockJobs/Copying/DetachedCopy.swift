internal import Storage

/// One copy made on behalf of a guest's request, in a task of its own, so that the guest can be let go when the job ends though the disk may
/// never complete the copy.
final class DetachedCopy {
    /// How it ended for the guest.
    enum Outcome {
        /// The copy is made.
        case done
        /// It failed.
        case failed(BlockError)
        /// The job is over; the guest's request is none of its business any more.
        case released
    }

    private var outcome: Outcome?
    private var waiter: UnsafeContinuation<Outcome, Never>?

    /// Ends it, once; later calls change nothing.
    func end(_ result: Outcome) {
        guard outcome == nil else { return }
        outcome = result
        waiter?.resume(returning: result)
        waiter = nil
    }

    /// Waits for its end. One waiter.
    func wait() async -> Outcome {
        if let outcome { return outcome }
        return await withUnsafeContinuation { waiter = $0 }
    }
}
