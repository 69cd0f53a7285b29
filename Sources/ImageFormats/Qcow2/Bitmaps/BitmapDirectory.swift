internal import Storage

/// What a bitmap's directory entry says about it.
struct BitmapFlags: OptionSet, Sendable, Hashable {
    let rawValue: UInt32
    /// The image was open for writing and the bitmap was not stored since: its bits are worth nothing.
    static let inUse = Self(rawValue: 1)
    /// The bitmap records writes as soon as the image is open.
    static let auto = Self(rawValue: 2)
    static let known: Self = [.inUse, .auto]
}

/// A bitmap's entry in the directory.
///
/// Bytes, all numbers big-endian, each entry padded to a multiple of 8: 0 offset of the bitmap's table, 8 entries of the table, 12 flags, 16 type
/// (1), 17 log2 of the granularity, 18 length of the name, 20 length of extra data (none is known), 24 name.
struct BitmapDirectoryEntry: Sendable, Equatable {
    /// Where the bitmap's table of clusters begins.
    var tableOffset: Int64
    /// Words of the table: one for each cluster of bits.
    var tableEntries: UInt32
    var flags: BitmapFlags
    /// log2 of the bytes of the virtual disk for each bit: 9...31.
    var granularityBits: UInt8
    /// The name as it is stored: at most 1023 bytes.
    var nameBytes: [UInt8]

    var name: String { String(decoding: nameBytes, as: UTF8.self) }
    var granularity: Int64 { 1 << Int64(granularityBits) }

    /// Bytes of an entry without its name.
    static let fixedBytes = 24

    /// Bytes of the entry with its padding.
    var encodedSize: Int { (Self.fixedBytes + nameBytes.count + 7) & ~7 }

    /// Puts the entry behind others.
    func append(to directory: inout [UInt8]) {
        directory += BigEndian.bytes(tableOffset) + BigEndian.bytes(tableEntries) + BigEndian.bytes(flags.rawValue)
        directory += [BitmapLimits.dirtyTracking, granularityBits] + BigEndian.bytes(UInt16(nameBytes.count)) + BigEndian.bytes(UInt32(0))
        directory += nameBytes + [UInt8](repeating: 0, count: encodedSize - Self.fixedBytes - nameBytes.count)
    }

    /// Whether the entry keeps to the format's and QEMU's limits. A name that is no text could not be told from another.
    /// - Parameter virtualLength: bytes of the disk that a bitmap that is not in use must have bits for.
    func isAcceptable(_ geometry: Qcow2Geometry, virtualLength: Int64) -> Bool {
        guard tableEntries > 0, tableEntries <= BitmapLimits.maxTableEntries, tableOffset > 0,
            tableOffset <= .max - Int64(tableEntries) * 8, geometry.isAligned(HostOffset(tableOffset)),
            BitmapLimits.granularityBits.contains(Int(granularityBits)), flags.isSubset(of: .known),
            nameBytes.count <= BitmapLimits.maxNameBytes, !nameBytes.contains(0), String(validating: nameBytes, as: UTF8.self) != nil
        else { return false }
        let bytes = Int64(tableEntries) << Int64(geometry.clusterBits)
        guard bytes <= BitmapLimits.maxBytes else { return false }
        // What was not stored after the disk had grown is worth nothing anyway.
        return flags.contains(.inUse) || virtualLength <= (bytes * 8) << Int64(granularityBits)
    }
}

/// The largest of everything about bitmaps; they are QEMU's.
enum BitmapLimits {
    static let dirtyTracking: UInt8 = 1
    static let maxTableEntries: UInt32 = 0x800_0000
    /// Bytes of a bitmap's bits: 512 MiB.
    static let maxBytes: Int64 = 0x2000_0000
    static let granularityBits = 9...31
    static let maxNameBytes = 1023

    /// Bytes of bits for a disk.
    static func bytes(forLength length: Int64, granularity: Int64) -> Int64 {
        let bits = length / granularity + (length % granularity == 0 ? 0 : 1)
        return (bits + 7) / 8
    }
}

