internal import BlockGraph
internal import IOLoop
internal import Jobs
internal import Storage

/// A backup's course, on its loop.
struct BackupRun {
    let copy: BlockCopy
    let filter: CopyBeforeWriteFilter
    let target: NodeAccess
    let sync: SyncMode
    let workers: Int
    let longestChunk: Int64
    let thread: IOThread

    /// Copies all there is to copy, then makes it durable. However it ends, nothing of it is in flight any more and writes pass.
    func callAsFunction(_ context: JobContext) async throws(JobFailure) {
        copy.begin(context)
        do throws(JobFailure) {
            if sync == .none {
                // Only a cancel ends it; until then the guests' own writes do the copying.
                while true {
                    try checkSnapshot()
                    try await context.idle()
                }
            }
            try await copy.askWhetherTargetIsZero()
            if sync == .top { try await copy.leaveOutBackingFile(context) }
            try await copyAll(context)
            try checkSnapshot()
            try await flush(context)
        } catch {
            copy.end()
            await copy.ranges.settled()
            throw error
        }
        copy.end()
        await copy.ranges.settled()
    }

    /// With on-cbw-error=break-snapshot a guest's write may have destroyed what was not saved; then there is no backup any more.
    private func checkSnapshot() throws(JobFailure) {
        if let error = filter.snapshotError { throw JobFailure(error) }
    }

    private func copyAll(_ context: JobContext) async throws(JobFailure) {
        nonisolated(unsafe) let copy = self.copy
        let longestChunk = self.longestChunk
        while true {
            try checkSnapshot()
            // A limited job is kept busy by two.
            let count = context.speedLimit > 0 ? min(workers, 2) : workers
            try await runWorkers(min(count, max(1, copy.map.dirtyRegions)), on: thread, context: context) { _ in
                await copy.work(context, longestChunk: longestChunk)
            }
            if let failure = copy.takeFailure() {
                try await handle(failure, context)
                continue
            }
            // A guest's copy on its way may fail and leave its clusters to us, also one that began while this waited.
            await copy.ranges.settled()
            if copy.isComplete { return }
        }
    }

    /// A target that is complete only in the host's memory is no backup: a power failure after BLOCK_JOB_COMPLETED must not lose what
    /// was reported as saved, so the flush comes before success. Data and metadata of the target were written before, in any order: a crash
    /// before the flush leaves a target that no job has called good.
    private func flush(_ context: JobContext) async throws(JobFailure) {
        while true {
            do throws(BlockError) {
                return try await target.flush()
            } catch {
                try await handle(CopyFailure(operation: .write, error: error), context)
            }
        }
    }

    /// Applies the policy of the side that failed; returns when it is to be tried again.
    private func handle(_ failure: CopyFailure, _ context: JobContext) async throws(JobFailure) {
        switch try await context.report(failure.failure, operation: failure.operation) {
        case .report: throw failure.failure
        case .ignore, .stop: try await context.checkpoint()
        }
    }
}
