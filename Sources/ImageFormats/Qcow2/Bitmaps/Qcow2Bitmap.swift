public import Storage

/// A persistent dirty bitmap as the image has it.
public struct Qcow2Bitmap: Sendable, Equatable {
    /// Its name.
    public let name: String
    /// Bytes of the virtual disk for each bit: a power of two from 512 to 2 Gi.
    public let granularity: Int64
    /// Whether it records writes as soon as the image is open.
    public let isAuto: Bool
    /// Whether it was not stored when the image was last closed: its bits are worth nothing, and it can only be removed.
    public let isInconsistent: Bool
}

/// A persistent dirty bitmap as the image's directory has it.
public struct Qcow2ListedBitmap: Sendable, Equatable {
    /// Its name.
    public let name: String
    /// Bytes of the virtual disk for each bit: a power of two from 512 to 2 Gi.
    public let granularity: Int64
    /// Whether somebody has it in memory, or had when the image was left.
    public let isInUse: Bool
    /// Whether it records writes as soon as the image is open.
    public let isAuto: Bool
}

/// A part of a bitmap's bits.
public enum Qcow2BitmapBits {
    /// All are clear.
    case zeroes
    /// All are set.
    case ones
    /// The bits, the first one in the lowest bit of the first byte. Beyond the disk's end they mean nothing. The bytes are valid until the
    /// receiver returns.
    case bytes(UnsafeRawBufferPointer)
}

/// A bitmap that is to be stored.
public struct Qcow2BitmapSource {
    /// Its name: at most 1023 bytes.
    public let name: String
    /// Bytes of the virtual disk for each bit: a power of two from 512 to 2 Gi.
    public let granularity: Int64
    /// Whether it is to record writes as soon as the image is open again.
    public let isAuto: Bool
    /// Puts the bits for a range of the disk's bytes, which begins at a multiple of 8 bits, into a buffer of zeroes.
    /// - Returns: whether any is set.
    let fill: (Range<Int64>, UnsafeMutableRawBufferPointer) -> Bool

    /// Makes a source.
    /// - Parameter fill: puts the bits for a range of the disk's bytes, whose beginning is a multiple of 8 times the granularity, into a buffer
    ///   that holds zeroes, the first bit into the lowest of the first byte; and returns whether any is set.
    public init(name: String, granularity: Int64, isAuto: Bool, fill: @escaping (Range<Int64>, UnsafeMutableRawBufferPointer) -> Bool) {
        self.name = name
        self.granularity = granularity
        self.isAuto = isAuto
        self.fill = fill
    }
}

extension Qcow2Image {
    /// The bitmaps in the image, in the directory's order.
    /// - Throws: `.invalidImage` for a directory that is broken.
    public func bitmaps() async throws(BlockError) -> [Qcow2Bitmap] {
        try await bitmapDirectory().map { bitmap($0) }
    }

    func bitmap(_ entry: BitmapDirectoryEntry) -> Qcow2Bitmap {
        Qcow2Bitmap(
            name: entry.name, granularity: entry.granularity, isAuto: entry.flags.contains(.auto),
            isInconsistent: entry.flags.contains(.inUse) && !claimedBitmaps.contains(entry.nameBytes))
    }

    /// The directory's entries, as they are on disk.
    func bitmapDirectory() async throws(BlockError) -> [BitmapDirectoryEntry] {
        guard let bitmaps = header.bitmaps else {
            knownBitmaps = []
            return []
        }
        let entries = try await BitmapDirectory.read(RawTables(file: file), bitmaps, geometry, virtualLength: length)
        var names: Set<[UInt8]> = []
        for entry in entries where !names.insert(entry.nameBytes).inserted {
            throw BlockError(.invalidImage, "Bitmap already exists: \(entry.name)")
        }
        knownBitmaps = entries
        return entries
    }

    /// The bitmaps that the image keeps, as its directory was when it was last read or written: for descriptions, which wait for no disk.
    public var listedBitmaps: [Qcow2ListedBitmap] {
        knownBitmaps.map { entry in
            Qcow2ListedBitmap(
                name: entry.name, granularity: entry.granularity,
                // Whoever can write has them in memory; the flag on disk follows with the first write.
                isInUse: entry.flags.contains(.inUse) || !isReadOnly, isAuto: entry.flags.contains(.auto))
        }
    }

    /// Refuses a bitmap that the image cannot store, in QEMU's words.
    /// - Parameter others: names of all other persistent bitmaps of the image, in memory or on disk.
    /// - Throws: `.invalidOption`.
    public func checkCanStore(name: String, granularity: Int64, others: [String]) throws(BlockError) {
        try checkBitmapConstraints(name: name, granularity: granularity)
        guard Int64(others.count) + 1 <= Qcow2Limits.maxBitmaps else {
            throw BlockError(.invalidOption, "Maximum number of persistent bitmaps is already reached")
        }
        let sizes = (others + [name]).map { Int64((BitmapDirectoryEntry.fixedBytes + $0.utf8.count + 7) & ~7) }
        guard sizes.reduce(0, +) <= Qcow2Limits.maxBitmapDirectorySize else {
            throw BlockError(.invalidOption, "Not enough space in the bitmap directory")
        }
    }

    func checkBitmapConstraints(name: String, granularity: Int64) throws(BlockError) {
        guard header.version >= 3 else { throw BlockError(.invalidOption, "Cannot store dirty bitmaps in qcow2 v2 files") }
        guard granularity <= 1 << 31 else {
            throw BlockError(.invalidOption, "Granularity exceeds maximum (\(1 << 31) bytes)")
        }
        guard granularity >= 512 else { throw BlockError(.invalidOption, "Granularity is under minimum (512 bytes)") }
        let bytes = BitmapLimits.bytes(forLength: length, granularity: granularity)
        guard bytes <= BitmapLimits.maxBytes, bytes <= Int64(BitmapLimits.maxTableEntries) << Int64(geometry.clusterBits) else {
            throw BlockError(.invalidOption, "Too much space will be occupied by the bitmap. Use larger granularity")
        }
        guard name.utf8.count <= BitmapLimits.maxNameBytes else {
            throw BlockError(.invalidOption, "Name length exceeds maximum (\(BitmapLimits.maxNameBytes) characters)")
        }
    }

    /// Refuses to change the disk's length under bitmaps that would not follow it.
    func checkBitmapsResizable() async throws(BlockError) {
        for entry in try await bitmapDirectory() {
            guard entry.flags.contains(.inUse) else {
                throw BlockError(.inUse, "Cannot resize qcow2 with persistent bitmaps that were not loaded into memory")
            }
            guard claimedBitmaps.contains(entry.nameBytes) else {
                throw BlockError(
                    .inUse, "Bitmap '\(entry.name)' is inconsistent and cannot be used",
                    hint: "Try block-dirty-bitmap-remove to delete this bitmap from disk")
            }
        }
    }
}
