import IOLoop

/// A value behind a lock that the thread sanitizer knows; around `Synchronization.Mutex` it reports races that are none.
///
/// Unchecked: the lock guards the value.
public final class Guarded<Value>: @unchecked Sendable {
    private let lock = PlatformLock()
    private var value: Value

    /// Guards `value`.
    public init(_ value: Value) { self.value = value }

    /// Runs `body` with the value while holding the lock; not reentrant.
    public func withLock<Result, Failure: Error>(_ body: (inout Value) throws(Failure) -> Result) throws(Failure) -> Result {
        try lock.withLock { () throws(Failure) -> Result in try body(&value) }
    }
}
