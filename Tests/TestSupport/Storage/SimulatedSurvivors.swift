internal import Storage

extension SimulatedStorage {
    /// What a crash does to the changes that were not flushed, one by one.
    public enum Loss: Sendable, CustomStringConvertible {
        /// All of them are on the medium.
        case nothing
        /// None of them is.
        case everything
        /// All but this one.
        case single(Int)
        /// Those from this one on are lost.
        case suffix(Int)
        /// Chance, by this seed: each lands, is lost, or lands in some of its sectors.
        case subset(UInt64)

        /// For a failing test's report.
        public var description: String {
            switch self {
            case .nothing: "losing nothing"
            case .everything: "losing everything"
            case .single(let index): "losing change \(index)"
            case .suffix(let index): "losing all from change \(index) on"
            case .subset(let seed): "losing a subset, seed \(seed)"
            }
        }
    }

    /// The ways to lose changes now: nothing, all, each single one, each suffix, and so many subsets with torn changes.
    public func losses(subsets: Int) -> [Loss] {
        let count = unflushed.count
        guard count > 0 else { return [.nothing] }
        let singles = (0..<count).map { Loss.single($0) }
        // The first suffix is everything.
        let suffixes = (1..<count).map { Loss.suffix($0) }
        return [.nothing, .everything] + singles + suffixes + (0..<subsets).map { .subset(seed &* 1000 &+ UInt64($0)) }
    }

    /// What would come back if the machine died now: another storage, with all that has landed on its medium.
    public func survivor(_ loss: Loss) -> SimulatedStorage {
        let result = SimulatedStorage(seed: seed, length: durable.length, limits: limits)
        result.bytes = durable
        var chance = SeededGenerator(seed: 0)
        if case .subset(let seed) = loss { chance = SeededGenerator(seed: seed) }
        for (index, pending) in unflushed.enumerated() {
            if pending.isDurable {
                pending.change.apply(to: &result.bytes)
                continue
            }
            switch loss {
            case .everything: break
            case .nothing: pending.change.apply(to: &result.bytes)
            case .single(let lost): if index != lost { pending.change.apply(to: &result.bytes) }
            case .suffix(let first): if index < first { pending.change.apply(to: &result.bytes) }
            case .subset: pending.change.land(by: &chance)?.apply(to: &result.bytes)
            }
        }
        result.durable = result.bytes
        return result
    }
}

extension Change {
    /// What of it reaches the medium by chance: nothing, all, or some sectors.
    fileprivate func land(by chance: inout SeededGenerator) -> Change? {
        switch Int.random(in: 0..<3, using: &chance) {
        case 0: nil
        case 1: self
        default: torn(by: &chance)
        }
    }
}
