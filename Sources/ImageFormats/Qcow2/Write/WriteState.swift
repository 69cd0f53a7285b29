internal import Storage
internal import Waiting

/// What an image needs to be written to. It is made at the first write, since it reads the refcount table.
final class WriteState {
    let refcounts: Refcounts
    /// Where metadata is: nothing else is written there.
    var places: MetadataPlaces
    /// References that are dropped in memory, until they are gone from the disk.
    var frees = PendingFrees()
    /// Guest clusters whose mapping is being changed.
    let claims = ClusterClaims()
    /// Makes L2 tables one at a time.
    let tables = AsyncMutex()
    /// Writes metadata back, one cycle at a time.
    let cycles = AsyncMutex()
    /// Whether a table in memory refers to data or clusters that may not be on disk: a flush comes before the table.
    var needsBarrier = false
    /// Cycles that have begun.
    var startedCycles: UInt64 = 0
    /// The number of the last cycle that has made everything durable.
    var completedCycle: UInt64 = 0

    init(refcounts: Refcounts, places: MetadataPlaces) {
        self.refcounts = refcounts
        self.places = places
    }

    /// Keeps `places` in step with the refcounts' own metadata.
    func watchRefcounts() {
        let geometry = refcounts.geometry
        refcounts.onMetadataPlaced = { [unowned self] (offset, count, kind) in
            places.place(offset, bytes: geometry.bytes(of: count), kind)
        }
        refcounts.onMetadataRemoved = { [unowned self] (offset, count, kind) in
            places.remove(offset, bytes: geometry.bytes(of: count), kind)
        }
        refcounts.cache.verify = { [unowned self] (offset, count) throws(BlockError) in
            try places.check(HostOffset(offset), bytes: Int64(count), ignoring: .refcountBlock)
        }
    }
}

extension Qcow2Image {
    /// What writing needs, made now if this is the first write.
    /// - Throws: what the storage throws when the refcount table is read.
    func writing() async throws(BlockError) -> WriteState {
        if let writeState { return writeState }
        await startTurn.lock()
        defer { startTurn.unlock() }
        if let writeState { return writeState }
        let sizes = try Qcow2CacheSizes(options, header: header)
        let place = HostOffset(Int64(header.refcountTableOffset))
        let clusters = Int64(header.refcountTableClusters)
        let table = try await RefcountTable.load(from: file, at: place, clusters: clusters, geometry: geometry)
        let cache = MetadataCache(
            storage: file, entryBytes: sizes.refcountEntryBytes, maxEntries: sizes.refcountEntries,
            events: .init(load: .refblockLoad, update: .refblockUpdatePart))
        let refcounts = Refcounts(file: file, geometry: geometry, table: table, cache: cache)
        let state = WriteState(refcounts: refcounts, places: try await metadataPlaces(table))
        connect(state)
        writeState = state
        return state
    }

    func connect(_ state: WriteState) {
        state.watchRefcounts()
        state.refcounts.headerLock = headerTurn
        state.refcounts.onTableMoved = { [unowned self] (offset, clusters) in
            header.refcountTableOffset = UInt64(offset.bytes)
            header.refcountTableClusters = UInt32(clusters)
        }
        l2Cache.verify = { [unowned state] (offset, count) throws(BlockError) in
            try state.places.check(HostOffset(offset), bytes: Int64(count), ignoring: .activeL2)
        }
        l2Cache.relief = self
    }

    /// Where all metadata is that an overlap check looks for.
    private func metadataPlaces(_ table: RefcountTable) async throws(BlockError) -> MetadataPlaces {
        var places = MetadataPlaces(checks: options.overlapChecks, geometry: geometry)
        let cluster = Int64(geometry.clusterSize)
        places.place(table.offset, bytes: table.size, .refcountTable)
        for word in table.words where word != 0 && word < UInt64(Qcow2Limits.maxHostOffset) {
            places.place(HostOffset(Int64(word)), bytes: cluster, .refcountBlock)
        }
        places.place(l1.offset, bytes: Int64(l1.count) * 8, .activeL1)
        for entry in l1.entries where entry.hasTable { places.place(entry.table, bytes: cluster, .activeL2) }
        if let bitmaps = header.bitmaps {
            places.place(
                HostOffset(Int64(clamping: bitmaps.directoryOffset)), bytes: Int64(clamping: bitmaps.directorySize), .bitmapDirectory)
        }
        let snapshots = try await loadedSnapshots()
        places.place(snapshots.offset, bytes: snapshots.bytes, .snapshotTable)
        for snapshot in snapshots.entries {
            guard let table = snapshot.l1Table(geometry) else { continue }
            places.place(table.offset, bytes: table.bytes, .inactiveL1)
            if places.checks.contains(.inactiveL2) { try await placeInactiveTables(of: table, in: &places) }
        }
        return places
    }

    /// The L2 tables of a snapshot, which its L1 table must be read for.
    private func placeInactiveTables(
        of table: (offset: HostOffset, bytes: Int64), in places: inout MetadataPlaces
    ) async throws(BlockError) {
        let bytes = try await file.bytesPadded(at: table.offset.bytes, count: Int(table.bytes))
        for position in stride(from: 0, to: bytes.count, by: 8) {
            let entry = L1Entry(word: BigEndian.load(bytes, position, as: UInt64.self))
            if entry.hasTable { places.place(entry.table, bytes: Int64(geometry.clusterSize), .inactiveL2) }
        }
    }
}

extension Qcow2Image: MetadataRelief {
    /// Writes all metadata back, so that slices of L2 tables can be evicted.
    func relieve() async throws(BlockError) {
        if let writeState { try await writeBackMetadata(writeState) }
    }
}
