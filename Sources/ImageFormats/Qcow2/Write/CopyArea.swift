/// What a write that changes a mapping must put into the clusters beside its own bytes, since all of a subcluster shows or nothing.
struct CopyArea {
    /// From where on, in the virtual disk, bytes are written: at most the write's first byte.
    let start: GuestOffset
    /// Up to where: at least the write's end.
    let end: GuestOffset

    /// The area of a write of `length` bytes (at least one) at `offset` to the clusters of `run`, in which it begins and ends.
    init(_ run: ClusterRun, _ offset: GuestOffset, length: Int, _ geometry: Qcow2Geometry) {
        let last = offset + Int64(length - 1)
        start = Self.start(run.firstEntry, offset, isKept: run.kept != nil, geometry)
        end = Self.end(run.lastEntry, last, isKept: run.kept != nil, geometry)
    }

    /// A new cluster takes over what its old one shows; of a kept cluster only the subclusters that are written to change.
    private static func start(_ entry: L2Entry, _ offset: GuestOffset, isKept: Bool, _ geometry: Qcow2Geometry) -> GuestOffset {
        let cluster = geometry.clusterStart(offset)
        guard geometry.hasSubclusters else { return cluster }
        let index = geometry.subclusterIndex(offset)
        let allocated = entry.isCompressed ? UInt32.max : entry.allocatedSubclusters
        if isKept {
            // The bytes beside are there.
            if allocated >> UInt32(index) & 1 != 0 { return offset }
            return cluster + Int64(index << geometry.subclusterBits)
        }
        return cluster + Int64(min(index, allocated.trailingZeroBitCount) << geometry.subclusterBits)
    }

    private static func end(_ entry: L2Entry, _ last: GuestOffset, isKept: Bool, _ geometry: Qcow2Geometry) -> GuestOffset {
        let cluster = geometry.clusterStart(last)
        guard geometry.hasSubclusters else { return cluster + Int64(geometry.clusterSize) }
        let index = geometry.subclusterIndex(last)
        let allocated = entry.isCompressed ? UInt32.max : entry.allocatedSubclusters
        if isKept {
            if allocated >> UInt32(index) & 1 != 0 { return last + 1 }
            return cluster + Int64((index + 1) << geometry.subclusterBits)
        }
        let highest = 31 - allocated.leadingZeroBitCount
        return cluster + Int64((max(index, highest) + 1) << geometry.subclusterBits)
    }

    /// The entry of the cluster at `cluster` once the area was written to its place at `host`.
    func entry(replacing old: L2Entry, at cluster: GuestOffset, host: HostOffset, isKept: Bool, _ geometry: Qcow2Geometry) -> L2Entry {
        guard geometry.hasSubclusters else { return .data(host, isCopied: true) }
        let written = subclusters(of: cluster, geometry)
        let isPlain = !old.isCompressed
        let allocated = (isKept && isPlain ? old.allocatedSubclusters : 0) | written
        let zero = isPlain ? old.zeroSubclusters & ~written : 0
        return .subclusters(host, isCopied: true, allocated: allocated, zero: zero)
    }

    /// The subclusters of a cluster that the area touches, which it fills but for those whose other bytes are there.
    private func subclusters(of cluster: GuestOffset, _ geometry: Qcow2Geometry) -> UInt32 {
        let size = Int64(geometry.subclusterSize)
        let low = max(0, start.bytes - cluster.bytes) / size
        let high = (min(Int64(geometry.clusterSize), end.bytes - cluster.bytes) + size - 1) / size
        return Self.bits(Int(low)..<Int(high))
    }

    /// One bit for each number in a range within 0..<32.
    static func bits(_ range: Range<Int>) -> UInt32 {
        range.isEmpty ? 0 : (UInt32.max >> UInt32(32 - range.count)) << UInt32(range.lowerBound)
    }
}
