/// Carries a loop-bound value through other isolation domains: anybody may hold and pass the box, only code that runs on the loop may
/// open it. Opening it elsewhere is a programming error and traps.
///
/// Unchecked, because the box is the check: `value` is reachable only after it was made sure that the caller runs on `thread`.
public struct LoopBound<Value>: @unchecked Sendable {
    /// The loop that the value belongs to.
    public let thread: IOThread
    private let stored: Value

    /// Binds `value` to the loop that the caller runs on.
    public init(_ value: Value, on thread: isolated IOThread) {
        self.thread = thread
        stored = value
    }

    /// The value; traps unless the caller runs on `thread`.
    public var value: Value {
        precondition(thread.isCurrent, "a loop-bound value was opened outside of its loop")
        return stored
    }
}

extension LoopBound where Value: AnyObject {
    /// Whether both boxes hold the same object; allowed anywhere, since nothing of the object is read.
    public func isSame(as other: LoopBound<Value>) -> Bool { stored === other.stored }
}
