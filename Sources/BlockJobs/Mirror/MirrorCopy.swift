internal import BlockGraph
internal import IOLoop
internal import Jobs
internal import Storage

/// A mirror's copying: which granules of the source may differ from the target, and how they get there.
///
/// Loop-bound. Invariant: a granule that is neither marked, nor claimed, nor part of a guest's write in flight reads the same on both sides.
/// - Background: a bit is cleared before its granule is read, and a guest's write sets it when it has landed, whatever came of it. A copy that
///   read while the guest wrote is therefore made again.
/// - Write-blocking: a guest's write holds its granules exclusively while it goes to both sides, so it meets no copy of older data.
final class MirrorCopy {
    /// Granules that may differ.
    let map: DirtyBitmap
    /// Granules being copied, or written by guests on both sides.
    let ranges = CopyRanges()
    let mover: ChunkMover
    /// How the writes of guests reach the target; a client may change it at any time.
    let mode: MirrorMode
    let ends: CopyEnds
    private let pool: BufferPool
    private let thread: IOThread
    private var context: JobContext?
    private var cursor: Int64 = 0
    private var guestCopies: [DetachedCopy] = []
    private var isOver = false
    private var failure: CopyFailure?
    /// Bytes claimed by workers.
    private var claimed: Int64 = 0
    /// Guests' changes in flight that are left to the background: they mark their range when they have landed.
    private var landing = 0

    /// - Parameter ends: with the job's holds attached.
    init(
        _ ends: CopyEnds, granularity: Int64, mode: MirrorMode, mover: ChunkMover, pool: BufferPool, thread: IOThread
    ) throws(BlockError) {
        self.mode = mode
        self.mover = mover
        self.pool = pool
        self.ends = ends
        self.thread = thread
        map = try DirtyBitmap(length: ends.length, granularity: granularity)
    }

    /// The job has been entered.
    func begin(_ context: JobContext) { self.context = context }

    /// Whether the job ended with both sides equal and was asked to complete, rather than cancelled softly.
    var isToPivot = false
    /// Whether users may be moved to the target: no cancel by force has come since, after which guests write to the source alone.
    var mayPivot: Bool { isToPivot && !isOver }

    /// Whether both sides are equal and nothing is in flight.
    var isClean: Bool { map.isClean && ranges.isIdle }

    /// Whether the job has copied all there is to copy: what is still in flight are guests' requests, which mark their range or write both sides.
    var isConverged: Bool { map.isClean && claimed == 0 && failure == nil }

    /// Whether from here on each write reaches both sides before it is acknowledged.
    private var isActivelySynced: Bool { mode.isWriteBlocking && isConverged && landing == 0 }

    /// Says whether both sides are equal, and stay so, for queries.
    func updateActivelySynced() { mode.setActivelySynced(isActivelySynced) }

    /// The job is over: guests' writes pass, also those that wait here.
    func end() {
        isOver = true
        ranges.open()
        for copy in guestCopies { copy.end(.released) }
        guestCopies = []
    }

    /// A client has changed the mode.
    func modeChanged() { context?.wake() }

    /// What is left to do, as progress shows it.
    func updateRemaining() {
        context?.progress.setRemaining(map.dirtyBytes + claimed)
    }

    // MARK: The job's side

    /// The source's topmost image.
    var topImage: TopImage { TopImage(of: ends) }

    /// Marks what the source's topmost image holds.
    func markTopImage(_ context: JobContext) async throws(JobFailure) {
        try await topImage.walk(context) { run, isHeld in
            if isHeld { map.set(run.lowerBound, count: run.upperBound - run.lowerBound) }
        }
        updateRemaining()
    }

    /// Copies until nothing is left to claim, or one of the workers of this pass has met a failure.
    func work(_ context: JobContext, longestChunk: Int64) async -> WorkerOutcome {
        do throws(JobFailure) {
            while failure == nil, !isOver {
                let chunk = context.preferredChunk(granularity: Int(map.granularity), maximum: Int(max(longestChunk, map.granularity)))
                try await context.rateLimit(chunk)
                guard failure == nil, !isOver else { break }
                do throws(CopyFailure) {
                    guard try await copyNext(limit: Int64(chunk)) else { return .finished }
                } catch {
                    note(error)
                    return .stopped
                }
                await Task.yield()
            }
        } catch {
            return .cancelled
        }
        return .stopped
    }

    /// The failure since it was last asked for.
    func takeFailure() -> CopyFailure? {
        defer { failure = nil }
        return failure
    }

    private func note(_ error: CopyFailure) {
        if failure == nil { failure = error }
    }

    /// Copies the next granules that nobody holds.
    /// - Returns: false when there are none.
    func copyNext(limit: Int64) async throws(CopyFailure) -> Bool {
        // Nothing may be claimed while waiting at a gate: guests that are to be drained may wait for the claim.
        let bracket = try await ends.beginClaim()
        defer { bracket.end() }
        guard !isOver, let taken = await claim(limit: limit) else { return false }
        var held = taken
        // Only what is still marked: who held the range before may have copied it.
        guard var run = map.nextDirty(from: held.lowerBound, to: held.upperBound) else {
            ranges.giveBack(held)
            return true
        }
        clear(run)
        run = await extend(run, held: &held, in: bracket)
        do throws(CopyFailure) {
            try await mover.move(run, in: bracket)
        } catch {
            finish(run, held: held, copied: false)
            throw error
        }
        finish(run, held: held, copied: true)
        return true
    }

