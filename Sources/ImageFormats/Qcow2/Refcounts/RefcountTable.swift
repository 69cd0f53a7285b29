internal import Storage

/// Where the refcount blocks are: the refcount table, whole in memory.
///
/// An entry is written to disk only after the block that it refers to (`Refcounts.writeBack`); until then its part of the table is dirty.
///
///     bits 0...8   reserved (0)
///     bits 9...63  offset of the block in the file, cluster-aligned; 0: no block, all its refcounts are 0
struct RefcountTable {
    /// What is written at once: no smaller part of a disk changes by itself.
    static let sectorSize = 512
    private static let entriesPerSector = sectorSize / 8

    /// Where the table is.
    private(set) var offset: HostOffset
    /// The entries as they are on disk: only who needs a malformed one must fail, and it is written back as it was.
    private(set) var words: [UInt64]
    /// The bits that no entry may have.
    private let forbidden: UInt64
    private var dirtySectors: Set<Int> = []

    /// A table at `offset` with the entries `words`, all of it on disk.
    init(offset: HostOffset, words: [UInt64], geometry: Qcow2Geometry) {
        self.offset = offset
        self.words = words
        forbidden = ~UInt64(Qcow2Limits.maxHostOffset - 1) | UInt64(geometry.clusterSize - 1)
    }

    /// Whether something is to be written.
    var isDirty: Bool { !dirtySectors.isEmpty }
    /// How many entries there are.
    var count: Int64 { Int64(words.count) }
    /// Bytes of the table.
    var size: Int64 { count * 8 }

    /// The block at `index`, nil for none and beyond the table's end.
    /// - Throws: `.invalidImage` for an entry that no block can have.
    @inline(__always)
    func block(_ index: Int64) throws(BlockError) -> HostOffset? {
        guard index < count else { return nil }
        let word = words[Int(index)]
        guard word & forbidden == 0 else { throw Self.malformed(word, index) }
        return word == 0 ? nil : HostOffset(Int64(word))
    }

    /// Whether the entry at `index` refers to no block.
    func isMissing(_ index: Int64) -> Bool { index >= count || words[Int(index)] == 0 }

    private static func malformed(_ word: UInt64, _ index: Int64) -> BlockError {
        BlockError(.invalidImage, "Refblock offset \(hexadecimal(word)) unaligned (reftable index: \(hexadecimal(index)))")
    }

    /// Lets an entry refer to a block, or to none.
    mutating func set(_ index: Int64, to block: HostOffset?) {
        words[Int(index)] = UInt64(block?.bytes ?? 0)
        dirtySectors.insert(Int(index) / Self.entriesPerSector)
    }

    /// The sectors that are to be written, in order, which are clean from now on.
    mutating func takeDirtySectors() -> [Int] {
        defer { dirtySectors.removeAll(keepingCapacity: true) }
        return dirtySectors.sorted()
    }

    /// Marks sectors again whose writing failed.
    mutating func restore(_ sectors: some Sequence<Int>) { dirtySectors.formUnion(sectors) }

    /// Where a sector of the table is in the file.
    func place(ofSector sector: Int) -> Int64 { offset.bytes + Int64(sector * Self.sectorSize) }

    /// The bytes of a sector.
    func bytes(ofSector sector: Int) -> [UInt8] {
        let first = sector * Self.entriesPerSector
        return words[first..<min(words.count, first + Self.entriesPerSector)].flatMap { BigEndian.bytes($0) }
    }

    /// The table's bytes, with zeroes up to `size`.
    func bytes(paddedTo size: Int) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: size)
        result.withUnsafeMutableBytes { bytes in
            for (index, word) in words.enumerated() { BigEndian.store(word, bytes, index * 8) }
        }
        return result
    }

    /// The same entries in a longer table at another place, all of it on disk.
    func moved(to offset: HostOffset, count: Int, geometry: Qcow2Geometry) -> RefcountTable {
        let missing = [UInt64](repeating: 0, count: count - words.count)
        return RefcountTable(offset: offset, words: words + missing, geometry: geometry)
    }

    /// Reads the table from the file.
    static func load(from file: BlockStorage, at offset: HostOffset, clusters: Int64, geometry: Qcow2Geometry) async throws(BlockError)
        -> RefcountTable
    {
        let size = Int(clusters) << geometry.clusterBits
        let buffer = BufferPool.shared.buffer(size)
        do throws(BlockError) {
            file.note(.reftableLoad)
            try await file.readPadded(at: offset.bytes, into: buffer.bytes)
        } catch {
            throw BlockError(error.kind, "Could not read refcount table: \(error.message)")
        }
        let contents = buffer.contents
        let words = (0..<size / 8).map { BigEndian.load(contents, $0 * 8, as: UInt64.self) }
        return RefcountTable(offset: offset, words: words, geometry: geometry)
    }
}
