/// Tasks that wait for a condition of their owner's state.
///
/// An `await` is not one step with the statement before it: a task whose executor preference differs from its actor's leaves the actor
/// between a look at the state and the continuation that follows, and a wake-up in between is lost. So a waiter looks again inside the
/// continuation's closure, which runs in one turn of the owner, and after each wake-up. This is the only way to wait for a condition; a rule
/// test finds others.
///
/// Bound to one isolation domain, as its owner is: an actor, or a loop. Waiting and waking happen there. Without waiters nothing is allocated.
public final class Waiters {
    private var waiting: [UnsafeContinuation<Void, Never>] = []

    /// Makes a list without waiters.
    public init() {}

    /// Whether nobody waits.
    public var isEmpty: Bool { waiting.isEmpty }

    /// Returns what `attempt` gives as soon as that is not nil. `attempt` is called first without suspending, then after each `wakeAll`, and may
    /// take what it returns: nothing of the owner runs between a successful attempt and its effect on the owner's state.
    ///
    /// Who is woken in vain waits behind those that came meanwhile. Where the order matters, `attempt` keeps it.
    @inlinable
    public func wait<Value>(isolation: isolated (any Actor)? = #isolation, for attempt: () -> Value?) async -> Value {
        if let value = attempt() { return value }
        return await suspended(isolation: isolation, until: attempt)
    }

    /// Returns when `condition` holds, without suspending if it does already.
    @inlinable
    public func wait(isolation: isolated (any Actor)? = #isolation, until condition: () -> Bool) async {
        if condition() { return }
        return await suspended(isolation: isolation) { condition() ? () : nil }
    }

    @usableFromInline
    func suspended<Value>(isolation: isolated (any Actor)?, until attempt: () -> Value?) async -> Value {
        var value: Value?
        while true {
            await withUnsafeContinuation { continuation in
                value = attempt()
                if value == nil { waiting.append(continuation) } else { continuation.resume() }
            }
            if let value { return value }
        }
    }

    /// Lets everybody look at the state again. Call it after each change that may make a condition true.
    @inlinable
    public func wakeAll() {
        if !isEmpty { resumeAll() }
    }

    @usableFromInline
    func resumeAll() {
        let woken = waiting
        waiting = []
        for continuation in woken { continuation.resume() }
    }
}
