public import Storage
import Waiting

/// An open qcow2 image over storages: the image file, perhaps a data file, perhaps a backing file. It knows no nodes.
///
/// Loop-bound, as its storages are: methods stay on the caller's actor, requests may overlap, a buffer stays valid until the call that got it
/// returns. The owner lets nothing be in flight when it calls `close` or changes `dataFile` or `backing`.
public final class Qcow2Image {
    /// Where the metadata is, and the data unless there is a data file.
    let file: BlockStorage
    /// Where the guest's clusters are when the header says so (`header.needsDataFile`); nil: in the image file.
    public var dataFile: BlockStorage?
    /// What unallocated clusters show; nil: zeroes.
    public var backing: BlockStorage? { didSet { l2Cache.setLimit(l2Entries) } }
    /// Called when the image turns out to be damaged, after it was marked.
    public var onCorruption: ((CorruptionReport) -> Void)?

    /// The header as it is on disk.
    public internal(set) var header: Qcow2Header
    /// The sizes that follow from the header; they don't change.
    public let geometry: Qcow2Geometry
    /// How it was opened.
    public internal(set) var options: Qcow2OpenOptions
    /// Whether nothing may be written.
    public internal(set) var isReadOnly: Bool
    /// Whether damage was found that forbids all further writing: the image is marked as corrupt.
    public internal(set) var isCorrupt: Bool
    var hasReportedCorruption = false

    let offload: any Offload
    let reader: L2Reader
    let l1: L1Table
    var l2Cache: MetadataCache
    let decompressed = DecompressedCluster()
    /// Guards the header's place on disk.
    let headerTurn = AsyncMutex()
    /// What the options give to the caches.
    var sizes: Qcow2CacheSizes
    /// log2 of the entries of a slice, the part of an L2 table that is cached as one.
    var sliceBits: Int
    /// Requests in progress, for whose end host clusters that they may use wait before they are reused.
    public let accesses = Accesses()
    /// What writing needs; nil until the first write.
    var writeState: WriteState?
    /// The internal snapshots; nil until somebody asks for them.
    var snapshotTable: SnapshotTable?
    /// The bitmaps' directory as it was last read or written; empty before it was read.
    var knownBitmaps: [BitmapDirectoryEntry] = []
    /// Names of bitmaps that were read into memory and are marked as in use on disk, by this image.
    var claimedBitmaps: Set<[UInt8]> = []
    /// Whether there may be bitmaps that are not marked as in use: the first write marks them.
    public internal(set) var needsBitmapClaim: Bool
    /// Changes the bitmaps' directory, one change at a time.
    let bitmapTurn = AsyncMutex()
    /// Makes `writeState` once.
    let startTurn = AsyncMutex()

    init(
        file: BlockStorage, header: Qcow2Header, options: Qcow2OpenOptions, sizes: Qcow2CacheSizes, l1: L1Table, offload: any Offload
    ) {
        self.file = file
        self.header = header
        self.options = options
        self.offload = offload
        self.l1 = l1
        self.sizes = sizes
        geometry = header.geometry
        reader = L2Reader(header)
        isReadOnly = options.purpose == .reading
        needsBitmapClaim = header.bitmaps != nil
        isCorrupt = header.incompatible.contains(.corrupt)
        l2Cache = MetadataCache(storage: file, entryBytes: sizes.l2EntryBytes, maxEntries: sizes.l2Entries, events: Self.l2Events)
        sliceBits = sizes.l2EntryBytes.trailingZeroBitCount - geometry.l2EntrySize.trailingZeroBitCount
    }

    static let l2Events = MetadataCache.Events(load: .l2Load, update: .l2Update)

    /// The virtual disk's length in bytes.
    public var length: Int64 { header.length }

    /// Where data is read and written.
    var dataStorage: BlockStorage { dataFile ?? file }

    /// Gives back the memory of metadata that nobody used since the last call. To be called every `options.cacheCleanInterval` seconds.
    public func dropUnusedMetadata() {
        l2Cache.dropUnused()
        writeState?.refcounts.cache.dropUnused()
    }

    /// Bytes of memory that metadata takes now: both caches, which the options bound, and what is whole in memory: the L1 table and, once
    /// something was written, the refcount table and the places of all metadata.
    public var metadataMemory: Int {
        let reading = l2Cache.memoryInUse + l1.count * 8
        guard let writeState else { return reading }
        let refcounts = writeState.refcounts
        return reading + refcounts.cache.memoryInUse + Int(refcounts.table.size) + writeState.places.memoryInUse
    }

    /// Bytes that the options leave for remembering where in the backing chain bytes are.
    public var chainMemory: Int { sizes.chainBytes }

    /// How many slices the L2 cache may have.
    var l2Entries: Int { backing == nil ? sizes.l2Entries : sizes.l2EntriesOverChain }

    /// Refuses a data file that the header does not ask for, and a missing one that it does, with QEMU's messages.
    public func checkDataFile() throws(BlockError) {
        if header.needsDataFile && dataFile == nil {
            throw BlockError(.invalidOption, "'data-file' is required for this image")
        }
        if !header.needsDataFile && dataFile != nil {
            throw BlockError(.invalidOption, "'data-file' can only be set for images with an external data file")
        }
    }
}
