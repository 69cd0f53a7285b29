/// How often the clusters of one stretch of the file are referred to.
///
/// An image is checked stretch by stretch, so that the memory does not grow with the file: 64 MiB count 16 Mi clusters, which are 1 TiB at
/// 64 KiB each.
final class ReferenceCounts {
    /// The clusters that are counted now.
    private(set) var window: Range<Int64>
    /// The largest number that the image's refcounts hold; further references are overflows.
    private let most: UInt32
    private var counts: [UInt32] = []
    /// The end of what is referred to in all stretches: the file's clusters, and one that it has in part.
    private(set) var end: Int64

    /// Clusters of a stretch, unless a test wants another number.
    static let usualWindow: Int64 = 16 << 20

    /// Counts nothing yet.
    init(geometry: Qcow2Geometry, fileClusters: Int64) {
        // Nobody walks through 2^32 references to one cluster.
        most = UInt32(clamping: geometry.maxRefcount)
        window = 0..<0
        end = fileClusters
    }

    /// Forgets everything and counts another stretch.
    func begin(_ window: Range<Int64>) {
        self.window = window
        let count = Int(window.count)
        if counts.count != count {
            counts = [UInt32](repeating: 0, count: count)
        } else {
            for index in counts.indices { counts[index] = 0 }
        }
    }

    /// Counts one more reference to each cluster of a range; what lies in other stretches only moves the end.
    /// - Returns: the first cluster of this stretch whose count was at its largest already, and how many of these there are.
    @inline(__always)
    func add(_ clusters: Range<Int64>) -> (first: Int64, overflows: Int) {
        if clusters.upperBound > end { end = clusters.upperBound }
        var overflows = 0
        var first: Int64 = 0
        var cluster = max(clusters.lowerBound, window.lowerBound)
        let stop = min(clusters.upperBound, window.upperBound)
        while cluster < stop {
            let index = Int(cluster - window.lowerBound)
            if counts[index] == most {
                if overflows == 0 { first = cluster }
                overflows += 1
            } else {
                counts[index] += 1
            }
            cluster += 1
        }
        return (first, overflows)
    }

    /// The references to a cluster of this stretch. What the file's last, incomplete cluster added to the end has none.
    @inline(__always)
    subscript(cluster: Int64) -> UInt64 {
        guard window.contains(cluster) else { return 0 }
        return UInt64(counts[Int(cluster - window.lowerBound)])
    }
}
