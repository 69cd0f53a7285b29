internal import Storage
internal import Waiting

extension Refcounts {
    /// Allocates `size` bytes (at most a cluster) for compressed data, behind those allocated last while their cluster has room.
    ///
    /// A cluster has as many users as compressed clusters touch it; each cluster that the bytes touch gets one more.
    /// - Parameter limit: the host offset that the bytes lie below.
    /// - Throws: as `allocate`.
    func allocatePacked(_ size: Int, below limit: Int64) async throws(BlockError) -> HostOffset {
        file.note(.clusterAllocBytes)
        await turn.lock()
        defer { turn.unlock() }
        if let packing, try await hasRoomForUser(packing) {
            let cluster = geometry.cluster(of: packing)
            let room = geometry.clusterSize - geometry.offsetInCluster(packing)
            if size <= room {
                try await increment(cluster, ClusterCount(1))
                return packed(at: packing, size)
            }
            let next = try await allocateOne(below: limit)
            guard next == cluster + ClusterCount(1) else { return packed(at: geometry.offset(of: next), size) }
            do throws(BlockError) {
                try await increment(cluster, ClusterCount(1))
            } catch {
                _ = try await decrement(next, ClusterCount(1))
                throw error
            }
            return packed(at: packing, size)
        }
        return packed(at: geometry.offset(of: try await allocateOne(below: limit)), size)
    }

    private func hasRoomForUser(_ place: HostOffset) async throws(BlockError) -> Bool {
        try await count(of: geometry.cluster(of: place)) < width.maximum
    }

    private func packed(at place: HostOffset, _ size: Int) -> HostOffset {
        let end = place + Int64(size)
        packing = geometry.isAligned(end) ? nil : end
        return place
    }
}
