internal import Glibc
internal import Storage
internal import Waiting

extension Refcounts {
    /// One user more, or one less.
    private enum Change {
        case increment, decrement
    }

    /// Gives each of `count` clusters from `first` on one user more: all of them, or none when it fails.
    /// - Throws: EINVAL when a refcount would not fit.
    func retain(_ first: HostCluster, _ count: ClusterCount) async throws(BlockError) {
        await turn.lock()
        defer { turn.unlock() }
        try await increment(first, count)
    }

    /// Takes a user away from each of `count` clusters from `first` on, as far as it gets. Call it when the reference is gone from the disk, or
    /// never was there.
    ///
    /// - Returns: how many clusters it was done for: fewer than `count` after an I/O error, which leaves the rest as leaks.
    /// - Throws: `.invalidImage` when a refcount would fall below zero.
    @discardableResult
    func release(_ first: HostCluster, _ count: ClusterCount) async throws(BlockError) -> ClusterCount {
        file.note(.clusterFree)
        await turn.lock()
        defer { turn.unlock() }
        return try await decrement(first, count)
    }

    /// As `retain`, by who has the turn.
    func increment(_ first: HostCluster, _ count: ClusterCount) async throws(BlockError) {
        var done: Int64 = 0
        do throws(BlockError) {
            try await provideBlocks(for: first, count)
            while done < count.value {
                done += try await applyToPart(.increment, first + ClusterCount(done), atMost: count.value - done)
            }
        } catch {
            // What stays too high is a leak.
            _ = try await decrement(first, ClusterCount(done))
            throw error
        }
    }

    /// As `release`, by who has the turn.
    func decrement(_ first: HostCluster, _ count: ClusterCount) async throws(BlockError) -> ClusterCount {
        var done: Int64 = 0
        while done < count.value {
            do throws(BlockError) {
                done += try await applyToPart(.decrement, first + ClusterCount(done), atMost: count.value - done)
            } catch {
                if error.kind == .invalidImage { throw error }
                break
            }
        }
        return ClusterCount(done)
    }

    /// Changes the refcounts of one part of a block: how many that were, or none when it fails.
    private func applyToPart(_ change: Change, _ first: HostCluster, atMost limit: Int64) async throws(BlockError) -> Int64 {
        guard let part = try await part(for: first) else { throw Self.belowZero(first) }
        let start = index(inPart: first)
        let count = min(limit, Int64(countsPerPart - start))
        let indexes = start..<start + Int(count)
        switch change {
        case .increment:
            for index in indexes where width.value(part.contents, index) == width.maximum { throw .system(EINVAL) }
            for index in indexes { width.set(part.bytes, index, to: width.value(part.contents, index) + 1) }
        case .decrement:
            for index in indexes where width.value(part.contents, index) == 0 {
                throw Self.belowZero(first + ClusterCount(Int64(index - start)))
            }
            lower(part, indexes, first)
        }
        cache.markDirty(part)
        return count
    }

    private func lower(_ part: MetadataEntry, _ indexes: Range<Int>, _ first: HostCluster) {
        for index in indexes {
            let value = width.value(part.contents, index) - 1
            width.set(part.bytes, index, to: value)
            if value == 0 { noteFree(first.index + Int64(index - indexes.lowerBound)) }
        }
    }

    /// A cluster has become free: searches must not begin behind it, and nothing be packed into it.
    private func noteFree(_ cluster: Int64) {
        lowestFree = min(lowestFree, cluster)
        runCursor = min(runCursor, cluster)
        if let packing, geometry.cluster(of: packing).index == cluster { self.packing = nil }
    }

    private static func belowZero(_ cluster: HostCluster) -> BlockError {
        BlockError(.invalidImage, "Refcount of cluster \(cluster.index) would fall below zero")
    }

    /// Runs within `first`... of clusters that have exactly one user: what taking that user away sets free.
    func soleUserRuns(_ first: HostCluster, _ count: ClusterCount) async throws(BlockError) -> [(HostCluster, ClusterCount)] {
        var runs: [(HostCluster, ClusterCount)] = []
        for distance in 0..<count.value {
            let cluster = first + ClusterCount(distance)
            guard try await self.count(of: cluster) == 1 else { continue }
            if let last = runs.last, last.0 + last.1 == cluster {
                runs[runs.count - 1].1 = last.1 + ClusterCount(1)
            } else {
                runs.append((cluster, ClusterCount(1)))
            }
        }
        return runs
    }
}
