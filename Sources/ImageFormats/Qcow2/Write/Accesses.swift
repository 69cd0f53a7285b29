/// Who may still be reading or writing a host cluster that no table refers to any more.
///
/// A request looks a mapping up and then moves bytes; meanwhile the cluster may be discarded. Were it reused before the request has ended,
/// a reader would get somebody else's bytes, and a writer would destroy them. So a request runs within an epoch, and what was unlinked in an
/// epoch is set free when every request of it has ended. Two integer operations a request.
public final class Accesses {
    /// The epoch that a request began in.
    public struct Epoch: Sendable, Hashable {
        let number: UInt64
    }

    private var oldest: UInt64 = 0
    /// Requests in progress, for each epoch from `oldest` to the current one.
    private var counts: [Int] = [0]

    /// The epoch of what is unlinked now.
    var current: Epoch { Epoch(number: oldest + UInt64(counts.count - 1)) }

    /// A request begins: call it before looking a mapping up.
    @inline(__always)
    public func begin() -> Epoch {
        counts[counts.count - 1] += 1
        return current
    }

    /// A request has ended.
    @inline(__always)
    public func end(_ epoch: Epoch) {
        counts[Int(epoch.number - oldest)] -= 1
        if counts.count > 1, counts[0] == 0 { retire() }
    }

    private func retire() {
        let gone = counts.dropLast().prefix { $0 == 0 }.count
        counts.removeFirst(gone)
        oldest += UInt64(gone)
    }

    /// Begins a new epoch, so that the requests of this one come to an end.
    func advance() {
        if counts[counts.count - 1] != 0 {
            counts.append(0)
        } else if counts.count == 1 {
            // Nobody is there: the number alone moves on.
            oldest += 1
        }
    }

    /// Whether every request that began in `epoch` or before has ended.
    func isQuiet(_ epoch: Epoch) -> Bool { epoch.number < oldest }
}
