internal import BlockGraph
internal import IOLoop
internal import Jobs
internal import Storage

/// A mirror's course, on its loop.
struct MirrorRun {
    let copy: MirrorCopy
    let target: NodeAccess
    let sync: SyncMode
    let workers: Int
    let longestChunk: Int64
    let thread: IOThread
    let drain: SourceDrain

    /// Copies until both sides are equal and somebody asks for the end. On return the source is drained, nothing is in flight, and the target
    /// is durably equal to it: who moves the source's users to the target now loses no write, whenever the power fails.
    /// When it throws, guests' writes pass and nothing is in flight.
    func callAsFunction(_ context: JobContext) async throws(JobFailure) {
        do throws(JobFailure) {
            try await mirror(context)
        } catch {
            copy.end()
            await copy.ranges.settled()
            throw error
        }
    }

    private func mirror(_ context: JobContext) async throws(JobFailure) {
        copy.begin(context)
        // The others are ready before anybody could ask.
        let copiesAtFirst = sync != .none && copy.map.length > 0
        var copiesOnlyTop = false
        if copiesAtFirst, sync == .top { copiesOnlyTop = try await copy.topImage.hasBackingFile() }
        if copiesAtFirst, !copiesOnlyTop { copy.map.setAll() }
        copy.updateRemaining()
        if copiesAtFirst { await context.started() }
        if copiesOnlyTop { try await copy.markTopImage(context) }
        var isReady = false
        while true {
            try await copyMarked(context)
            if !isReady {
                // Nothing written, nothing to flush: a mirror of nothing must not wait for the disk.
                if copiesAtFirst { try await flush(context) }
                isReady = true
                copy.updateActivelySynced()
                try await context.readyThenIdle()
                continue
            }
            guard context.completionRequest != .none else {
                copy.updateActivelySynced()
                // Woken by a guest's write, a request to end, or the end of a pause. Costs nothing until then.
                try await context.idle()
                continue
            }
            if try await finish(context) { return }
        }
    }

    /// Passes until nothing is marked nor claimed, at some moment. Guests' requests may be in flight: a moment without any may never come.
    private func copyMarked(_ context: JobContext) async throws(JobFailure) {
        nonisolated(unsafe) let copy = self.copy
        let longestChunk = self.longestChunk
        while true {
            if let failure = copy.takeFailure() {
                copy.updateActivelySynced()
                try await handle(failure, context)
            } else if copy.isConverged {
                return
            } else {
                let limit = context.speedLimit > 0 ? min(workers, 2) : workers
                try await runWorkers(max(1, min(limit, copy.map.dirtyRegions)), on: thread, context: context) { _ in
                    await copy.work(context, longestChunk: longestChunk)
                }
            }
        }
    }

    /// The last pass: with the source's users stopped, what their last requests left is copied, and both sides are equal for good. Too much
    /// of it, or a failure, and they go on first.
    private func finish(_ context: JobContext) async throws(JobFailure) -> Bool {
        try await context.checkpoint()
        guard await drain.begin() else {
            // A guest's disk hangs, or the job is cancelled.
            try await context.sleep(nanoseconds: Self.pauseBeforeNextDrain)
            return false
        }
        var failure: CopyFailure?
        do throws(CopyFailure) {
            if try await copyRest(context) {
                // Before the pivot, since afterwards the target is all that its users have.
                do throws(BlockError) {
                    try await target.flush()
                } catch {
                    throw CopyFailure(operation: .write, error: error)
                }
                if !context.isCancelled {
                    copy.isToPivot = context.completionRequest == .complete
                    return true
                }
            }
        } catch {
            failure = error
        }
        await drain.end()
        if let failure { try await handle(failure, context) }
        try await context.checkpoint()
        return false
    }

    /// Copies what is marked while the source is drained, and never parks: guests are waiting.
    private func copyRest(_ context: JobContext) async throws(CopyFailure) -> Bool {
        guard copy.map.dirtyBytes <= Self.mostInLastPass else { return false }
        while !context.isCancelled, try await copy.copyNext(limit: longestChunk) {}
        if let failure = copy.takeFailure() { throw failure }
        return copy.isClean
    }

    /// How long guests go on at least between two drains, the first of which met a request that hangs.
    private static let pauseBeforeNextDrain: UInt64 = 1_000_000_000
    /// How many bytes guests may be made to wait for.
    private static let mostInLastPass: Int64 = 64 << 20

    private func flush(_ context: JobContext) async throws(JobFailure) {
        while true {
            do throws(BlockError) {
                return try await target.flush()
            } catch {
                try await handle(CopyFailure(operation: .write, error: error), context)
            }
        }
    }

    private func handle(_ failure: CopyFailure, _ context: JobContext) async throws(JobFailure) {
        switch try await context.report(failure.failure, operation: failure.operation) {
        case .report: throw failure.failure
        case .ignore, .stop: try await context.checkpoint()
        }
    }
}
