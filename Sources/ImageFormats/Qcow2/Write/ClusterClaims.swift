internal import Waiting

/// Guest clusters whose mapping is being changed: one change at a time for each.
///
/// An allocating write holds its clusters from the look at their entries to the link of the new ones; zeroes and discards wait for it. Requests
/// on other clusters go on beside it, and so do writes in place, which change no mapping.
final class ClusterClaims {
    /// A run of guest clusters that somebody holds.
    final class Claim {
        let clusters: Range<Int64>
        fileprivate let waiters = Waiters()
        fileprivate var isReleased = false

        fileprivate init(_ clusters: Range<Int64>) { self.clusters = clusters }
    }

    private var claims: [Claim] = []

    /// Whether nothing is held.
    var isEmpty: Bool { claims.isEmpty }

    /// The claim on the lowest of `clusters` that are held.
    func first(overlapping clusters: Range<Int64>) -> Claim? {
        var found: Claim?
        for claim in claims where claim.clusters.overlaps(clusters) {
            if found.map({ claim.clusters.lowerBound < $0.clusters.lowerBound }) ?? true { found = claim }
        }
        return found
    }

    /// Holds clusters that nobody holds.
    func claim(_ clusters: Range<Int64>) -> Claim {
        let claim = Claim(clusters)
        claims.append(claim)
        return claim
    }

    /// Returns when a claim has ended; everything may have changed then.
    func wait(for claim: Claim) async {
        await claim.waiters.wait { claim.isReleased }
    }

    /// Ends a claim and lets all who wait for it look again.
    func release(_ claim: Claim) {
        claims.removeAll { $0 === claim }
        claim.isReleased = true
        claim.waiters.wakeAll()
    }
}
