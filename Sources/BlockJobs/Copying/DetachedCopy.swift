internal import Storage
internal import Waiting

/// One copy made on behalf of a guest's request, in a task of its own, so that the guest can be let go when the job ends though the disk may
/// never complete the copy.
final class DetachedCopy {
    /// How it ended for the guest.
    enum End {
        /// The copy is made.
        case done
        /// It failed.
        case failed(BlockError)
        /// The job is over; the guest's request is none of its business any more.
        case released
    }

    private let outcome = Outcome<End>()

    /// Ends it, once; later calls change nothing.
    func end(_ result: End) { outcome.resolve(result) }

    /// Waits for its end.
    func wait() async -> End { await outcome.wait() }
}