    /// Takes the first marked run that nobody holds; when all are held, waits for the first.
    private func claim(limit: Int64) async -> Range<Int64>? {
        var from = cursor
        var wrapped = cursor == 0
        var firstHeld: Range<Int64>?
        while true {
            guard let run = map.nextDirty(from: from, limit: limit) else {
                if wrapped { break }
                wrapped = true
                from = 0
                continue
            }
            if ranges.tryTake(run) {
                cursor = run.upperBound
                return run
            }
            if firstHeld == nil { firstHeld = run }
            from = run.upperBound
        }
        guard let firstHeld, await ranges.take(firstHeld) else { return nil }
        return firstHeld
    }

    /// Makes one claim of a long run of zeroes. Nothing is added when the source was written to since it was asked.
    private func extend(_ run: Range<Int64>, held: inout Range<Int64>, in bracket: CopyBracket) async -> Range<Int64> {
        guard run.upperBound == held.upperBound, run.upperBound < map.length else { return run }
        let asked = mover.generation
        let first = await mover.run(
            at: run.lowerBound, end: min(map.length, run.lowerBound + ChunkMover.longestZeroRun), in: bracket)
        let whole = first.end == map.length ? first.end : first.end & ~(map.granularity - 1)
        guard first.isZero, whole > run.upperBound, asked == mover.generation,
            let more = map.nextDirty(from: run.upperBound, to: whole), more.lowerBound == run.upperBound, ranges.isFree(more)
        else { return run }
        clear(more)
        held = ranges.extend(held, to: more.upperBound)
        cursor = more.upperBound
        return run.lowerBound..<more.upperBound
    }

    private func clear(_ run: Range<Int64>) {
        map.clear(run.lowerBound, count: run.upperBound - run.lowerBound)
        claimed += run.upperBound - run.lowerBound
    }

    private func finish(_ run: Range<Int64>, held: Range<Int64>, copied: Bool) {
        let count = run.upperBound - run.lowerBound
        claimed -= count
        if copied {
            context?.progress.advance(by: count)
        } else {
            map.set(run.lowerBound, count: count)
        }
        ranges.giveBack(held)
        updateRemaining()
    }

    // MARK: The guests' side

    /// A guest's request that is left to the background goes to the source; `changed` follows.
    func changeBegins() {
        landing += 1
        if mode.isActivelySynced { updateActivelySynced() }
    }

    /// It has changed `count` bytes at `offset` on the source, or may have.
    func changed(at offset: Int64, count: Int64) {
        landing -= 1
        mark(at: offset, count: count)
    }

    private func mark(at offset: Int64, count: Int64) {
        guard !isOver else { return }
        mover.sourceChanged()
        map.set(offset, count: count)
        if mode.isActivelySynced { updateActivelySynced() }
        updateRemaining()
        context?.wake()
    }

    /// Whether guests' writes go through `write` and `zero`.
    var takesWrites: Bool { mode.isWriteBlocking && !isOver }

    /// Carries out a guest's change on both sides.
    /// - Parameters:
    ///   - onSource: what the guest asked for.
    ///   - onTarget: the same for the target; nil leaves it to the background. It must not use the guest's memory, since the guest may be let
    ///     go before it is done.
    func write(
        at offset: Int64, count: Int64, onSource: () async throws(BlockError) -> Void,
        onTarget: @escaping (Node) async throws(BlockError) -> Void
    ) async throws(BlockError) {
        let mask = map.granularity - 1
        let granules = (offset & ~mask)..<((offset + count + mask) & ~mask)
        guard await ranges.take(granules) else {
            try await onSource()
            return
        }
        do throws(BlockError) {
            try await onSource()
        } catch {
            ranges.giveBack(granules)
            mark(at: offset, count: count)
            throw error
        }
        mover.sourceChanged()
        // The job may have ended meanwhile: the target is none of the guest's business any more.
        guard !isOver else { return ranges.giveBack(granules) }
        let bracket: CopyBracket
        do throws(BlockError) {
            bracket = try ends.beginWithinRequest()
        } catch {
            ranges.giveBack(granules)
            return mark(at: offset, count: count)
        }
        let copy = DetachedCopy()
        guestCopies.append(copy)
        nonisolated(unsafe) let (shared, mine, action, opened) = (copy, self, onTarget, bracket)
        thread.task { _ in
            // A drain waits for it even when the job has let the guest go.
            defer { opened.end() }
            opened.endSource()
            await mine.carryOver(offset, count, granules, opened.target, action)
            shared.end(.done)
        }
        _ = await copy.wait()
        guestCopies.removeAll { $0 === copy }
    }

    /// The target's half of a guest's write. Its failure is the job's, not the guest's.
    private func carryOver(
        _ offset: Int64, _ count: Int64, _ granules: Range<Int64>, _ target: Node, _ action: (Node) async throws(BlockError) -> Void
    ) async {
        context?.progress.grow(by: count)
        mover.willWrite(offset..<offset + count)
        do throws(BlockError) {
            try await action(target)
            // Granules that were written as a whole are equal now; of the others the rest may still differ where they are marked.
            map.clear(offset, count: count)
            context?.progress.advance(by: count)
        } catch {
            note(CopyFailure(operation: .write, error: error))
            map.set(offset, count: count)
            if mode.isActivelySynced { updateActivelySynced() }
            context?.wake()
        }
        ranges.giveBack(granules)
        updateRemaining()
    }

    /// A copy of a guest's bytes, which the guest may change as soon as its request is done, or even before.
    func bounce(_ bytes: UnsafeRawBufferPointer) -> IOBuffer {
        let buffer = pool.buffer(bytes.count)
        buffer.bytes.copyMemory(from: bytes)
        return buffer
    }
}
