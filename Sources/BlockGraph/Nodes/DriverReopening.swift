/// A driver's change to other options between its two steps; by default there is nothing to do. Loop-bound; exactly one of the methods is
/// called, once.
open class DriverReopening {
    /// For subclasses, and for drivers without anything to change.
    public init() {}

    /// Makes it so. Cannot fail.
    open func commit() async {}

    /// Leaves everything as it was.
    open func abort() async {}
}
