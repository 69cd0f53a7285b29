import IOLoop
public import Storage

extension BlockGraph {
    /// Tells the first write to a node that ends beyond `threshold` (`block-set-write-threshold`); 0 tells none.
    /// - Parameter reached: called on the node's loop, once, with the bytes beyond the threshold.
    public func setWriteThreshold(
        of name: String, _ threshold: UInt64, reached: @escaping @Sendable (_ excess: UInt64) -> Void
    ) async throws(BlockError) {
        guard let id = topology.node(named: name)?.id else { throw BlockError(.invalidOption, "Device '\(name)' not found") }
        let handle = try handle(id)
        await handle.thread.run { (io: isolated IOThread) in
            handle.value.setWriteThreshold(threshold) { excess, _ in reached(excess) }
        }
    }
}
