import Synchronization

/// Counts the changes after which what was remembered about chains of nodes may be wrong: an edge that leads elsewhere, a child put in or taken
/// away, a node's length, a node that becomes writable. Such changes are rare, so one count serves all graphs of the process.
///
/// A reader compares the count before it uses what it remembers; whoever changes something does so with nothing in flight, on the loop where
/// the reader runs, or drained: the count need not order anything else.
enum ChainStructure {
    private static let count = Atomic<UInt64>(0)

    /// The count now.
    @inline(__always)
    static var generation: UInt64 { count.load(ordering: .relaxed) }

    /// Something has changed.
    static func changed() { count.wrappingAdd(1, ordering: .relaxed) }
}
