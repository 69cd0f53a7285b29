internal import BlockGraph
internal import IOLoop
internal import Jobs
internal import Storage

/// A backup's copying: which clusters of the point in time are not safe yet, and how they get to the target, on the job's own account or just
/// before a guest overwrites them.
///
/// Loop-bound. Invariant: a cluster whose bit is set still reads on the source as it did when the filter was armed, since every write waits
/// until its clusters' bits are clear and nobody is reading them. A bit is cleared when its cluster is claimed and set again if the copy
/// fails, both before the claim is given up; so who finds a cluster neither marked nor claimed may overwrite it.
final class BlockCopy: BeforeWriteCopier {
    /// Clusters that are not on the target, nor on their way.
    let map: DirtyBitmap
    /// Clusters on their way.
    let ranges = CopyRanges()
    let mover: ChunkMover
    let ends: CopyEnds
    /// Where all of this lives; nil before the job holds its nodes.
    private var thread: IOThread?
    private var cursor: Int64 = 0
    private var guestCopies: [DetachedCopy] = []
    /// Who reads the point in time through a target that is an overlay of the source.
    private let readers = OverlayReaders()
    private var isOver = false
    private var context: JobContext?
    private var copiedBefore: Int64 = 0
    /// The first failure of the current pass.
    private var failure: CopyFailure?

    init(_ ends: CopyEnds, cluster: Int64, mover: ChunkMover) throws(BlockError) {
        self.mover = mover
        self.ends = ends
        map = try DirtyBitmap(length: ends.length, granularity: cluster)
        map.setAll()
    }

    /// Completes it, before the first request of a guest or of the job.
    func attach(source: NodeAccess, target: NodeAccess, thread: IOThread) {
        ends.attach(source: source, target: target)
        self.thread = thread
    }

    /// The filter is in place, and no request passes yet.
    func armed() { ends.begin(readers) }

    /// Whether every cluster is safe: none is left to copy, and none is on its way and might come back.
    var isComplete: Bool { map.isClean && ranges.isIdle }

    /// Asks whether zeroes need to be written at all.
    func askWhetherTargetIsZero() async throws(JobFailure) {
        do throws(BlockError) {
            let bracket = try await ends.begin()
            defer { bracket.end() }
            await mover.askWhetherTargetIsZero(in: bracket)
        } catch {
            throw JobFailure(error)
        }
    }

    /// The job has been entered.
    func begin(_ context: JobContext) {
        context.progress.setRemaining(map.length)
        context.progress.advance(by: copiedBefore)
        copiedBefore = 0
        self.context = context
    }

    /// The point in time is of no interest any more: writes pass, also those that wait here.
    func end() {
        isOver = true
        readers.end()
        ranges.open()
        for copy in guestCopies { copy.end(.released) }
        guestCopies = []
    }

    // MARK: The job's side

    /// Copies until nothing is left to claim, or one of the workers of this pass has met a failure.
    func work(_ context: JobContext, longestChunk: Int64) async -> WorkerOutcome {
        do throws(JobFailure) {
            while failure == nil, !isOver {
                let chunk = context.preferredChunk(granularity: Int(map.granularity), maximum: Int(longestChunk))
                try await context.rateLimit(chunk)
                guard failure == nil, !isOver else { break }
                do throws(CopyFailure) {
                    guard try await copyNext(limit: Int64(chunk)) else { return .finished }
                } catch {
                    if failure == nil { failure = error }
                    return .stopped
                }
                // Requests that complete at once would keep the loop to themselves.
                await Task.yield()
            }
        } catch {
            return .cancelled
        }
        return .stopped
    }

    /// Forgets the clusters of which the source's topmost image holds nothing. A guest that writes to one meanwhile may still have it copied.
    func leaveOutBackingFile(_ context: JobContext) async throws(JobFailure) {
        let mask = map.granularity - 1
        var start: Int64?
        func forget(upTo end: Int64) {
            defer { start = nil }
            guard let begin = start.map({ ($0 + mask) & ~mask }) else { return }
            let whole = end == map.length ? end : end & ~mask
            if whole > begin { map.clear(begin, count: whole - begin) }
        }
        // A cluster may be told of in several runs: it is forgotten when all are.
        try await TopImage(of: ends).walk(context) { run, isHeld in
            if isHeld { forget(upTo: run.lowerBound) } else if start == nil { start = run.lowerBound }
        }
        forget(upTo: map.length)
        context.progress.setRemaining(map.dirtyBytes)
    }

    /// The failure that ended the pass, once.
    func takeFailure() -> CopyFailure? {
        defer { failure = nil }
        return failure
    }

