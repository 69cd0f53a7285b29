/// An entry of an L2 table.
///
/// The first word: bits 0 reads as zeroes (from version 3 on, without subclusters), 9...55 host cluster offset, 62 compressed, 63 set when
/// the cluster's refcount is exactly one. Of a compressed cluster: host offset in the low bits, then sectors of 512 bytes beyond the first up
/// to bit 61. The second word, with subclusters: bits 0...31 allocated, 32...63 read as zeroes, one for each subcluster.
struct L2Entry: Equatable {
    static let copiedBit: UInt64 = 1 << 63
    static let compressedBit: UInt64 = 1 << 62
    static let zeroBit: UInt64 = 1
    static let offsetMask: UInt64 = 0x00ff_ffff_ffff_fe00

    /// The first word as it is stored, in the machine's byte order.
    let word: UInt64
    /// The second word: which subclusters are allocated, and which read as zeroes. 0 in an image without them.
    let subclusters: UInt64

    @inline(__always)
    init(word: UInt64, subclusters: UInt64 = 0) {
        self.word = word
        self.subclusters = subclusters
    }

    /// The entry at `index` of a slice's bytes.
    @inline(__always)
    init(_ slice: UnsafeRawBufferPointer, at index: Int, hasSubclusters: Bool) {
        if hasSubclusters {
            word = BigEndian.load(slice, index * 16, as: UInt64.self)
            subclusters = BigEndian.load(slice, index * 16 + 8, as: UInt64.self)
        } else {
            word = BigEndian.load(slice, index * 8, as: UInt64.self)
            subclusters = 0
        }
    }

    /// Puts the entry at `index` of a slice's bytes.
    func store(_ slice: UnsafeMutableRawBufferPointer, at index: Int, hasSubclusters: Bool) {
        if hasSubclusters {
            BigEndian.store(word, slice, index * 16)
            BigEndian.store(subclusters, slice, index * 16 + 8)
        } else {
            BigEndian.store(word, slice, index * 8)
        }
    }

    /// Nothing: what the backing file has, or zeroes.
    static var unallocated: L2Entry { L2Entry(word: 0) }

    /// A cluster, in an image without subclusters.
    static func data(_ host: HostOffset, isCopied: Bool) -> L2Entry {
        L2Entry(word: UInt64(host.bytes) | (isCopied ? copiedBit : 0))
    }

    /// A cluster that reads as zeroes, with or without space of its own, in an image without subclusters.
    static func zero(_ host: HostOffset?, isCopied: Bool) -> L2Entry {
        guard let host else { return L2Entry(word: zeroBit) }
        return L2Entry(word: UInt64(host.bytes) | zeroBit | (isCopied ? copiedBit : 0))
    }

    /// A cluster with subclusters.
    static func subclusters(_ host: HostOffset?, isCopied: Bool, allocated: UInt32, zero: UInt32) -> L2Entry {
        let word = host.map { UInt64($0.bytes) | (isCopied ? copiedBit : 0) } ?? 0
        return L2Entry(word: word, subclusters: UInt64(zero) << 32 | UInt64(allocated))
    }

    /// A compressed cluster.
    static func compressed(_ cluster: CompressedCluster, geometry: Qcow2Geometry) -> L2Entry {
        let first = cluster.offset.bytes & ~511
        let sectors = UInt64((cluster.offset.bytes + Int64(cluster.length) - 1 - first) / 512)
        return L2Entry(word: UInt64(cluster.offset.bytes) | sectors << UInt64(geometry.compressedOffsetBits) | compressedBit)
    }

    /// Whether the cluster belongs to this entry alone, and may be written in place.
    var isCopied: Bool { word & Self.copiedBit != 0 }
    /// Whether the cluster is compressed.
    @inline(__always)
    var isCompressed: Bool { word & Self.compressedBit != 0 }
    /// The host cluster of an entry that is not compressed; zero for none.
    @inline(__always)
    var host: HostOffset { HostOffset(Int64(word & Self.offsetMask)) }
    /// One bit for each allocated subcluster.
    var allocatedSubclusters: UInt32 { UInt32(truncatingIfNeeded: subclusters) }
    /// One bit for each subcluster that reads as zeroes.
    var zeroSubclusters: UInt32 { UInt32(truncatingIfNeeded: subclusters >> 32) }

    /// Where the data of an entry that is compressed is.
    @inline(__always)
    func compressedCluster(_ geometry: Qcow2Geometry) -> CompressedCluster {
        let bits = UInt64(geometry.compressedOffsetBits)
        let offset = Int64(word & ((1 << bits) - 1))
        let sectors = Int(word >> bits & ((1 << UInt64(geometry.clusterBits - 8)) - 1)) + 1
        return CompressedCluster(offset: HostOffset(offset), length: sectors * 512 - Int(offset & 511))
    }
}

/// Where a compressed cluster's data is. It is read whole.
public struct CompressedCluster: Sendable, Hashable {
    /// Where the compressed data begins; aligned to nothing.
    public let offset: HostOffset
    /// Bytes up to the end of the last sector that the data touches: the data itself ends somewhere in that sector.
    public let length: Int

    /// Makes the place of a compressed cluster's data.
    public init(offset: HostOffset, length: Int) {
        self.offset = offset
        self.length = length
    }
}
