/// An internal snapshot as its entry in the snapshot table has it.
///
/// Bytes, all numbers big-endian, each entry at a multiple of 8: 0 L1 offset, 8 L1 entries, 12 length of the id, 14 length of the name, 16 date
/// in seconds, 20 its nanoseconds, 24 the guest's clock in nanoseconds, 32 bytes of VM state, 36 length of the extra data, 40 extra data
/// (0 bytes of VM state, 8 disk size, 16 instruction count, then what nobody here knows), id, name.
public struct Qcow2Snapshot: Sendable, Equatable {
    /// Where the snapshot's L1 table begins.
    public var l1Offset: UInt64
    /// Entries of its L1 table.
    public var l1Entries: UInt32
    /// The id as it is stored.
    public var idBytes: [UInt8]
    /// The name as it is stored.
    public var nameBytes: [UInt8]
    /// When it was taken, in seconds since 1970.
    public var dateSeconds: UInt32
    /// The nanoseconds to that: 0...999999999.
    public var dateNanoseconds: UInt32
    /// How long the guest had run, in nanoseconds.
    public var vmClock: UInt64
    /// Bytes of VM state that lie behind the disk; 0 for a snapshot of the disk alone.
    public var vmStateSize: UInt64
    /// The virtual disk's length when it was taken, in bytes; nil where version 2 has not stored it.
    public var diskSize: UInt64?
    /// The guest's instruction count; nil for none.
    public var instructionCount: UInt64?
    /// Extra data that nobody here knows, kept byte for byte.
    var unknownExtraData: [UInt8]
    /// Bytes of extra data that the entry had when it was read.
    var storedExtraData: Int

    /// Bytes of an entry's fixed part.
    static let fixedBytes = 40
    /// Bytes of the extra data that are known here, which every entry gets that is written.
    static let knownExtraData = 24
    /// Bytes of extra data that version 3 demands.
    static let requiredExtraData = 16

    /// Makes a snapshot that is to be stored.
    init(
        l1Offset: UInt64, l1Entries: UInt32, idBytes: [UInt8], nameBytes: [UInt8], dateSeconds: UInt32, dateNanoseconds: UInt32,
        vmClock: UInt64, vmStateSize: UInt64, diskSize: UInt64?, instructionCount: UInt64?
    ) {
        self.l1Offset = l1Offset
        self.l1Entries = l1Entries
        self.idBytes = idBytes
        self.nameBytes = nameBytes
        self.dateSeconds = dateSeconds
        self.dateNanoseconds = dateNanoseconds
        self.vmClock = vmClock
        self.vmStateSize = vmStateSize
        self.diskSize = diskSize
        self.instructionCount = instructionCount
        unknownExtraData = []
        storedExtraData = Self.knownExtraData
    }

    /// The id, which is unique in the image.
    public var id: String { String(decoding: idBytes, as: UTF8.self) }
    /// The name.
    public var name: String { String(decoding: nameBytes, as: UTF8.self) }

    /// Bytes of the entry when it is written, without the padding before the next one.
    var encodedSize: Int {
        Self.fixedBytes + Self.knownExtraData + unknownExtraData.count + idBytes.count + nameBytes.count
    }

    /// Puts the entry behind others, at the next multiple of 8.
    /// - Precondition: id and name have at most 65535 bytes.
    func append(to table: inout [UInt8]) {
        table += [UInt8](repeating: 0, count: -table.count & 7)
        table += BigEndian.bytes(l1Offset) + BigEndian.bytes(l1Entries)
        table += BigEndian.bytes(UInt16(idBytes.count)) + BigEndian.bytes(UInt16(nameBytes.count))
        table += BigEndian.bytes(dateSeconds) + BigEndian.bytes(dateNanoseconds) + BigEndian.bytes(vmClock)
        // A size that does not fit is left to the extra data: who knows only this field shall see a snapshot without VM state.
        table += BigEndian.bytes(UInt32(exactly: vmStateSize) ?? 0)
        table += BigEndian.bytes(UInt32(Self.knownExtraData + unknownExtraData.count))
        table += BigEndian.bytes(vmStateSize) + BigEndian.bytes(diskSize ?? 0) + BigEndian.bytes(instructionCount ?? .max)
        table += unknownExtraData + idBytes + nameBytes
    }
}
