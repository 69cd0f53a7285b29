/// An action of any kind inside a transaction: a job to be started, a change of the graph.
///
/// The four ends, on the control plane's executor: every member is prepared, in order, which may fail and commits to nothing; then either all
/// are committed, or those that were prepared, the failed one included, are aborted in the opposite order; last all of them are cleaned.
protocol TransactionMember {
    /// Does everything that may fail, in a way that can be undone.
    mutating func prepare() async throws(BlockJobError)
    /// Makes it so. Cannot fail.
    mutating func commit() async
    /// Undoes what `prepare` did, as far as it came.
    mutating func abort() async
    /// Gives back what was held meanwhile, whatever came of it.
    mutating func clean() async
}

extension TransactionMember {
    /// Refuses an action that starts no job among jobs that are to end together.
    func refuseGrouped(_ action: String, _ isGrouped: Bool) throws(BlockJobError) {
        guard isGrouped else { return }
        throw BlockJobError("Action '\(action)' does not support Transaction property completion-mode = grouped")
    }
}

/// Fails, always.
struct AbortMember: TransactionMember {
    mutating func prepare() async throws(BlockJobError) {
        throw BlockJobError("Transaction aborted using Abort action")
    }
    mutating func commit() async {}
    mutating func abort() async {}
    mutating func clean() async {}
}
