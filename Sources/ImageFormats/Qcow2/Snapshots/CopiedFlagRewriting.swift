internal import Storage

/// The copied flags of the active layer say "refcount one: write in place". Taking a snapshot clears them all, deleting one lets some be set.
///
/// The crash argument: a flag that is missing costs a copy. A flag is set only where the refcount on disk is one, and cleared on disk before a
/// snapshot refers to the cluster. For what lies between the two the image has the dirty bit (from version 3 on), so that whoever opens it
/// next makes flags and refcounts agree; in version 2 a missing flag stays until a check repairs it.
extension Qcow2Image {
    /// What the flags are to be.
    enum CopiedFlagGoal {
        case cleared
        case byRefcount
    }

    /// Makes all flags of the active layer what they are to be, on disk. Nothing may be in flight, nothing dirty.
    func rewriteCopiedFlags(_ goal: CopiedFlagGoal, _ state: WriteState) async throws(BlockError) {
        let buffer = BufferPool.shared.buffer(geometry.clusterSize)
        for index in 0..<l1.count where l1[index].hasTable {
            let entry = l1[index]
            try await readTable(entry.table, l1Index: index, into: buffer)
            var isChanged = false
            for position in 0..<geometry.l2Entries {
                let old = L2Entry(buffer.contents, at: position, hasSubclusters: geometry.hasSubclusters)
                guard !old.isCompressed, old.host.bytes != 0 else { continue }
                let wanted = try await isCopied(geometry.cluster(of: old.host), goal, state)
                guard wanted != old.isCopied else { continue }
                let new = L2Entry(word: old.word ^ L2Entry.copiedBit, subclusters: old.subclusters)
                new.store(buffer.bytes, at: position, hasSubclusters: geometry.hasSubclusters)
                isChanged = true
            }
            if isChanged {
                try state.places.check(entry.table, bytes: Int64(geometry.clusterSize), ignoring: .activeL2)
                try await file.write(at: entry.table.bytes, from: buffer.contents, flags: [])
            }
            let wanted = try await isCopied(geometry.cluster(of: entry.table), goal, state)
            if wanted != entry.isCopied { l1.set(index, L1Entry(table: entry.table, isCopied: wanted)) }
        }
        l2Cache.forgetAll()
        try await flush()
    }

    @inline(__always)
    private func isCopied(_ cluster: HostCluster, _ goal: CopiedFlagGoal, _ state: WriteState) async throws(BlockError) -> Bool {
        goal == .byRefcount ? try await state.refcounts.count(of: cluster) == 1 : false
    }

    /// Writes refcounts, late ones too, and makes them durable.
    func writeRefcounts(_ state: WriteState) async throws(BlockError) {
        try await state.refcounts.writeBack()
        try await file.flush()
    }

    /// Runs a change of snapshots under the dirty bit, as far as the version has one. When it fails the flags are made what the refcounts say;
    /// if not even that works, the bit stays.
    func underDirtyBit<Result>(
        _ state: WriteState, _ work: () async throws(BlockError) -> Result
    ) async throws(BlockError) -> Result {
        let sets = header.version >= 3 && !header.incompatible.contains(.dirty)
        if sets { try await updateHeader { header in header.incompatible.insert(.dirty) } }
        let outcome: Swift.Result<Result, BlockError>
        do throws(BlockError) {
            outcome = .success(try await work())
        } catch {
            outcome = .failure(error)
            try await rewriteCopiedFlags(.byRefcount, state)
        }
        if sets && !hasLazyRefcounts {
            try await writeRefcounts(state)
            try await updateHeader { header in header.incompatible.remove(.dirty) }
        }
        return try outcome.get()
    }
}
