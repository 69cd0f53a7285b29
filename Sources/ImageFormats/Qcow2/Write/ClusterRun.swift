/// Guest clusters in a row whose mapping a write changes in the same way, within one slice.
struct ClusterRun {
    /// Where the first one begins.
    let first: GuestOffset
    /// How many.
    let count: Int
    /// Where their space is already, in a row: they have clusters of their own whose contents don't show. Nil: they need new ones.
    let kept: HostOffset?
    /// The entries of the first cluster and of the last one.
    let firstEntry: L2Entry
    let lastEntry: L2Entry
}

/// How the bytes from some offset on can be written.
enum WritePlace {
    /// Into clusters that show and belong to nobody else; no mapping changes. In a row from this offset on, for so many bytes.
    case inPlace(HostOffset, length: Int)
    /// With a change of the mapping.
    case change(ClusterRun)
    case fault(L2Fault)
}

extension L2Reader {
    /// How `limit` bytes (at least one) from `offset` on, or the first of them, can be written.
    /// - Parameter index: the entry of the slice that `offset` belongs to.
    @inline(__always)
    func writePlace(in slice: UnsafeRawBufferPointer, at index: Int, _ offset: GuestOffset, limit: Int) -> WritePlace {
        let entry = L2Entry(slice, at: index, hasSubclusters: geometry.hasSubclusters)
        let inCluster = geometry.offsetInCluster(offset)
        let length = min(limit, geometry.clusterSize - inCluster)
        let visible = visibleLength(entry, from: inCluster, count: length)
        if visible > 0,
            case .data(let host) = content(entry, subcluster: inCluster >> geometry.subclusterBits, guest: geometry.clusterStart(offset))
        {
            guard visible == length, length < limit else { return .inPlace(host + Int64(inCluster), length: visible) }
            let rest = following(host, in: slice, after: index, guest: geometry.clusterStart(offset), limit: limit - length)
            return .inPlace(host + Int64(inCluster), length: length + rest)
        }
        return changingRun(in: slice, at: index, geometry.clusterStart(offset), clusters: clusters(inCluster + limit))
    }

    private func clusters(_ bytes: Int) -> Int { (bytes + geometry.clusterSize - 1) >> geometry.clusterBits }

    /// How many of `count` bytes at `start` in a cluster can be written in place: it is the entry's own, and they show.
    @inline(__always)
    private func visibleLength(_ entry: L2Entry, from start: Int, count: Int) -> Int {
        guard entry.isCopied, !entry.isCompressed else { return 0 }
        guard geometry.hasSubclusters else { return entry.word & L2Entry.zeroBit == 0 ? count : 0 }
        let subcluster = start >> geometry.subclusterBits
        let visible = (~(entry.allocatedSubclusters >> UInt32(subcluster))).trailingZeroBitCount
        return max(0, min(count, ((subcluster + visible) << geometry.subclusterBits) - start))
    }

    /// How many bytes of the following entries go on in place, in a row behind `host`.
    private func following(_ host: HostOffset, in slice: UnsafeRawBufferPointer, after index: Int, guest: GuestOffset, limit: Int) -> Int {
        let count = slice.count / geometry.l2EntrySize
        var next = index + 1
        var length = 0
        while length < limit, next < count {
            let distance = Int64(next - index) << Int64(geometry.clusterBits)
            let entry = L2Entry(slice, at: next, hasSubclusters: geometry.hasSubclusters)
            let visible = visibleLength(entry, from: 0, count: min(limit - length, geometry.clusterSize))
            guard visible > 0, content(entry, subcluster: 0, guest: guest + distance) == .data(host + distance) else { break }
            length += visible
            if visible < geometry.clusterSize { break }
            next += 1
        }
        return length
    }

    /// The clusters from `first` on, at most `clusters`, that are changed alike.
    private func changingRun(in slice: UnsafeRawBufferPointer, at index: Int, _ first: GuestOffset, clusters: Int) -> WritePlace {
        let end = min(index + clusters, slice.count / geometry.l2EntrySize)
        let firstEntry = L2Entry(slice, at: index, hasSubclusters: geometry.hasSubclusters)
        if let fault = fault(firstEntry, first) { return .fault(fault) }
        let kept = keptHost(firstEntry, first)
        var lastEntry = firstEntry
        var next = index + 1
        while next < end {
            let distance = Int64(next - index) << Int64(geometry.clusterBits)
            let entry = L2Entry(slice, at: next, hasSubclusters: geometry.hasSubclusters)
            guard fault(entry, first + distance) == nil, visibleLength(entry, from: 0, count: 1) == 0,
                keptHost(entry, first + distance) == kept.map({ $0 + distance })
            else { break }
            lastEntry = entry
            next += 1
        }
        return .change(ClusterRun(first: first, count: next - index, kept: kept, firstEntry: firstEntry, lastEntry: lastEntry))
    }

    /// What is wrong with an entry, if something is.
    func fault(_ entry: L2Entry, _ guest: GuestOffset) -> L2Fault? {
        if case .fault(let fault) = content(entry, subcluster: 0, guest: guest) { return fault }
        return nil
    }

    /// The space that a cluster has already and may use; in a data file every cluster has its place.
    private func keptHost(_ entry: L2Entry, _ guest: GuestOffset) -> HostOffset? {
        if hasDataFile { return HostOffset(guest.bytes) }
        guard entry.isCopied, !entry.isCompressed, entry.host.bytes != 0 else { return nil }
        return entry.host
    }

    /// Which host clusters an entry refers to: one, those that its compressed data touches, or none of the image file.
    func references(_ entry: L2Entry) -> (first: HostCluster, count: ClusterCount)? {
        guard !hasDataFile else { return nil }
        if entry.isCompressed {
            let place = entry.compressedCluster(geometry)
            let first = geometry.cluster(of: place.offset)
            let last = geometry.cluster(of: place.offset + Int64(place.length - 1))
            return (first, ClusterCount(last.index - first.index + 1))
        }
        return entry.host.bytes == 0 ? nil : (geometry.cluster(of: entry.host), ClusterCount(1))
    }
}
