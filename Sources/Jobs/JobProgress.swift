import Synchronization

/// How far a job is, in a unit of the body's choice (bytes, for block jobs).
///
/// Rules: the current value never falls and never exceeds the total. The total may grow at any time, and may shrink, though never below the
/// current value, when work turns out not to be needed. Body and registry read and write it without a hop.
public final class JobProgress: Sendable {
    private let done = Atomic<Int64>(0)
    private let all = Atomic<Int64>(0)

    /// Nothing done, nothing to do.
    public init() {}

    /// How much is done.
    public var current: Int64 { done.load(ordering: .acquiring) }

    /// How much there is to do in all.
    public var total: Int64 { snapshot.total }

    /// One look at both.
    var snapshot: (current: Int64, total: Int64) {
        let current = done.load(ordering: .acquiring)
        return (current, max(current, all.load(ordering: .acquiring)))
    }

    /// `amount` more is done; the total stays, and grows only when less than `amount` was left.
    public func advance(by amount: Int64) {
        precondition(amount >= 0, "progress never falls")
        let current = done.add(amount, ordering: .acquiringAndReleasing).newValue
        _ = all.max(current, ordering: .acquiringAndReleasing)
    }

    /// Sets how much is left to do; the total follows.
    public func setRemaining(_ amount: Int64) {
        precondition(amount >= 0, "nothing can be less than done")
        let (sum, overflow) = current.addingReportingOverflow(amount)
        all.store(overflow ? .max : sum, ordering: .releasing)
    }

    /// `amount` more is to be done than was known.
    public func grow(by amount: Int64) {
        precondition(amount >= 0, "use setRemaining to shrink")
        _ = all.add(amount, ordering: .acquiringAndReleasing)
    }
}
