internal import Storage

/// The refcounts that the image has, read where its refcount table says. One block and one piece of the table are held at a time.
final class StoredRefcounts {
    /// Where a block is.
    enum Place: Equatable {
        /// Nowhere: all its refcounts are zero.
        case absent
        /// The table's entry is no cluster's beginning, or lies where no file can have a cluster.
        case unreachable(UInt64)
        /// At this offset of the file.
        case at(Int64)
    }

    /// No file is longer than this.
    private static let filesEnd = UInt64(Int64.max) - (1 << 30)

    private let tables: RawTables
    private let plan: MetadataPlan
    /// How the numbers in the block are stored.
    let width: RefcountWidth
    private let piece = BufferPool.shared.buffer(RawTables.pieceBytes)
    private var pieceStart: Int64 = -1
    /// The block that is held.
    let block: IOBuffer
    private var blockIndex: Int64 = -1
    private var blockPlace = Place.absent

    init(tables: RawTables, plan: MetadataPlan) {
        self.tables = tables
        self.plan = plan
        width = RefcountWidth(order: plan.geometry.refcountOrder)
        block = BufferPool.shared.buffer(plan.geometry.clusterSize)
    }

    /// The refcount table's entry; zero past its end.
    func tableEntry(_ index: Int64) async throws(BlockError) -> UInt64 {
        guard index < plan.refcountTableEntries else { return 0 }
        let perPiece = Int64(RawTables.pieceBytes / 8)
        let start = index / perPiece * perPiece
        if start != pieceStart {
            pieceStart = -1
            let count = min(perPiece, plan.refcountTableEntries - start)
            try await tables.read(at: plan.refcountTableOffset + start * 8, into: piece.prefix(Int(count) * 8))
            pieceStart = start
        }
        return BigEndian.load(piece.contents, Int(index - start) * 8, as: UInt64.self)
    }

    /// Holds the block of this index.
    func load(_ index: Int64) async throws(BlockError) -> Place {
        if index == blockIndex { return blockPlace }
        blockIndex = -1
        let offset = try await tableEntry(index) & TableWord.refcountBlock
        if offset == 0 {
            blockPlace = .absent
        } else if offset & UInt64(plan.geometry.clusterSize - 1) != 0 || offset >= Self.filesEnd {
            blockPlace = .unreachable(offset)
        } else {
            try await tables.read(at: Int64(offset), into: block.bytes)
            blockPlace = .at(Int64(offset))
        }
        blockIndex = index
        return blockPlace
    }

    /// The refcount of a cluster; nil when its block cannot be found.
    func value(_ cluster: Int64) async throws(BlockError) -> UInt64? {
        switch try await load(cluster >> Int64(plan.geometry.refcountBlockBits)) {
        case .absent: return 0
        case .unreachable: return nil
        case .at:
            return width.value(block.contents, Int(cluster & (plan.geometry.refcountBlockEntries - 1)))
        }
    }

    /// Writes the block that is held back to its place.
    func writeBack() async throws(BlockError) {
        guard case .at(let offset) = blockPlace, blockIndex >= 0 else { return }
        try await tables.file.write(at: offset, from: block.contents, flags: [])
    }
}
