internal import Storage

/// Reads a snapshot table entry by entry, so that a hostile one takes no more memory than an entry: 132 KiB.
struct SnapshotTableReader {
    /// What to do about entries that are not accepted.
    enum Tolerance {
        /// Refuse the table.
        case none
        /// Cut off what is too much, to write the table anew.
        case repair
    }

    private let tables: RawTables
    private let start: Int64
    private let tolerance: Tolerance
    /// Bytes of the table that were read.
    private(set) var position: Int64 = 0
    /// Bytes that the entries read take when they are kept as they were accepted.
    private var accepted: Int64 = 0
    private var index = 0
    /// Entries whose extra data was cut off.
    private(set) var cutEntries = 0

    init(tables: RawTables, offset: Int64, tolerance: Tolerance) {
        self.tables = tables
        self.start = offset
        self.tolerance = tolerance
    }

    /// The next entry.
    /// - Returns: nil, only with tolerance, when the table becomes larger than it may; the entry is not counted in `position`.
    /// - Throws: `.invalidImage` for a table that is too large, or an entry with too much extra data.
    mutating func next() async throws(BlockError) -> Qcow2Snapshot? {
        let before = position
        position = (position + 7) & ~7
        let fixed = try await tables.bytes(at: start + position, count: Qcow2Snapshot.fixedBytes)
        position += Int64(Qcow2Snapshot.fixedBytes)
        let idSize = Int(BigEndian.load(fixed, 12, as: UInt16.self))
        let nameSize = Int(BigEndian.load(fixed, 14, as: UInt16.self))
        let extraSize = Int64(BigEndian.load(fixed, 36, as: UInt32.self))
        let keptExtra = min(extraSize, Qcow2Limits.maxSnapshotExtraData)
        if keptExtra < extraSize {
            guard tolerance == .repair else {
                throw BlockError(
                    .invalidImage, "Too much extra metadata in snapshot table entry \(index)",
                    hint: "You can force-remove this extra metadata with qemu-img check -r all")
            }
            cutEntries += 1
        }
        let extra = try await tables.bytes(at: start + position, count: Int(keptExtra))
        let texts = try await tables.bytes(at: start + position + extraSize, count: idSize + nameSize)
        position += extraSize + Int64(texts.count)
        accepted = (accepted + 7) & ~7
        accepted += Int64(Qcow2Snapshot.fixedBytes + extra.count + texts.count)
        guard accepted <= Qcow2Limits.maxSnapshotTableSize, position <= Int64(Int32.max) else {
            guard tolerance == .repair else { throw BlockError(.invalidImage, "Snapshot table is too big") }
            position = before
            return nil
        }
        index += 1
        return Qcow2Snapshot(fixed: fixed, extra: extra, texts: texts)
    }
}

extension Qcow2Snapshot {
    fileprivate init(fixed: [UInt8], extra: [UInt8], texts: [UInt8]) {
        let idSize = Int(BigEndian.load(fixed, 12, as: UInt16.self))
        self.init(
            l1Offset: BigEndian.load(fixed, 0, as: UInt64.self), l1Entries: BigEndian.load(fixed, 8, as: UInt32.self),
            idBytes: Array(texts[..<idSize].prefix { $0 != 0 }), nameBytes: Array(texts[idSize...].prefix { $0 != 0 }),
            dateSeconds: BigEndian.load(fixed, 16, as: UInt32.self), dateNanoseconds: BigEndian.load(fixed, 20, as: UInt32.self),
            vmClock: BigEndian.load(fixed, 24, as: UInt64.self), vmStateSize: UInt64(BigEndian.load(fixed, 32, as: UInt32.self)),
            diskSize: extra.count >= 16 ? BigEndian.load(extra, 8, as: UInt64.self) : nil, instructionCount: nil)
        if extra.count >= 8 { vmStateSize = BigEndian.load(extra, 0, as: UInt64.self) }
        if extra.count >= Self.knownExtraData {
            let count = BigEndian.load(extra, 16, as: UInt64.self)
            instructionCount = count == .max ? nil : count
            unknownExtraData = Array(extra[Self.knownExtraData...])
        }
        storedExtraData = extra.count
    }
}
