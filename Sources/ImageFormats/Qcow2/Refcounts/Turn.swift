/// Lets one operation at a time through, in the order of asking.
///
/// Loop-bound: it protects stretches of work that await, not memory.
final class Turn {
    private var isTaken = false
    private var waiting: [UnsafeContinuation<Void, Never>] = []
    private var served = 0

    /// Whether somebody has the turn.
    var isBusy: Bool { isTaken }

    /// Returns when it is the caller's turn, which he ends with `pass`. Does not suspend while nobody has it.
    func take() async {
        guard isTaken else {
            isTaken = true
            return
        }
        await withUnsafeContinuation { waiting.append($0) }
    }

    /// Ends the caller's turn; the one who has waited longest has it next.
    func pass() {
        guard served < waiting.count else {
            waiting.removeAll(keepingCapacity: true)
            served = 0
            isTaken = false
            return
        }
        let next = waiting[served]
        served += 1
        next.resume()
    }
}
