internal import Glibc
public import Storage

/// The internal snapshots of an open image, and where their table is.
struct SnapshotTable {
    /// The snapshots, oldest first.
    var entries: [Qcow2Snapshot]
    /// Where the table begins; zero for none.
    var offset: HostOffset
    /// Bytes of the table.
    var bytes: Int64

    /// The table with another list, which is written to a place of its own.
    /// - Throws: EFBIG when it would be larger than a table may be.
    static func encode(_ entries: [Qcow2Snapshot]) throws(BlockError) -> [UInt8] {
        var table: [UInt8] = []
        for entry in entries {
            entry.append(to: &table)
            guard Int64(table.count) <= Qcow2Limits.maxSnapshotTableSize else { throw .system(EFBIG) }
        }
        return table
    }

    /// The id of the next snapshot: one more than the largest number that an id begins with.
    var nextID: String {
        let largest = entries.map { entry in
            var number: UInt64 = 0
            for byte in entry.idBytes.prefix(while: { (48...57).contains($0) }) {
                let (product, overflow) = number.multipliedReportingOverflow(by: 10)
                let (sum, carries) = product.addingReportingOverflow(UInt64(byte - 48))
                number = overflow || carries ? .max : sum
            }
            return number
        }
        return String((largest.max() ?? 0) &+ 1)
    }

    /// The snapshot with this id and this name, as far as they are given.
    func index(id: String?, name: String?) -> Int? {
        guard id != nil || name != nil else { return nil }
        let id = id.map { Array($0.utf8) }
        let name = name.map { Array($0.utf8) }
        return entries.firstIndex { entry in
            (id.map { $0 == entry.idBytes } ?? true) && (name.map { $0 == entry.nameBytes } ?? true)
        }
    }

    /// The snapshot with this id, or else with this name.
    func index(idOrName text: String) -> Int? { index(id: text, name: nil) ?? index(id: nil, name: text) }
}

extension Qcow2Snapshot {
    /// Where the L1 table is and how long, unless it is where none can be.
    func l1Table(_ geometry: Qcow2Geometry) -> (offset: HostOffset, bytes: Int64)? {
        let bytes = Int64(l1Entries) * 8
        guard bytes <= Qcow2Limits.maxL1TableSize, l1Offset < UInt64(Qcow2Limits.maxHostOffset) else { return nil }
        let offset = HostOffset(Int64(l1Offset))
        return geometry.isAligned(offset) ? (offset, bytes) : nil
    }

    /// The same, in QEMU's words when there is none.
    func validL1Table(_ geometry: Qcow2Geometry) throws(BlockError) -> (offset: HostOffset, bytes: Int64) {
        guard Int64(l1Entries) * 8 <= Qcow2Limits.maxL1TableSize else { throw BlockError(.invalidImage, "Snapshot L1 table too large") }
        guard let table = l1Table(geometry) else { throw BlockError(.invalidImage, "Snapshot L1 table offset invalid") }
        return table
    }
}

extension Qcow2Image {
    /// The internal snapshots, oldest first.
    /// - Throws: `.invalidImage` for a table that is broken; what the storage throws.
    public func snapshots() async throws(BlockError) -> [Qcow2Snapshot] { try await loadedSnapshots().entries }

    /// The snapshots without reading: an image that has any has read them when it was opened.
    public var listedSnapshots: [Qcow2Snapshot] { snapshotTable?.entries ?? [] }

    /// The table, read at the first call.
    func loadedSnapshots() async throws(BlockError) -> SnapshotTable {
        if let snapshotTable { return snapshotTable }
        var table = SnapshotTable(entries: [], offset: HostOffset(Int64(clamping: header.snapshotsOffset)), bytes: 0)
        var reader = SnapshotTableReader(tables: RawTables(file: file), offset: table.offset.bytes, tolerance: .none)
        for _ in 0..<header.snapshotCount {
            guard let snapshot = try await reader.next() else { break }
            table.entries.append(snapshot)
        }
        table.bytes = reader.position
        snapshotTable = table
        return table
    }
}
