internal import Storage

/// Comparing the references that were counted with the refcounts that the image has.
extension Qcow2Checker {
    /// Checks and repairs refcounts.
    /// - Parameter snapshotFaults: entries of the snapshot table that a full repair is to write anew.
    /// - Returns: false when the check cannot go on.
    func checkRefcounts(snapshotFaults: Int) async throws(BlockError) -> Bool {
        guard try await compareAll(judging: true, repairing: nil) else { return false }
        switch repair {
        case .none: break
        case .leaks:
            guard !needsRebuild && !lacksRefcounts else {
                result.note(.checkError, "The refcount structures need to be rebuilt")
                return false
            }
            guard try await repairRefcounts() else { return false }
        case .all:
            if needsRebuild || snapshotFaults > 0 {
                guard try await rebuildAndCompare(snapshotFaults: snapshotFaults) else { return false }
            } else {
                guard try await repairRefcounts() else { return false }
            }
        }
        result.imageEndOffset = (highestCluster + 1) << Int64(plan.geometry.clusterBits)
        return true
    }

    /// Compares all stretches.
    /// - Parameter repairing: what is put right where it differs, or nil to count only.
    func compareAll(judging: Bool, repairing: RefcountRepair?) async throws(BlockError) -> Bool {
        highestCluster = 0
        return try await forEachStretch(judging: judging) { (window) async throws(BlockError) in
            let bits = Int64(self.plan.geometry.refcountBlockBits)
            var cluster = window.lowerBound
            while cluster < window.upperBound {
                try await self.pausePoint()
                let end = min(window.upperBound, ((cluster >> bits) + 1) << bits)
                try await self.compare(cluster..<end, repairing)
                cluster = end
            }
            return true
        }
    }

    /// Compares clusters of one refcount block.
    private func compare(_ clusters: Range<Int64>, _ repairing: RefcountRepair?) async throws(BlockError) {
        switch try await stored.load(clusters.lowerBound >> Int64(plan.geometry.refcountBlockBits)) {
        case .unreachable(let offset):
            needsRebuild = true
            guard repairing == nil else { return }
            for cluster in clusters {
                result.note(.checkError, "The refcount of cluster \(cluster) is in a block at \(hexadecimal(offset))")
            }
        case .absent: compareAbsent(clusters, repairing)
        case .at:
            let width = stored.width
            let mask = plan.geometry.refcountBlockEntries - 1
            var isChanged = false
            for cluster in clusters {
                let found = width.value(stored.block.contents, Int(cluster & mask))
                let wanted = counts[cluster]
                if found | wanted != 0 { highestCluster = cluster }
                guard found != wanted else { continue }
                if let repairing {
                    guard repairing.allows(found: found, wanted: wanted) else { continue }
                    width.set(stored.block.bytes, Int(cluster & mask), to: wanted)
                    noteRepair(cluster, found: found, wanted: wanted, repairing)
                    isChanged = true
                } else {
                    noteDifference(cluster, found: found, wanted: wanted)
                }
            }
            if isChanged { try await stored.writeBack() }
        }
    }

    private func compareAbsent(_ clusters: Range<Int64>, _ repairing: RefcountRepair?) {
        for cluster in clusters {
            let wanted = counts[cluster]
            guard wanted != 0 else { continue }
            highestCluster = cluster
            needsRebuild = true
            if repairing == nil { noteDifference(cluster, found: 0, wanted: wanted) }
        }
    }

    private func noteDifference(_ cluster: Int64, found: UInt64, wanted: UInt64) {
        if found == 0 { lacksRefcounts = true }
        result.note(
            found < wanted ? .corruption : .leak, "Cluster \(cluster) has refcount \(found), and \(wanted) references")
    }

    private func noteRepair(_ cluster: Int64, found: UInt64, wanted: UInt64, _ repairing: RefcountRepair) {
        if found > wanted {
            if repairing.isCounted {
                result.leaks -= 1
                result.leaksFixed += 1
            }
            if wanted == 0 { freed.add(cluster) }
        } else if repairing.isCounted {
            result.corruptions -= 1
            result.corruptionsFixed += 1
        }
    }

    /// Sets refcounts in their places, and gives freed clusters back to the file system.
    private func repairRefcounts() async throws(BlockError) -> Bool {
        guard result.leaks > 0 || result.corruptions > 0 else { return true }
        let repairing = RefcountRepair(leaks: true, corruptions: repair == .all, isCounted: true)
        guard try await compareAll(judging: false, repairing: repairing) else { return false }
        // A copied flag may be set only when the refcount of one is on disk.
        try await tables.file.flush()
        try await discardFreed()
        return true
    }

    /// Gives the space of freed clusters back. It is a service only, so a refusal is none of ours.
    func discardFreed() async throws(BlockError) {
        let size = Int64(plan.geometry.clusterSize)
        let length = tables.file.length
        for run in freed.runs {
            let start = run.lowerBound * size
            let end = min(length, run.upperBound * size)
            guard start < end else { continue }
            do throws(BlockError) {
                try await tables.file.discard(at: start, count: end - start)
            } catch {
                guard error.kind == .unsupported else { throw error }
                break
            }
        }
        freed = FreedClusters()
    }
}

/// Which refcounts a comparison puts right.
struct RefcountRepair {
    let leaks: Bool
    let corruptions: Bool
    /// Whether what it frees was counted as a leak before.
    let isCounted: Bool

    func allows(found: UInt64, wanted: UInt64) -> Bool { found > wanted ? leaks : corruptions }
}

/// Runs of clusters that a repair has freed, the first few thousand.
struct FreedClusters {
    private(set) var runs: [Range<Int64>] = []
    private static let mostRuns = 4096

    mutating func add(_ cluster: Int64) {
        if let last = runs.last, last.upperBound == cluster {
            runs[runs.count - 1] = last.lowerBound..<cluster + 1
        } else if runs.count < Self.mostRuns {
            runs.append(cluster..<cluster + 1)
        }
    }
}
