internal import Waiting

/// Lets one flush of a file run at a time; who comes while one runs joins the next.
///
/// The kernel tells of data that it could not write once. Of two flushes that overlap one would be told, and the other would call writes durable that
/// are lost. One that was running when a request came may have begun before that request's writes, so its outcome is not the request's.
/// Loop-bound.
final class FlushRounds {
    private final class Round {
        var isBegun = false
        var result: Int?
    }

    private enum Part {
        case carryOut
        case ended(Int)
    }

    private var current: Round?
    private var next: Round?
    private let waiters = Waiters()

    /// Returns what a call of `flush` returned that began after this did.
    func join(_ flush: () async -> Int) async -> Int {
        let round = roundForNewcomer()
        let part = await waiters.wait { () -> Part? in
            if let result = round.result { return .ended(result) }
            guard current === round, !round.isBegun else { return nil }
            round.isBegun = true
            return .carryOut
        }
        if case .ended(let result) = part { return result }
        let result = await flush()
        round.result = result
        current = next
        next = nil
        waiters.wakeAll()
        return result
    }

    private func roundForNewcomer() -> Round {
        guard let current else {
            let round = Round()
            self.current = round
            return round
        }
        guard current.isBegun else { return current }
        if let next { return next }
        let round = Round()
        next = round
        return round
    }
}
