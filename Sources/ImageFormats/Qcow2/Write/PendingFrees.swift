/// Why host clusters became unused, which decides whether the host is told (QEMU's pass-discard options).
enum DiscardReason: Equatable {
    /// It is not told: they will soon be used again.
    case never
    /// The guest discarded or zeroed them.
    case request
    /// A snapshot was deleted, or overwritten.
    case snapshot
    /// Tables that moved, and failed attempts.
    case other
}

/// References to host clusters that were dropped in memory, and must be gone from the disk before the clusters are anybody else's.
///
/// The crash argument: a refcount is lowered only after a flush that covers the table without the reference. A crash before that leaks.
struct PendingFrees {
    /// Clusters that lost one reference each.
    struct Item {
        var first: HostCluster
        var count: ClusterCount
        let reason: DiscardReason
        let epoch: Accesses.Epoch
    }

    /// So many items ask for a write-back, which sets them free.
    static let limit = 1024

    /// Dropped in memory only.
    private var unlinked: [Item] = []
    /// Dropped on disk too.
    private var durable: [Item] = []

    /// Whether it is time for a write-back.
    var isFull: Bool { unlinked.count >= Self.limit }
    /// Whether nothing waits.
    var isEmpty: Bool { unlinked.isEmpty && durable.isEmpty }

    /// Notes that the table in memory has one reference less to each of these clusters.
    mutating func add(_ first: HostCluster, _ count: ClusterCount, _ reason: DiscardReason, _ epoch: Accesses.Epoch) {
        if let last = unlinked.last, last.first + last.count == first, last.reason == reason, last.epoch == epoch {
            unlinked[unlinked.count - 1].count = last.count + count
        } else {
            unlinked.append(Item(first: first, count: count, reason: reason, epoch: epoch))
        }
    }

    /// Takes what the write-back that begins now will make durable.
    mutating func takeUnlinked() -> [Item] {
        defer { unlinked = [] }
        return unlinked
    }

    /// The write-back failed: the references may still be on disk.
    mutating func putBack(_ items: [Item]) { unlinked = items + unlinked }

    /// The references are gone from the disk.
    mutating func becomeDurable(_ items: [Item]) { durable += items }

    /// Takes what may be set free now: on disk nothing refers to it, and no request uses it.
    mutating func takeFree(_ accesses: Accesses) -> [Item] {
        let free = durable.filter { accesses.isQuiet($0.epoch) }
        if !free.isEmpty { durable.removeAll { accesses.isQuiet($0.epoch) } }
        return free
    }
}
