/// An outcome that is told once and then stays: the end of a piece of work, for all who wait for it, before and after.
///
/// Bound to one isolation domain, as `Waiters` are.
public final class Outcome<Value> {
    /// What was told; nil before.
    public private(set) var value: Value?
    private let waiters = Waiters()

    /// Makes an outcome that is still open.
    public init() {}

    /// Tells it. The first word counts; later ones change nothing.
    public func resolve(_ outcome: Value) {
        guard value == nil else { return }
        value = outcome
        waiters.wakeAll()
    }

    /// Returns it as soon as it is told.
    public func wait(isolation: isolated (any Actor)? = #isolation) async -> Value {
        await waiters.wait(isolation: isolation) { value }
    }
}
