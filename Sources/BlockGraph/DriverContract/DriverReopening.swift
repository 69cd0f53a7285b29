public import Storage

/// A driver's change to other options after it was prepared; by default there is nothing to do. Loop-bound; exactly one of `commit` and `abort`
/// is called, once.
open class DriverReopening {
    /// For subclasses, and for drivers without anything to change.
    public init() {}

    /// What may fail and needs the node's children as they will be: open for writing, say. They have begun before. Called at most once, and
    /// before `commit`.
    /// - Throws: what stands in the way; everybody goes back then.
    open func begin() async throws(BlockError) {}

    /// Makes it so. Cannot fail.
    open func commit() async {}

    /// Leaves everything as it was before the preparation. The children are as they were then, even if it had begun.
    open func abort() async {}
}