    /// Copies the next clusters that nobody has claimed.
    /// - Returns: false when there are none.
    private func copyNext(limit: Int64) async throws(CopyFailure) -> Bool {
        // Nothing may be claimed while waiting at a gate: guests that are to be drained may wait for the claim.
        let bracket = try await ends.beginClaim()
        defer { bracket.end() }
        guard !isOver, let run = map.nextDirty(from: cursor, limit: limit) ?? map.nextDirty(from: 0, limit: limit) else { return false }
        var claim = run
        take(claim)
        cursor = claim.upperBound
        let first = await mover.run(
            at: claim.lowerBound, end: max(claim.upperBound, longestZeroEnd(from: claim.lowerBound)), in: bracket)
        if first.isZero, first.end > claim.upperBound { claim = extend(claim, to: first.end) }
        do throws(CopyFailure) {
            try await mover.move(claim, in: bracket)
        } catch {
            release(claim, copied: false)
            throw error
        }
        release(claim, copied: true)
        return true
    }

    private func longestZeroEnd(from offset: Int64) -> Int64 {
        min(map.length, offset + ChunkMover.longestZeroRun)
    }

    /// A long run of zeroes is one claim, as far as its clusters are marked; only whole clusters, and those still read as when asked.
    private func extend(_ claim: Range<Int64>, to end: Int64) -> Range<Int64> {
        let whole = end == map.length ? end : end & ~(map.granularity - 1)
        guard whole > claim.upperBound, let more = map.nextDirty(from: claim.upperBound, to: whole), more.lowerBound == claim.upperBound,
            ranges.isFree(more)
        else { return claim }
        map.clear(more.lowerBound, count: more.upperBound - more.lowerBound)
        cursor = more.upperBound
        return ranges.extend(claim, to: more.upperBound)
    }

    private func take(_ claim: Range<Int64>) {
        guard ranges.tryTake(claim) else { preconditionFailure("a marked cluster is claimed by nobody") }
        map.clear(claim.lowerBound, count: claim.upperBound - claim.lowerBound)
    }

    private func release(_ claim: Range<Int64>, copied: Bool) {
        let count = claim.upperBound - claim.lowerBound
        if copied {
            if let context { context.progress.advance(by: count) } else { copiedBefore += count }
        } else {
            map.set(claim.lowerBound, count: count)
        }
        ranges.giveBack(claim)
    }

    // MARK: The guest's side

    func copyBeforeWrite(at offset: Int64, count: Int64) async throws(BlockError) {
        let mask = map.granularity - 1
        let clusters = (offset & ~mask)..<((offset + count + mask) & ~mask)
        while !isOver {
            // Asked again after each wait: between the end of one copy and this turn another may have begun in the range.
            guard ranges.holder(overlapping: clusters) == nil else {
                await ranges.waitUntilFree(clusters)
                continue
            }
            guard let thread,
                let claim = map.nextDirty(
                    from: clusters.lowerBound, to: clusters.upperBound, limit: max(ChunkMover.longestChunk, map.granularity))
            else { return await letReadersGo(offset, count) }
            let bracket = try ends.beginWithinRequest()
            take(claim)
            let copy = detach(claim, in: bracket, on: thread)
            let outcome = await copy.wait()
            guestCopies.removeAll { $0 === copy }
            switch outcome {
            case .done: continue
            case .failed(let error): throw error
            case .released: return
            }
        }
    }

    /// Lets those go first who read the range through the target, and began before it was saved there.
    private func letReadersGo(_ offset: Int64, _ count: Int64) async {
        guard let thread, !readers.haveLeft(offset, count) else { return }
        let wait = DetachedCopy()
        guestCopies.append(wait)
        nonisolated(unsafe) let (shared, readers) = (wait, self.readers)
        thread.task { _ in
            await readers.leave(offset, count)
            shared.end(.done)
        }
        _ = await wait.wait()
        guestCopies.removeAll { $0 === wait }
    }

    private func detach(_ claim: Range<Int64>, in bracket: CopyBracket, on thread: IOThread) -> DetachedCopy {
        let copy = DetachedCopy()
        guestCopies.append(copy)
        // Unsafe only in the compiler's eyes: the task runs on the loop that owns both, where the caller runs.
        nonisolated(unsafe) let (shared, mine, opened) = (copy, self, bracket)
        thread.task { _ in
            // A drain waits for it even when the job has let the guest go.
            defer { opened.end() }
            do throws(CopyFailure) {
                try await mine.mover.move(claim, in: opened)
                mine.release(claim, copied: true)
                shared.end(.done)
            } catch {
                mine.release(claim, copied: false)
                mine.context?.wake()
                shared.end(.failed(error.error))
            }
        }
        return copy
    }
}
