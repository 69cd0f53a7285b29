internal import Glibc
public import Storage

/// Whoever lets a check run, and may pause or end it.
public protocol Qcow2CheckSupervisor: AnyObject {
    /// Called before each table that is read; a pause is a long call.
    /// - Throws: what the check is to end with.
    func checkpoint() async throws(BlockError)
}

/// Finds out whether an image's metadata agrees with itself, and mends what can be mended.
///
/// It reads the tables as they lie in the file and shares nothing with an open image: whoever has the image open flushes before, keeps
/// everybody out meanwhile, and forgets cached metadata after a repair.
///
/// Everything that refers to a cluster is walked through and counted, and the counts are compared with the refcounts that the image has. Memory is
/// bounded whatever the image says: counts of one stretch of the file (`ReferenceCounts`), one piece of each kind of table. A file of several
/// stretches is walked through once for each.
///
/// Repairs keep the image as good as it was at every point where the machine may die:
/// - A refcount is only ever changed to the number of references, and is on disk before a copied flag that relies on it is set.
/// - New refcount structures are written to clusters that nothing refers to, and are on disk before the header refers to them.
/// - The header's dirty and corrupt bits go last, when everything else is on disk.
public final class Qcow2Checker {
    let tables: RawTables
    let repair: Qcow2Repair
    var plan: MetadataPlan
    var result = Qcow2CheckResult()
    var snapshots: [SnapshotReference] = []
    var counts: ReferenceCounts
    var stored: StoredRefcounts
    /// The file's length in bytes when the check began.
    var fileLength: Int64
    /// Clusters of a stretch: whole refcount blocks.
    private let stretch: Int64
    /// Whether what is walked through is judged, too: once, in the first stretch.
    private(set) var isJudging = true
    /// Whether the present stretch is counted for the first time, so that what is found in the counts is news.
    private(set) var isFirstCount = true
    /// Whether the table that is walked through belongs to the active layer.
    var isCountingFragments = false
    /// Whether the refcount structures are beyond mending in their places.
    var needsRebuild = false
    /// Whether a cluster that is referred to has no refcount at all.
    var lacksRefcounts = false
    /// The last cluster with a refcount or a reference.
    var highestCluster: Int64 = 0
    /// Bytes of the snapshot table as they were read.
    var snapshotTableBytes: Int64 = 0
    var freed = FreedClusters()
    private let supervisor: (any Qcow2CheckSupervisor)?

    /// The most clusters that a file may have: 2^31 - 1.
    static let maxFileClusters = Int64(Int32.max)

    private init(
        file: BlockStorage, header: Qcow2Header, repair: Qcow2Repair, stretch: Int64, supervisor: (any Qcow2CheckSupervisor)?
    ) {
        tables = RawTables(file: file)
        self.repair = repair
        self.supervisor = supervisor
        fileLength = file.length
        plan = MetadataPlan(header)
        self.stretch = max(stretch, plan.geometry.refcountBlockEntries)
        counts = ReferenceCounts(geometry: plan.geometry, fileClusters: plan.geometry.clusters(for: fileLength).value)
        stored = StoredRefcounts(tables: tables, plan: plan)
    }

    /// Checks the image in `file`.
    /// - Parameters:
    ///   - header: its header, validated for checking.
    ///   - repair: what may be changed; then `file` is written to.
    ///   - supervisor: who may pause or end the check.
    /// - Throws: what reading or writing the file throws, and `.invalidImage` for an image in which not even the places of metadata make
    ///   sense. What is wrong beyond that is in the result.
    public static func check(
        file: BlockStorage, header: Qcow2Header, repair: Qcow2Repair = .none, supervisor: (any Qcow2CheckSupervisor)? = nil
    ) async throws(BlockError) -> Qcow2CheckResult {
        try await check(file: file, header: header, repair: repair, stretch: ReferenceCounts.usualWindow, supervisor: supervisor)
    }

