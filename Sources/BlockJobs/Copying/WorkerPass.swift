internal import IOLoop
internal import Jobs

/// What became of one worker's share of a pass.
enum WorkerOutcome: Sendable {
    /// Nothing was left to claim.
    case finished
    /// The pass is to end: a request failed, and all others shall stop after theirs.
    case stopped
    /// The job is being cancelled.
    case cancelled
}

/// Runs `count` workers on one loop and returns when all have ended.
///
/// A fixed set for a whole pass, not a task a request. Workers park in the registry by themselves (limiter, pause), so the job is told how
/// many there are; between passes only the coordinator, who calls this, may park.
/// - Throws: `.cancelled` when the job is cancelled.
func runWorkers(
    _ count: Int, on thread: IOThread, context: JobContext, _ work: @escaping @Sendable (isolated IOThread) async -> WorkerOutcome
) async throws(JobFailure) {
    if count == 1 {
        // Nothing to coordinate: the caller's own task does it, without telling the registry.
        _ = await thread.run(work)
        // Also when the worker ended for another reason: nothing it could have met concerns a cancelled job.
        if context.isCancelled { throw .cancelled }
        return
    }
    await context.setWorkers(count)
    await withTaskGroup(of: WorkerOutcome.self) { group in
        for _ in 0..<count {
            group.addTask {
                let outcome = await thread.run(work)
                await context.workerEnded()
                return outcome
            }
        }
        for await outcome in group {
            // Siblings that are parked wake up.
            if outcome == .stopped { group.cancelAll() }
        }
    }
    await context.setWorkers(1)
    if context.isCancelled { throw .cancelled }
}
