/// Tasks that wait for one of several things to come free, each told only of the one that is in its way.
///
/// As `Waiters`, it looks again inside the continuation's closure and after each wake-up, and is bound to one isolation domain. A wake-up costs
/// who waits for that key, not everybody who waits.
public final class KeyedWaiters<Key: Hashable> {
    /// What an attempt comes to.
    public enum Attempt<Value: ~Copyable>: ~Copyable {
        /// It has succeeded.
        case done(Value)
        /// It cannot succeed before this key is woken.
        case blocked(by: Key)
    }

    private var waiting: [Key: [UnsafeContinuation<Void, Never>]] = [:]

    /// Makes a list without waiters.
    public init() {}

    /// Whether nobody waits.
    public var isEmpty: Bool { waiting.isEmpty }

    /// Returns what `attempt` gives as soon as it is done. `attempt` is called first without suspending, then whenever the key that was in its way
    /// is woken, and may take what it returns: nothing of the owner runs between a successful attempt and its effect on the owner's state.
    public func wait<Value: ~Copyable>(
        isolation: isolated (any Actor)? = #isolation, for attempt: () -> Attempt<Value>
    ) async -> Value {
        var result: Value?
        if case .done(let value) = attempt() { return value }
        while true {
            await withUnsafeContinuation { continuation in
                switch attempt() {
                case .done(let value):
                    result = consume value
                    continuation.resume()
                case .blocked(let key):
                    waiting[key, default: []].append(continuation)
                }
            }
            if let value = result.take() { return value }
        }
    }

    /// Lets those look again who were held up by one of these keys, in the order in which they came to wait for it.
    public func wake(_ keys: some Sequence<Key>) {
        guard !waiting.isEmpty else { return }
        for key in keys {
            for continuation in waiting.removeValue(forKey: key) ?? [] { continuation.resume() }
        }
    }
}
