/// What all clients together may have the daemon hold: messages that are not complete or not carried out, and replies that they do not read.
///
/// Beyond the bound whoever holds most gives something up, not whoever comes next. Confined to the control queue.
public final class InputBudget {
    /// Somebody who holds memory on behalf of a client.
    protocol Holder: AnyObject {
        /// Tells the budget anew what is held.
        func recount()
        /// Bytes that `giveUp` would free.
        var disposable: Int { get }
        /// Frees what takes most.
        func giveUp()
    }

    /// The bound in bytes; 256 MiB unless said otherwise.
    public let limit: Int
    /// What is held now.
    public private(set) var used = 0

    private struct Share {
        weak var holder: (any Holder)?
    }

    /// Whose share is worth looking at.
    private var shares: [ObjectIdentifier: Share] = [:]
    /// Smaller shares are counted, and never given up.
    private static let smallShare = 64 << 10

    /// Makes a budget.
    public init(limit: Int = 256 << 20) { self.limit = limit }

    /// Takes note of what somebody holds now instead of `old` bytes. Who holds nothing any more may go away.
    func change(_ holder: any Holder, from old: Int, to new: Int) {
        used += new - old
        guard new > Self.smallShare || old > Self.smallShare else { return }
        shares[ObjectIdentifier(holder)] = new > Self.smallShare ? Share(holder: holder) : nil
    }

    /// Has the largest holders give up, one after the other, until the rest is within the bound or nobody can.
    func enforce() {
        guard used > limit else { return }
        for share in Array(shares.values) { share.holder?.recount() }
        while used > limit {
            let holders = shares.values.lazy.compactMap(\.holder)
            guard let largest = holders.max(by: { $0.disposable < $1.disposable }), largest.disposable > Self.smallShare else { return }
            let before = used
            largest.giveUp()
            largest.recount()
            guard used < before else { return }
        }
    }
}
