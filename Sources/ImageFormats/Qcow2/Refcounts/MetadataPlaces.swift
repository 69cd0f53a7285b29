internal import Storage

/// Where an image's metadata is, cluster by cluster, so that no write of something else lands there.
///
/// An image whose tables contradict each other would otherwise be destroyed by writing to it.
struct MetadataPlaces {
    /// The classes that are checked.
    var checks: MetadataClass
    private let clusterBits: Int
    private var classes = OffsetIndex()

    /// Knows no metadata but the header.
    init(checks: MetadataClass, geometry: Qcow2Geometry) {
        self.checks = checks
        clusterBits = geometry.clusterBits
        place(HostOffset(0), bytes: 1, .mainHeader)
    }

    /// Bytes of memory that this takes.
    var memoryInUse: Int { classes.memoryInUse }

    /// Notes that metadata is there.
    mutating func place(_ offset: HostOffset, bytes: Int64, _ kind: MetadataClass) {
        forEachCluster(offset, bytes) { places, cluster in
            let present = places.classes.slot(of: cluster) ?? 0
            places.set(cluster, present | Int(kind.rawValue))
        }
    }

    /// Notes that metadata of a class is no longer there.
    mutating func remove(_ offset: HostOffset, bytes: Int64, _ kind: MetadataClass) {
        forEachCluster(offset, bytes) { places, cluster in
            guard let present = places.classes.slot(of: cluster) else { return }
            places.set(cluster, present & ~Int(kind.rawValue))
        }
    }

    /// The lowest checked class, but for `ignored`, that a write to the range would hit.
    @inline(__always)
    func overlap(_ offset: HostOffset, bytes: Int64, ignoring ignored: MetadataClass = []) -> MetadataClass? {
        let wanted = Int(checks.subtracting(ignored).rawValue)
        guard wanted != 0, bytes > 0 else { return nil }
        var cluster = offset.bytes >> Int64(clusterBits)
        let last = (offset.bytes + bytes - 1) >> Int64(clusterBits)
        while cluster <= last {
            if let found = classes.slot(of: cluster), found & wanted != 0 { return Self.lowest(found & wanted) }
            cluster += 1
        }
        return nil
    }

    /// - Throws: `.invalidImage` when a write to the range would hit checked metadata.
    @inline(__always)
    func check(_ offset: HostOffset, bytes: Int64, ignoring ignored: MetadataClass = []) throws(BlockError) {
        if let hit = overlap(offset, bytes: bytes, ignoring: ignored) {
            throw BlockError(.invalidImage, "Preventing invalid write on metadata (overlaps with \(hit.title))")
        }
    }

    private static func lowest(_ bits: Int) -> MetadataClass { MetadataClass(rawValue: UInt16(1 << bits.trailingZeroBitCount)) }

    private mutating func set(_ cluster: Int64, _ kinds: Int) {
        classes.remove(cluster)
        if kinds != 0 { classes.insert(cluster, slot: kinds) }
    }

    private mutating func forEachCluster(_ offset: HostOffset, _ bytes: Int64, _ body: (inout MetadataPlaces, Int64) -> Void) {
        guard bytes > 0 else { return }
        for cluster in (offset.bytes >> Int64(clusterBits))...((offset.bytes + bytes - 1) >> Int64(clusterBits)) { body(&self, cluster) }
    }
}
