/// Tasks that want several things at once, which others have: each is told only of the one that is in its way, and nobody overtakes who is told.
///
/// As `Waiters`, it looks again inside the continuation's closure and after each wake-up, and is bound to one isolation domain. A wake-up costs
/// who waits for that key, not everybody who waits.
///
/// Who is woken is promised what it wants: until it has looked again, newcomers take none of it. Without that, a task that gives a thing back and wants
/// it again at once would have it before a woken one could run, time after time.
public final class KeyedWaiters<Key: Hashable & Sendable> {
    private struct Waiter {
        let continuation: UnsafeContinuation<Set<Key>, Never>
        let wanted: Set<Key>
    }

    /// Waiters, each by the key that is in its way.
    private var waiting: [Key: [Waiter]] = [:]
    /// How many waiters that were woken and have not looked again want a key.
    private var promised: [Key: Int] = [:]

    /// Makes a list without waiters.
    public init() {}

    /// Whether nobody waits.
    public var isEmpty: Bool { waiting.isEmpty }

    /// Returns what `take` gives as soon as everything that `wanted` names is free. All three are called without suspending between them, first at once
    /// and then whenever the key that was in the way is woken: nothing of the owner runs between the look and what `take` does.
    /// - Parameters:
    ///   - wanted: the keys; they may be others at each look.
    ///   - isFree: whether nobody has a key.
    public func wait<Value: ~Copyable>(
        isolation: isolated (any Actor)? = #isolation, for wanted: () -> Set<Key>, isFree: (Key) -> Bool, take: (Set<Key>) -> Value
    ) async -> Value {
        var keys = wanted()
        if obstacle(keys, promises: nil, isFree) == nil { return take(keys) }
        var promise: Set<Key>?
        while true {
            var isTaken = false
            var result: Value?
            let given = promise
            promise = await withUnsafeContinuation { continuation in
                keys = wanted()
                if let key = obstacle(keys, promises: given, isFree) {
                    waiting[key, default: []].append(Waiter(continuation: continuation, wanted: keys))
                } else {
                    result = take(keys)
                    isTaken = true
                    continuation.resume(returning: [])
                }
                // What was promised and not taken is for those who have waited behind the promise.
                if let given { wake(given.filter { promised[$0] == nil && isFree($0) }) }
            }
            if isTaken, let result = result.take() { return result }
        }
    }

    /// Lets those look again who were held up by one of these keys, in the order in which they came to wait for it.
    public func wake(_ keys: some Sequence<Key>) {
        guard !waiting.isEmpty else { return }
        for key in keys {
            for waiter in waiting.removeValue(forKey: key) ?? [] {
                for wanted in waiter.wanted { promised[wanted, default: 0] += 1 }
                waiter.continuation.resume(returning: waiter.wanted)
            }
        }
    }

    /// The first key that somebody has, or that is promised to somebody else. Who was woken redeems its promise and looks at no other's: of those that
    /// were woken together the first takes.
    private func obstacle(_ keys: Set<Key>, promises: Set<Key>?, _ isFree: (Key) -> Bool) -> Key? {
        guard let promises else { return keys.first { !isFree($0) || promised[$0] != nil } }
        for key in promises {
            let left = (promised[key] ?? 1) - 1
            promised[key] = left > 0 ? left : nil
        }
        return keys.first { !isFree($0) }
    }
}
