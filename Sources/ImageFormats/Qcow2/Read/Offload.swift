/// Runs pure work beside the loop: threads that may be busy for a while without making anybody's I/O wait.
public protocol Offload: Sendable {
    /// Runs `work` on another thread, and comes back to the caller's loop with what it returns.
    func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value
}

/// Memory lent to offloaded work for as long as the lender awaits it.
///
/// Unchecked: the lender suspends until the work has returned, so the two never touch the memory at the same time.
struct LentBytes: @unchecked Sendable {
    let input: UnsafeRawBufferPointer
    let output: UnsafeMutableRawBufferPointer
}
