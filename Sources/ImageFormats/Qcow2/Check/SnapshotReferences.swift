internal import Storage

/// What the checker keeps of a snapshot.
struct SnapshotReference {
    let l1Offset: UInt64
    let l1Entries: UInt32
}

extension Qcow2Checker {
    /// Reads the snapshot table, and cuts it in the header to what is accepted if everything is to be repaired.
    /// - Returns: how many entries have to be written anew.
    /// - Throws: `.invalidImage` when the table cannot be read to its end.
    func readSnapshotReferences() async throws(BlockError) -> Int {
        let announced = plan.snapshotCount
        if repair == .all { plan.snapshotCount = min(announced, Qcow2Limits.maxSnapshots) }
        guard plan.snapshotCount <= Qcow2Limits.maxSnapshots else { throw BlockError(.invalidImage, "snapshot table too large") }
        let size = plan.snapshotCount * Int64(Qcow2Snapshot.fixedBytes)
        guard plan.snapshotsOffset & UInt64(plan.geometry.clusterSize - 1) == 0, plan.snapshotsOffset <= UInt64(Int64.max - size) else {
            throw BlockError(.invalidImage, "snapshot table offset invalid")
        }
        var reader = snapshotReader
        var incomplete = 0
        while Int64(snapshots.count) < plan.snapshotCount {
            guard let snapshot = try await reader.next() else {
                plan.snapshotCount = Int64(snapshots.count)
                break
            }
            if plan.version >= 3 && snapshot.storedExtraData < Qcow2Snapshot.requiredExtraData {
                incomplete += 1
                if result.findings.count < Qcow2CheckResult.maxFindings {
                    result.findings.append(
                        Qcow2Finding(severity: .corruption, message: "Snapshot table entry \(snapshots.count) is incomplete"))
                }
            }
            snapshots.append(SnapshotReference(l1Offset: snapshot.l1Offset, l1Entries: snapshot.l1Entries))
        }
        snapshotTableBytes = reader.position
        if plan.snapshotCount < announced {
            // The rest is leaked by this, which the comparison of refcounts mends.
            try await tables.write(BigEndian.bytes(UInt32(plan.snapshotCount)), at: 60)
            try await tables.file.flush()
            result.corruptionsFixed += Int(announced - plan.snapshotCount)
        }
        return incomplete + reader.cutEntries
    }

    private var snapshotReader: SnapshotTableReader {
        SnapshotTableReader(
            tables: tables, offset: Int64(clamping: plan.snapshotsOffset), tolerance: repair == .all ? .repair : .none)
    }

    /// Counts what the snapshots refer to.
    func walkSnapshots() async throws(BlockError) {
        if isJudging && plan.hasDataFile && !snapshots.isEmpty {
            result.note(.corruption, "\(snapshots.count) snapshots in an image with a data file")
        }
        for (index, snapshot) in snapshots.enumerated() {
            guard snapshot.l1Offset & UInt64(plan.geometry.clusterSize - 1) == 0 else {
                if isJudging { result.note(.corruption, "The L1 table of snapshot \(index) is not at a cluster's beginning") }
                continue
            }
            guard Int64(snapshot.l1Entries) <= Qcow2Limits.maxL1TableSize / 8 else {
                if isJudging { result.note(.corruption, "The L1 table of snapshot \(index) is too large: \(snapshot.l1Entries) entries") }
                continue
            }
            guard let offset = Int64(exactly: snapshot.l1Offset), offset <= .max - Qcow2Limits.maxL1TableSize else {
                if isJudging { result.note(.corruption, "The L1 table of snapshot \(index) lies where no file can") }
                continue
            }
            try await walkL1(at: offset, entries: Int(snapshot.l1Entries), isActive: false)
        }
        refer(to: Int64(clamping: plan.snapshotsOffset), bytes: snapshotTableBytes)
    }

    /// The snapshot table as it is to be, with every entry whole.
    func completeSnapshotTable() async throws(BlockError) -> [UInt8] {
        var reader = snapshotReader
        var table: [UInt8] = []
        for _ in 0..<plan.snapshotCount {
            guard var snapshot = try await reader.next() else { break }
            if snapshot.diskSize == nil { snapshot.diskSize = UInt64(plan.virtualLength) }
            snapshot.append(to: &table)
        }
        return table
    }
}
