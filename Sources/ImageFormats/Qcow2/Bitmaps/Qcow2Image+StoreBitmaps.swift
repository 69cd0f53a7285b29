public import Storage
import Waiting

/// Storing and removing bitmaps.
///
/// Crash safety: bits, tables and the new directory fill new clusters, and are on disk with their refcounts before the header's extension names
/// the directory (`nameBitmapDirectory`). What the old directory referred to is given back after that. Up to then the bitmaps are in use on
/// disk, and inconsistent for whoever opens the image.
extension Qcow2Image {
    /// Stores bitmaps, when the image is closed or will only be read from now on. They are no longer in use then. Others that the image has stay as
    /// they are, and so do those that were never claimed: what is in memory is what the image has.
    /// - Throws: `.invalidOption` in QEMU's words for a bitmap that cannot be stored, and then stores none.
    public func storeBitmaps(_ sources: [Qcow2BitmapSource]) async throws(BlockError) {
        guard !sources.isEmpty else { return }
        try checkWritable()
        await bitmapTurn.lock()
        defer { bitmapTurn.unlock() }
        for source in sources {
            do throws(BlockError) {
                try checkBitmapConstraints(name: source.name, granularity: source.granularity)
            } catch {
                throw BlockError(error.kind, "Bitmap '\(source.name)' doesn't satisfy the constraints: \(error.message)")
            }
        }
        var entries = try await bitmapDirectory()
        // By name, since there may be tens of thousands.
        var places = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.nameBytes, $0) })
        var replaced: [BitmapDirectoryEntry] = []
        for source in sources {
            guard let index = places[Array(source.name.utf8)] else { continue }
            guard entries[index].flags.contains(.inUse) else {
                throw BlockError(.invalidOption, "Bitmap '\(source.name)' already exists in the image")
            }
            replaced.append(entries[index])
        }
        guard Int64(entries.count + sources.count - replaced.count) <= Qcow2Limits.maxBitmaps else {
            throw BlockError(.invalidOption, "Too many persistent bitmaps")
        }
        let state = try await writing()
        var stored: [BitmapDirectoryEntry] = []
        do throws(BlockError) {
            for source in sources {
                let entry = try await store(source, state)
                stored.append(entry)
                if let index = places[entry.nameBytes] {
                    entries[index] = entry
                } else {
                    places[entry.nameBytes] = entries.count
                    entries.append(entry)
                }
            }
            // Who writes from here on marks them anew.
            needsBitmapClaim = true
            try await replaceBitmapDirectory(with: entries, state)
        } catch {
            if state.refcounts.failure == nil { for entry in stored { try await freeBitmap(entry, isOnDisk: false, state) } }
            throw error
        }
        for entry in replaced { try await freeBitmap(entry, isOnDisk: true, state) }
        for entry in stored { claimedBitmaps.remove(entry.nameBytes) }
        try await flush()
    }

    /// Removes a bitmap from the image; one that it does not have is removed already.
    public func removeBitmap(_ name: String) async throws(BlockError) {
        await bitmapTurn.lock()
        defer { bitmapTurn.unlock() }
        let bytes = Array(name.utf8)
        var entries = try await bitmapDirectory()
        guard let index = entries.firstIndex(where: { $0.nameBytes == bytes }) else { return }
        try checkWritable()
        let entry = entries.remove(at: index)
        let state = try await writing()
        do throws(BlockError) {
            try await replaceBitmapDirectory(with: entries, state)
        } catch {
            throw error.within("Failed to update bitmap extension")
        }
        claimedBitmaps.remove(bytes)
        try await freeBitmap(entry, isOnDisk: true, state)
        try await flush()
    }

    /// Writes a bitmap's bits and its table to new clusters. Clusters of bits that are all clear take no space.
    private func store(_ source: Qcow2BitmapSource, _ state: WriteState) async throws(BlockError) -> BitmapDirectoryEntry {
        let coverage = bitmapCoverage(granularity: source.granularity)
        let count = Int(bitmapTableEntries(granularity: source.granularity))
        guard count > 0 else { throw BlockError(.invalidOption, "Bitmap '\(source.name)' doesn't satisfy the constraints") }
        let buffer = BufferPool.shared.buffer(geometry.clusterSize)
        var words = [UInt64](repeating: 0, count: count)
        var work = WorkOfATurn()
        do throws(BlockError) {
            for index in 0..<count {
                await work.add(geometry.clusterSize)
                let start = Int64(index) * coverage
                buffer.bytes.initializeMemory(as: UInt8.self, repeating: 0)
                guard source.fill(start..<min(length, start + coverage), buffer.bytes) else { continue }
                let place = try await allocate(ClusterCount(1), state)
                words[index] = BitmapCluster.stored(place).word
                try await file.write(at: place.bytes, from: buffer.contents, flags: [])
            }
            let table = try await writeClusters(words.map(\.bigEndian).withUnsafeBytes { Array($0) }, state)
            return BitmapDirectoryEntry(
                tableOffset: table.bytes, tableEntries: UInt32(count), flags: source.isAuto ? .auto : [],
                granularityBits: UInt8(source.granularity.trailingZeroBitCount), nameBytes: Array(source.name.utf8))
        } catch {
            for word in words where word != 0 { await abandon(HostOffset(Int64(word)), ClusterCount(1), state) }
            throw error.within("Failed to write bitmap '\(source.name)' to file")
        }
    }

    /// Gives back what a bitmap has. The bits of a table that makes no sense are leaked.
    private func freeBitmap(_ entry: BitmapDirectoryEntry, isOnDisk: Bool, _ state: WriteState) async throws(BlockError) {
        let size = Int64(geometry.clusterSize)
        var clusters: [HostOffset] = []
        try await RawTables(file: file).forEachPiece(at: entry.tableOffset, words: Int64(entry.tableEntries)) { (piece, _) in
            for place in stride(from: 0, to: piece.count, by: 8) {
                let word = BigEndian.load(UnsafeRawBufferPointer(piece), place, as: UInt64.self)
                if case .stored(let offset) = BitmapCluster(word, self.geometry) { clusters.append(offset) }
            }
        }
        for place in clusters {
            if isOnDisk { freeClusters(place, bytes: size, .other, state) } else { await abandon(place, ClusterCount(1), state) }
        }
        let bytes = Int64(entry.tableEntries) * 8
        if isOnDisk {
            freeClusters(HostOffset(entry.tableOffset), bytes: bytes, .other, state)
        } else {
            await abandonClusters(HostOffset(entry.tableOffset), bytes: bytes, state)
        }
    }
}