    /// The same with stretches of `stretch` clusters, for tests.
    static func check(
        file: BlockStorage, header: Qcow2Header, repair: Qcow2Repair, stretch: Int64, supervisor: (any Qcow2CheckSupervisor)? = nil
    ) async throws(BlockError) -> Qcow2CheckResult {
        let checker = Qcow2Checker(file: file, header: header, repair: repair, stretch: stretch, supervisor: supervisor)
        try await checker.run()
        return checker.result
    }

    private func run() async throws(BlockError) {
        guard plan.geometry.clusters(for: fileLength).value <= Self.maxFileClusters else {
            throw .system(EFBIG, "Could not check the image")
        }
        result.totalClusters = plan.geometry.clusters(for: plan.virtualLength).value
        let snapshotFaults = try await readSnapshotReferences()
        guard try await checkRefcounts(snapshotFaults: snapshotFaults) else {
            result.corruptions += snapshotFaults
            return
        }
        guard try await checkCopiedFlags() else { return }
        if repair == .all { result.corruptionsFixed += snapshotFaults } else { result.corruptions += snapshotFaults }
        result.isComplete = true
        if repair != .none && result.checkErrors == 0 && result.corruptions == 0 { try await declareClean() }
    }

    /// Called before each table.
    func pausePoint() async throws(BlockError) {
        if let supervisor { try await supervisor.checkpoint() }
    }

    // MARK: References

    /// Counts all references, stretch by stretch, and lets `body` look at each stretch. What is walked through is judged in the first one.
    func forEachStretch(
        judging: Bool, _ body: (Range<Int64>) async throws(BlockError) -> Bool
    ) async throws(BlockError) -> Bool {
        isJudging = judging
        isFirstCount = judging
        var start: Int64 = 0
        // The file's last cluster may be there in part, and what refers to it ends in the cluster after it.
        var end = max(counts.end, plan.geometry.clusters(for: fileLength).value + 1)
        repeat {
            let window = start..<min(end, start + stretch)
            if judging || counts.window != window {
                counts.begin(window)
                guard try await countReferences() else { return false }
            }
            isJudging = false
            end = counts.end
            guard try await body(window.lowerBound..<min(window.upperBound, end)) else { return false }
            start = window.upperBound
        } while start < end
        return true
    }

    /// Counts what refers to the clusters of the present stretch.
    /// - Returns: false when something that must be read through cannot be.
    private func countReferences() async throws(BlockError) -> Bool {
        refer(to: 0, bytes: Int64(plan.geometry.clusterSize))
        try await walkL1(at: plan.l1Offset, entries: plan.l1Entries, isActive: true)
        try await walkSnapshots()
        refer(to: plan.refcountTableOffset, bytes: plan.refcountTableEntries * 8)
        guard try await walkBitmaps() else { return false }
        try await walkRefcountBlocks()
        return true
    }

    /// Counts a reference to each cluster that a range touches.
    /// - Returns: whether a cluster had as many as can be counted already.
    @inline(__always)
    @discardableResult
    func refer(to offset: Int64, bytes: Int64) -> Bool {
        guard bytes > 0 else { return false }
        let (end, overflow) = offset.addingReportingOverflow(bytes)
        if overflow || offset < 0 || end - fileLength >= Int64(plan.geometry.clusterSize) {
            if isJudging {
                result.note(.corruption, "A reference to \(bytes) bytes at \(hexadecimal(offset)) lies beyond the end of the file")
            }
            return false
        }
        let bits = Int64(plan.geometry.clusterBits)
        let (first, overflows) = counts.add(offset >> bits..<((end - 1) >> bits) + 1)
        if isFirstCount {
            for index in 0..<overflows {
                result.note(.corruption, "More references than refcounts can hold to cluster \(first + Int64(index))")
            }
        }
        return overflows > 0
    }

    // MARK: The end

    /// Takes the dirty and corrupt bits out of the header, once all that was repaired is on disk.
    private func declareClean() async throws(BlockError) {
        try await tables.file.flush()
        guard plan.version >= 3, !plan.incompatible.isDisjoint(with: [.dirty, .corrupt]) else { return }
        let features = plan.incompatible.subtracting([.dirty, .corrupt])
        try await tables.write(BigEndian.bytes(features.rawValue), at: 72)
        try await tables.file.flush()
    }
}
