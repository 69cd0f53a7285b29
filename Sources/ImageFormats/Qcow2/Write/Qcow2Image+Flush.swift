public import Storage
import Waiting

extension Qcow2Image {
    /// Returns when every write that completed before the call is on stable storage, with the metadata that finds it.
    public func flush() async throws(BlockError) {
        file.note(.flushToOs)
        guard let state = writeState, hasDirtyMetadata(state) else {
            file.note(.flushToDisk)
            return try await flushStorages()
        }
        try await writeBackMetadata(state)
    }

    /// Ends writing: everything is on disk, nothing leaks, and the image is marked as clean. Nothing may be in flight.
    public func finishWriting() async throws(BlockError) {
        guard let state = writeState else { return try await flushStorages() }
        try await flush()
        try await setFree(state)
        try await state.refcounts.writeBack()
        try await flushStorages()
        guard header.incompatible.contains(.dirty), !isCorrupt else { return }
        // All refcounts are on disk now.
        try await updateHeader { header in header.incompatible.remove(.dirty) }
    }

    private func hasDirtyMetadata(_ state: WriteState) -> Bool {
        state.cycles.isLocked || l2Cache.hasDirty || !l1.dirtySectors.isEmpty || state.refcounts.isDirty || !state.frees.isEmpty
    }

    /// Writes all metadata back that is dirty now, and makes it durable. Callers that wait at the same time share a cycle.
    func writeBackMetadata(_ state: WriteState) async throws(BlockError) {
        let begun = state.startedCycles
        await state.cycles.lock()
        defer { state.cycles.unlock() }
        // A cycle that began after this call covers it.
        if state.completedCycle > begun { return }
        state.startedCycles += 1
        let number = state.startedCycles
        try await runCycle(state)
        state.completedCycle = number
        try await setFree(state)
    }

    /// One write-back. The order, and what a crash in each step leaves:
    ///
    /// 1. L2 slices and L1 sectors are copied; what changes from here on belongs to the next cycle.
    /// 2. Refcount blocks, then (flushed) the refcount table's entries for new blocks: nothing refers to what they count, so a crash leaks.
    ///    Lazily, under the dirty bit, this waits for the close.
    /// 3. A flush, which covers the data that the copies refer to, and new tables' contents.
    /// 4. The copies are written: each entry that lands refers to counted clusters with their data; each that is lost is the one from before, whose
    ///    clusters are still counted, since frees wait for step 6.
    /// 5. A flush: now no dropped reference is on disk.
    /// 6. `setFree` lowers the refcounts of what was dropped.
    private func runCycle(_ state: WriteState) async throws(BlockError) {
        try checkWritable()
        let slices = l2Cache.dirtyCopies()
        let sectors = l1.dirtySectors.map { (sector: $0, place: l1.offset(ofSector: $0), bytes: l1.takeSector($0)) }
        let frees = state.frees.takeUnlinked()
        accesses.advance()
        let needsBarrier = state.needsBarrier
        state.needsBarrier = false
        do throws(BlockError) {
            if !header.incompatible.contains(.dirty) { try await state.refcounts.writeBack() }
            if needsBarrier { try await flushStorages() }
            try await l2Cache.write(slices)
            for sector in sectors {
                try state.places.check(sector.place, bytes: Int64(sector.bytes.count), ignoring: .activeL1)
                file.note(.l1Update)
                try await write(sector.bytes, at: sector.place.bytes)
            }
            file.note(.flushToDisk)
            try await flushStorages()
        } catch {
            state.needsBarrier = state.needsBarrier || needsBarrier
            state.frees.putBack(frees)
            for sector in sectors { l1.markDirty(sector: sector.sector) }
            throw await reported(error)
        }
        state.frees.becomeDurable(frees)
    }

    private func flushStorages() async throws(BlockError) {
        if let dataFile { try await dataFile.flush() }
        try await file.flush()
    }

    /// Lowers the refcounts of clusters whose references are gone from the disk, and tells the host about those that are free now if it is to
    /// know. What fails stays a leak until the next try.
    private func setFree(_ state: WriteState) async throws(BlockError) {
        var items = state.frees.takeFree(accesses)
        while let item = items.popLast() {
            do throws(BlockError) {
                try await setFree(item, state)
            } catch {
                if error.kind == .invalidImage { throw await reported(error) }
                // The clusters stay counted: a leak that a check finds, or the next cycle.
                state.frees.becomeDurable(items + [item])
                return
            }
        }
    }

    private func setFree(_ item: PendingFrees.Item, _ state: WriteState) async throws(BlockError) {
        if passesDiscard(item.reason) {
            for (first, count) in try await state.refcounts.soleUserRuns(item.first, item.count) {
                await passDiscard(geometry.offset(of: first), geometry.bytes(of: count), to: file)
            }
        }
        if item.reason == .other || item.reason == .snapshot {
            l2Cache.forget(geometry.offset(of: item.first).bytes, count: geometry.bytes(of: item.count))
        }
        let released = try await state.refcounts.release(item.first, item.count)
        guard released < item.count else { return }
        var rest = item
        rest.first = item.first + released
        rest.count = ClusterCount(item.count.value - released.value)
        state.frees.becomeDurable([rest])
    }

    /// Whether the host is told about clusters that became unused for this reason.
    func passesDiscard(_ reason: DiscardReason) -> Bool {
        switch reason {
        case .never: false
        case .request: options.passDiscardRequest
        case .snapshot: options.passDiscardSnapshot
        case .other: options.passDiscardOther
        }
    }

    /// Tells the host that a range is unused. It may ignore that, so that a failure is none.
    func passDiscard(_ place: HostOffset, _ bytes: Int64, to storage: BlockStorage) async {
        let end = min(place.bytes + bytes, storage.length)
        guard end > place.bytes else { return }
        do throws(BlockError) {
            try await storage.discard(at: place.bytes, count: end - place.bytes)
        } catch {
            return
        }
    }

    /// Turns the discovery of damage into its report.
    func reported(_ error: BlockError) async -> BlockError {
        error.kind == .invalidImage ? await signalCorruption(error.message) : error
    }
}
