internal import Glibc
internal import Storage

/// Where everything of a new image is: header, refcount table, refcount blocks, L1 table, L2 tables and data, each one run of clusters.
struct NewImageLayout {
    let geometry: Qcow2Geometry
    /// Clusters of the refcount table.
    let refcountTableClusters: Int64
    /// Refcount blocks: as many as count all clusters, their own too.
    let refcountBlocks: Int64
    /// Entries of the L1 table.
    let l1Entries: Int64
    /// L2 tables: for the whole disk, or none.
    let l2Tables: Int64
    /// Guest clusters that the L2 tables refer to.
    let mappedClusters: Int64
    /// Whether these are in the image file itself.
    private let hasData: Bool

    /// Plans an image.
    /// - Throws: EFBIG when the refcount table would be too large.
    init(_ options: Qcow2CreateOptions) throws(BlockError) {
        geometry = options.geometry
        l1Entries = geometry.l1Entries(forLength: options.size)
        let isPreallocated = options.effectivePreallocation != .off
        l2Tables = isPreallocated ? l1Entries : 0
        mappedClusters = isPreallocated ? geometry.clusters(for: options.size).value : 0
        hasData = options.dataFile == nil

        let counted = 1 + geometry.clusters(for: l1Entries * 8).value + l2Tables + (hasData ? mappedClusters : 0)
        var table: Int64 = 1
        var blocks: Int64 = 1
        while true {
            let total = counted + table + blocks
            let neededBlocks = (total + geometry.refcountBlockEntries - 1) / geometry.refcountBlockEntries
            let neededTable = geometry.clusters(for: neededBlocks * 8).value
            if neededBlocks <= blocks && neededTable <= table { break }
            blocks = max(blocks, neededBlocks)
            table = max(table, neededTable)
        }
        guard geometry.bytes(of: ClusterCount(table)) <= Qcow2Limits.maxRefcountTableSize else {
            throw .system(EFBIG, "Could not resize image: Failed to resize refcount structures")
        }
        refcountTableClusters = table
        refcountBlocks = blocks
    }

    private func offset(_ cluster: Int64) -> Int64 { cluster << Int64(geometry.clusterBits) }

    var refcountTable: Int64 { offset(1) }
    var firstRefcountBlock: Int64 { offset(1 + refcountTableClusters) }
    var l1Table: Int64 { offset(1 + refcountTableClusters + refcountBlocks) }
    private var l1Clusters: Int64 { geometry.clusters(for: l1Entries * 8).value }
    var firstL2Table: Int64 { l1Table + offset(l1Clusters) }
    /// Where guest cluster 0 is: in an external data file each cluster is at its guest offset.
    var data: Int64 { hasData ? firstL2Table + offset(l2Tables) : 0 }
    /// Where metadata ends.
    var metadataEnd: Int64 { l2Tables > 0 ? firstL2Table + offset(l2Tables) : l1Table + l1Entries * 8 }
    /// Where the image ends.
    var end: Int64 { hasData && mappedClusters > 0 ? data + offset(mappedClusters) : metadataEnd }
    /// All clusters of the image: each has refcount 1.
    var clusters: Int64 {
        1 + refcountTableClusters + refcountBlocks + l1Clusters + l2Tables + (hasData ? mappedClusters : 0)
    }
}
