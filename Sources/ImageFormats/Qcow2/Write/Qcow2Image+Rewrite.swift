internal import Storage

extension Qcow2Image {
    /// A part of a range within one slice: what is rewritten in one turn.
    private struct Part {
        let start: GuestOffset
        let end: GuestOffset
        let clusters: Range<Int64>
    }

    /// Rewrites the entries of a range that begins and ends where a subcluster does (or the virtual disk).
    ///
    /// The crash argument: one entry changes at a time, and old and new one are both true: the old host clusters keep their reference until the new
    /// entry is on disk.
    /// - Parameters:
    ///   - skipsEmptyTables: whether a missing L2 table reads as it should already.
    ///   - reason: why clusters become unused.
    ///   - space: what happens to the data file's bytes and to space that is kept.
    ///   - claim: the caller's own claim on these clusters, if it has one.
    /// - Returns: how far it came: to the end, or to a compressed cluster of which only a part is in the range, which has no subclusters.
    func rewrite(
        _ range: Range<Int64>, _ rewriting: Rewriting, skipsEmptyTables: Bool, reason: DiscardReason, _ space: SpaceHandling,
        within claim: ClusterClaims.Claim? = nil, _ state: WriteState
    ) async throws(BlockError) -> Int64 {
        var position = range.lowerBound
        while position < range.upperBound {
            var part = part(of: position..<range.upperBound)
            if skipsEmptyTables, !l1[geometry.l1Index(part.start)].hasTable {
                position = part.end.bytes
                continue
            }
            let slice = try await writableSlice(part.start, state)
            if let held = state.claims.first(overlapping: part.clusters), held !== claim {
                await state.claims.wait(for: held)
                continue
            }
            if let fault = firstFault(in: slice, part) { throw await reportFault(fault.0, at: fault.1) }
            if let partial = partOfCompressed(slice, part) {
                if partial <= position { return position }
                part = self.part(of: position..<partial)
            }
            if space == .leave {
                _ = change(slice, part, rewriting, reason, state)
            } else {
                try await changeWithSpace(part, rewriting, reason, space, state)
            }
            position = part.end.bytes
        }
        if state.frees.isFull { try await writeBackMetadata(state) }
        return position
    }

    /// Where the first or the last cluster of a part is compressed, and not whole in it.
    private func partOfCompressed(_ slice: MetadataEntry, _ part: Part) -> Int64? {
        guard geometry.hasSubclusters else { return nil }
        for cluster in [part.clusters.lowerBound, part.clusters.upperBound - 1] {
            let guest = GuestOffset(cluster << Int64(geometry.clusterBits))
            let entry = L2Entry(slice.contents, at: sliceIndex(guest), hasSubclusters: true)
            if entry.isCompressed, mask(of: part, at: guest) != .max { return guest.bytes }
        }
        return nil
    }

    private func part(of range: Range<Int64>) -> Part {
        let sliceBytes = Int64(1) << Int64(sliceBits + geometry.clusterBits)
        let end = min(range.upperBound, (range.lowerBound / sliceBytes + 1) * sliceBytes)
        let bits = Int64(geometry.clusterBits)
        return Part(
            start: GuestOffset(range.lowerBound), end: GuestOffset(end), clusters: range.lowerBound >> bits..<((end - 1) >> bits) + 1)
    }

    private func firstFault(in slice: MetadataEntry, _ part: Part) -> (L2Fault, GuestOffset)? {
        for cluster in part.clusters {
            let guest = GuestOffset(cluster << Int64(geometry.clusterBits))
            let entry = L2Entry(slice.contents, at: sliceIndex(guest), hasSubclusters: geometry.hasSubclusters)
            if let fault = reader.fault(entry, guest) { return (fault, guest) }
        }
        return nil
    }

    /// Changes the entries of a part in the cached slice: no suspension since it was looked up.
    /// - Returns: the space that is kept and shows no more.
    private func change(
        _ slice: MetadataEntry, _ part: Part, _ rewriting: Rewriting, _ reason: DiscardReason, _ state: WriteState
    ) -> [HostOffset] {
        var idle: [HostOffset] = []
        var hasChanged = false
        for cluster in part.clusters {
            let guest = GuestOffset(cluster << Int64(geometry.clusterBits))
            let index = sliceIndex(guest)
            let old = L2Entry(slice.contents, at: index, hasSubclusters: geometry.hasSubclusters)
            guard let new = rewriting.rewrite(old, mask: mask(of: part, at: guest), at: guest) else { continue }
            new.entry.store(slice.bytes, at: index, hasSubclusters: geometry.hasSubclusters)
            hasChanged = true
            if new.drops { drop(old, reason, state) }
            if let space = new.idle { idle.append(space) }
        }
        if hasChanged { l2Cache.markDirty(slice) }
        return idle
    }

    /// The subclusters of the cluster at `guest` that are in a part. A disk that ends within a subcluster has all of it.
    private func mask(of part: Part, at guest: GuestOffset) -> UInt32 {
        guard geometry.hasSubclusters else { return .max }
        let size = Int64(geometry.subclusterSize)
        let low = max(0, part.start.bytes - guest.bytes) / size
        var high = (min(Int64(geometry.clusterSize), part.end.bytes - guest.bytes) + size - 1) / size
        // Past the end nothing can be lost, and a whole cluster can be given back.
        if part.end.bytes == length { high = 32 }
        return CopyArea.bits(Int(low)..<Int(high))
    }

    /// Holds the clusters while the bytes of a data file, or kept space, are zeroed or discarded: no write may come in between.
    private func changeWithSpace(
        _ part: Part, _ rewriting: Rewriting, _ reason: DiscardReason, _ space: SpaceHandling, _ state: WriteState
    ) async throws(BlockError) {
        let claim = state.claims.claim(part.clusters)
        defer { state.claims.release(claim) }
        if space == .zero {
            try await dataStorage.writeZeroes(at: part.start.bytes, count: part.end.bytes - part.start.bytes, flags: .mayUnmap)
        }
        let slice = try await writableSlice(part.start, state)
        let idle = change(slice, part, rewriting, reason, state)
        guard space == .discard else { return }
        if reader.hasDataFile {
            await passDiscard(HostOffset(part.start.bytes), part.end.bytes - part.start.bytes, to: dataStorage)
        } else {
            for place in idle { await passDiscard(place, Int64(geometry.clusterSize), to: file) }
        }
    }
}

/// What is done to space that stays where it is: a data file's, or what `discard-no-unref` keeps.
enum SpaceHandling {
    /// Nothing.
    case leave
    /// It is made to read as zeroes, since a raw data file is read by others as it is.
    case zero
    /// The host is told that it is unused.
    case discard
}
