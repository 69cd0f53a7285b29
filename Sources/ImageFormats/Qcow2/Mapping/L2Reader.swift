/// Reads L2 entries of one image: what they mean depends on its version, its subclusters, and whether it has a data file.
struct L2Reader: Equatable {
    let geometry: Qcow2Geometry
    let hasZeroBit: Bool
    let hasDataFile: Bool

    init(_ header: Qcow2Header) {
        geometry = header.geometry
        hasZeroBit = header.version >= 3
        hasDataFile = header.needsDataFile
    }

    /// What one subcluster of an entry is; the cluster itself in an image without subclusters.
    enum Content: Equatable {
        /// The cluster's data begins at this offset.
        case data(HostOffset)
        /// Reads as zeroes; the cluster may have space at this offset.
        case zero(HostOffset?)
        /// Not here; the cluster may have space at this offset.
        case unallocated(HostOffset?)
        case compressed(CompressedCluster)
        case fault(L2Fault)
    }

    /// What subcluster `subcluster` (0 without them) of the entry for the guest cluster at `guest` is. The whole entry is checked.
    @inline(__always)
    func content(_ entry: L2Entry, subcluster: Int, guest: GuestOffset) -> Content {
        if entry.isCompressed {
            return hasDataFile ? .fault(.compressedInDataFile) : .compressed(entry.compressedCluster(geometry))
        }
        let host = entry.host
        // Offset 0 is a valid one in a data file, whose clusters all have the copied bit.
        let isPlaced = host.bytes != 0 || (hasDataFile && entry.isCopied)
        if isPlaced {
            guard geometry.isAligned(host) else { return .fault(.unaligned(host)) }
            guard !hasDataFile || host.bytes == guest.bytes else { return .fault(.elsewhereInDataFile(host, guest)) }
        }
        if geometry.hasSubclusters {
            return subclusterContent(entry, subcluster, isPlaced ? host : nil)
        }
        if entry.word & L2Entry.zeroBit != 0 {
            return hasZeroBit ? .zero(host.bytes == 0 && !isPlaced ? nil : host) : .fault(.zeroInVersion2)
        }
        return isPlaced ? .data(host) : .unallocated(nil)
    }

    private func subclusterContent(_ entry: L2Entry, _ subcluster: Int, _ host: HostOffset?) -> Content {
        let allocated = entry.allocatedSubclusters
        let zero = entry.zeroSubclusters
        guard let host else {
            guard allocated == 0 else { return .fault(.contradiction) }
            return zero >> UInt32(subcluster) & 1 != 0 ? .zero(nil) : .unallocated(nil)
        }
        guard allocated & zero == 0 else { return .fault(.contradiction) }
        if zero >> UInt32(subcluster) & 1 != 0 { return .zero(host) }
        return allocated >> UInt32(subcluster) & 1 != 0 ? .data(host) : .unallocated(host)
    }

    /// How many subclusters from `subcluster` on are what that one is, within the entry.
    @inline(__always)
    func runLength(_ entry: L2Entry, from subcluster: Int) -> Int {
        guard geometry.hasSubclusters, !entry.isCompressed else { return geometry.subclustersPerCluster - subcluster }
        // A bit that differs from the first one's ends the run.
        let first = UInt32(subcluster)
        let allocated = entry.allocatedSubclusters
        let zero = entry.zeroSubclusters
        let differs =
            (allocated ^ (0 &- (allocated >> first & 1))) | (zero ^ (0 &- (zero >> first & 1)))
        return min(32 - subcluster, (differs >> first).trailingZeroBitCount)
    }
}
