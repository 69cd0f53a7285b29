/// Lets one operation at a time through, in the order of asking.
///
/// It protects stretches of work that await, not memory. Bound to one isolation domain, as `Waiters` are.
public final class AsyncMutex {
    /// Whether somebody holds it.
    public private(set) var isLocked = false
    private var waiting: [UnsafeContinuation<Void, Never>] = []
    /// How many of `waiting`, from the front, have been let through.
    private var served = 0

    /// Makes a mutex that nobody holds.
    public init() {}

    /// Returns when the caller holds it, who ends that with `unlock`. Does not suspend while nobody holds it.
    public func lock(isolation: isolated (any Actor)? = #isolation) async {
        if tryLock() { return }
        await withUnsafeContinuation { continuation in
            if tryLock() { continuation.resume() } else { waiting.append(continuation) }
        }
    }

    /// Takes it if nobody holds it.
    public func tryLock() -> Bool {
        guard !isLocked else { return false }
        isLocked = true
        return true
    }

    /// Gives it up; the one who has waited longest holds it next.
    public func unlock() {
        guard served < waiting.count else {
            waiting.removeAll(keepingCapacity: true)
            served = 0
            isLocked = false
            return
        }
        let next = waiting[served]
        served += 1
        next.resume()
    }
}
