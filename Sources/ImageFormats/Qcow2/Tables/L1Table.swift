internal import Storage

/// An entry of an L1 table: bits 9...55 the L2 table's offset (0 for none), bit 63 set when its refcount is exactly one.
struct L1Entry: Equatable {
    static let offsetMask: UInt64 = 0x00ff_ffff_ffff_fe00
    static let copiedBit: UInt64 = 1 << 63

    /// The entry as it is stored, in the machine's byte order.
    let word: UInt64

    @inline(__always)
    init(word: UInt64) { self.word = word }

    /// The entry for the L2 table at `table`, to be written in place when `isCopied`.
    init(table: HostOffset, isCopied: Bool) {
        word = UInt64(table.bytes) & Self.offsetMask | (isCopied ? Self.copiedBit : 0)
    }

    /// No L2 table.
    static var none: L1Entry { L1Entry(word: 0) }

    /// Where the L2 table begins, if there is one. It may lie within a cluster in a damaged image.
    @inline(__always)
    var table: HostOffset { HostOffset(Int64(word & Self.offsetMask)) }
    /// Whether there is an L2 table.
    @inline(__always)
    var hasTable: Bool { word & Self.offsetMask != 0 }
    /// Whether the L2 table belongs to this entry alone, and may be written in place.
    var isCopied: Bool { word & Self.copiedBit != 0 }
}

/// The active L1 table: all of it in memory, at most 32 MiB. Changes stay in memory until their sectors are written.
///
/// Loop-bound.
final class L1Table {
    /// Entries of one sector of 512 bytes, which reaches the medium whole or not at all.
    static let entriesPerSector = 64

    /// Where the table begins in the file.
    private(set) var offset: HostOffset
    /// Behind a pointer, since every mapping looks here, and a class's variable is checked for exclusive access each time.
    private let table: UnsafeMutablePointer<[UInt64]>
    private var dirty: Set<Int> = []

    /// The table at `offset` with these entries.
    convenience init(offset: HostOffset, entries: [L1Entry]) {
        self.init(offset: offset, words: entries.map(\.word))
    }

    private init(offset: HostOffset, words: [UInt64]) {
        self.offset = offset
        table = .allocate(capacity: 1)
        table.initialize(to: words)
    }

    deinit {
        table.deinitialize(count: 1)
        table.deallocate()
    }

    /// Reads the active table of a validated header.
    static func load(from file: BlockStorage, header: Qcow2Header) async throws(BlockError) -> L1Table {
        let count = Int(header.l1Entries)
        let offset = Int64(header.l1Offset)
        guard count > 0 else { return L1Table(offset: HostOffset(offset), words: []) }
        let buffer = BufferPool.shared.buffer(count * 8)
        do throws(BlockError) {
            try await file.readPadded(at: offset, into: buffer.bytes)
        } catch {
            throw BlockError(error.kind, "Could not read L1 table: \(error.message)")
        }
        let words = (0..<count).map { BigEndian.load(buffer.contents, $0 * 8, as: UInt64.self) }
        return L1Table(offset: HostOffset(offset), words: words)
    }

    /// How many entries the table has.
    var count: Int { table.pointee.count }

    /// The entry at `index`; beyond the table's end there is none.
    @inline(__always)
    subscript(index: Int) -> L1Entry { index < table.pointee.count ? L1Entry(word: table.pointee[index]) : .none }

    /// All entries.
    var entries: [L1Entry] { table.pointee.map { L1Entry(word: $0) } }

    /// Changes the entry at `index` (within the table) in memory; its sector becomes dirty.
    func set(_ index: Int, _ entry: L1Entry) {
        table.pointee[index] = entry.word
        dirty.insert(index / Self.entriesPerSector)
    }

    /// The sectors that were changed and not written, by their number in the table, ascending.
    var dirtySectors: [Int] { dirty.sorted() }

    /// Where a sector is in the file.
    func offset(ofSector sector: Int) -> HostOffset { offset + Int64(sector * 512) }

    /// A sector's bytes as they are stored, and marks it clean; whoever fails to write them marks it dirty again. The last sector may be short.
    func takeSector(_ sector: Int) -> [UInt8] {
        dirty.remove(sector)
        let first = sector * Self.entriesPerSector
        return table.pointee[first..<min(first + Self.entriesPerSector, table.pointee.count)].flatMap { BigEndian.bytes($0) }
    }

    /// Says that a sector is not on disk as it is in memory.
    func markDirty(sector: Int) { dirty.insert(sector) }

    /// The whole table's bytes as they are stored.
    var encoded: [UInt8] { table.pointee.flatMap { BigEndian.bytes($0) } }

    /// Takes the place of another table that is on disk already, such as a larger copy, or a snapshot's.
    func replace(offset: HostOffset, entries: [L1Entry]) {
        self.offset = offset
        table.pointee = entries.map(\.word)
        dirty = []
    }
}