/// The bitmaps' directory.
enum BitmapDirectory {
    /// Reads the directory's entries and checks them, a piece at a time: who else is on the loop waits for no more than that.
    /// - Throws: `.invalidImage` in QEMU's words.
    static func read(
        _ tables: RawTables, _ bitmaps: Qcow2BitmapsExtension, _ geometry: Qcow2Geometry, virtualLength: Int64
    ) async throws(BlockError) -> [BitmapDirectoryEntry] {
        guard bitmaps.directorySize > 0 else { throw BlockError(.invalidImage, "Requested bitmap directory size is zero") }
        guard bitmaps.directorySize <= Qcow2Limits.maxBitmapDirectorySize else {
            throw BlockError(.invalidImage, "Requested bitmap directory size is too big")
        }
        let size = Int64(bitmaps.directorySize)
        var bytes = DirectoryBytes(tables: tables, start: Int64(bitmaps.directoryOffset), size: size)
        var entries: [BitmapDirectoryEntry] = []
        var position: Int64 = 0
        while position < size {
            guard position + Int64(BitmapDirectoryEntry.fixedBytes) <= size else { throw broken }
            guard entries.count < bitmaps.count else {
                throw BlockError(.invalidImage, "More bitmaps found than specified in header extension")
            }
            let fixed = try await bytes.read(at: position, count: BitmapDirectoryEntry.fixedBytes)
            let nameSize = Int(BigEndian.load(fixed, 18, as: UInt16.self))
            let extraSize = Int64(BigEndian.load(fixed, 20, as: UInt32.self))
            let next = position + (Int64(BitmapDirectoryEntry.fixedBytes + nameSize) + extraSize + 7) & ~7
            guard next <= size else { throw broken }
            guard extraSize == 0 else { throw BlockError(.invalidImage, "Bitmap extra data is not supported") }
            let name = try await bytes.read(at: position + Int64(BitmapDirectoryEntry.fixedBytes), count: nameSize)
            let entry = BitmapDirectoryEntry(fixed: fixed, name: name)
            guard let entry, entry.isAcceptable(geometry, virtualLength: virtualLength) else {
                throw BlockError(
                    .invalidImage, "Bitmap '\(String(decoding: name, as: UTF8.self))' doesn't satisfy the constraints")
            }
            entries.append(entry)
            position = next
        }
        guard entries.count == bitmaps.count else {
            throw BlockError(.invalidImage, "Less bitmaps found than specified in header extension")
        }
        return entries
    }

    /// The directory's bytes.
    static func encode(_ entries: [BitmapDirectoryEntry]) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries { entry.append(to: &bytes) }
        return bytes
    }

    private static var broken: BlockError { BlockError(.invalidImage, "Broken bitmap directory") }
}

/// The directory's bytes, which are read from the first to the last.
private struct DirectoryBytes {
    let tables: RawTables
    let start: Int64
    let size: Int64
    private var piece: [UInt8] = []
    private var pieceStart: Int64 = 0

    init(tables: RawTables, start: Int64, size: Int64) {
        self.tables = tables
        self.start = start
        self.size = size
    }

    mutating func read(at position: Int64, count: Int) async throws(BlockError) -> [UInt8] {
        if position + Int64(count) > pieceStart + Int64(piece.count) {
            if !piece.isEmpty { await Task.yield() }
            pieceStart = position
            piece = try await tables.bytes(at: start + position, count: Int(min(size - position, Int64(max(count, RawTables.pieceBytes)))))
        }
        let first = Int(position - pieceStart)
        return Array(piece[first..<first + count])
    }
}

extension BitmapDirectoryEntry {
    /// Takes an entry of the one known type; nil for another, or for a table where no file can be.
    fileprivate init?(fixed: [UInt8], name: [UInt8]) {
        guard fixed[16] == BitmapLimits.dirtyTracking, let offset = Int64(exactly: BigEndian.load(fixed, 0, as: UInt64.self)) else {
            return nil
        }
        self.init(
            tableOffset: offset, tableEntries: BigEndian.load(fixed, 8, as: UInt32.self),
            flags: BitmapFlags(rawValue: BigEndian.load(fixed, 12, as: UInt32.self)), granularityBits: fixed[17],
            nameBytes: name)
    }
}

/// What a word of a bitmap's table says about one cluster of its bits.
enum BitmapCluster: Equatable {
    /// All its bits are clear.
    case zeroes
    /// All its bits are set.
    case ones
    /// Its bits are in this cluster of the file.
    case stored(HostOffset)

    /// Bits of a word that mean nothing.
    private static let reserved: UInt64 = 0xff00_0000_0000_01fe

    /// Takes a word of the table; nil when it is not valid.
    init?(_ word: UInt64, _ geometry: Qcow2Geometry) {
        guard word & Self.reserved == 0 else { return nil }
        let offset = HostOffset(Int64(word & TableWord.offset))
        if offset == .zero {
            self = word & 1 == 0 ? .zeroes : .ones
        } else {
            guard word & 1 == 0, geometry.isAligned(offset) else { return nil }
            self = .stored(offset)
        }
    }

    /// The word of the table.
    var word: UInt64 {
        switch self {
        case .zeroes: 0
        case .ones: 1
        case .stored(let offset): UInt64(offset.bytes)
        }
    }
}
