internal import Glibc
public import Storage
import Waiting

extension Qcow2Image {
    /// Gets a bitmap's bits part by part, each for a range of the disk's bytes that begins at a multiple of 64 bits; ranges follow each other up to
    /// the disk's end.
    public typealias BitsReceiver = (Range<Int64>, Qcow2BitmapBits) throws(BlockError) -> Void

    /// Reads the bitmaps: the directory once, and the bits of those that somebody wants.
    ///
    /// Memory: the directory, a cluster and a piece of a bitmap's table, whatever the image says. Time: the executor is given back after every MiB of
    /// bits, since reading from the host's cache need not suspend.
    /// - Parameter wanted: is told of each bitmap, in the directory's order, before any bits are read; returns what gets its bits, or nil if nobody
    ///   wants them.
    /// - Throws: `.invalidImage` when the bits of one that is inconsistent are wanted, or a table makes no sense.
    public func readBitmaps(_ wanted: (Qcow2Bitmap) throws(BlockError) -> BitsReceiver?) async throws(BlockError) {
        var work = WorkOfATurn()
        var found: [(BitmapDirectoryEntry, BitsReceiver)] = []
        for entry in try await bitmapDirectory() {
            if let receive = try wanted(bitmap(entry)) { found.append((entry, receive)) }
            await work.add(WorkOfATurn.most / 256)
        }
        for (entry, receive) in found {
            try await readBits(entry, &work, receive)
            await work.add(WorkOfATurn.most / 256)
        }
    }

    /// Reads a bitmap's bits.
    /// - Throws: ENOENT for a name that the image does not have; `.invalidImage` for one that is inconsistent, or whose table makes no sense.
    public func readBitmap(_ name: String, _ receive: @escaping BitsReceiver) async throws(BlockError) {
        var isFound = false
        try await readBitmaps { (bitmap) throws(BlockError) in
            guard bitmap.name == name else { return nil }
            isFound = true
            return receive
        }
        if !isFound { throw BlockError(.system(errno: ENOENT), "Bitmap '\(name)' could not be found") }
    }

    private func readBits(_ entry: BitmapDirectoryEntry, _ work: inout WorkOfATurn, _ receive: BitsReceiver) async throws(BlockError) {
        guard !entry.flags.contains(.inUse) else {
            throw BlockError(
                .invalidImage, "Bitmap '\(entry.name)' is inconsistent and cannot be used",
                hint: "Try block-dirty-bitmap-remove to delete this bitmap from disk")
        }
        guard Int64(entry.tableEntries) == bitmapTableEntries(granularity: entry.granularity) else {
            throw .system(EINVAL, "Could not read bitmap '\(entry.name)' from image")
        }
        let coverage = bitmapCoverage(granularity: entry.granularity)
        let buffer = BufferPool.shared.buffer(geometry.clusterSize)
        let clusterSize = geometry.clusterSize
        try await RawTables(file: file).forEachPiece(at: entry.tableOffset, words: Int64(entry.tableEntries)) {
            (piece, first) async throws(BlockError) in
            for place in stride(from: 0, to: piece.count, by: 8) {
                let start = (first + Int64(place / 8)) * coverage
                let range = start..<min(self.length, start + coverage)
                let word = BigEndian.load(UnsafeRawBufferPointer(piece), place, as: UInt64.self)
                switch BitmapCluster(word, self.geometry) {
                case nil: throw .system(EINVAL, "Could not read bitmap_table table from image for bitmap '\(entry.name)'")
                case .zeroes:
                    try receive(range, .zeroes)
                    await work.add(64)
                case .ones:
                    try receive(range, .ones)
                    await work.add(clusterSize)
                case .stored(let offset):
                    try await self.file.readPadded(at: offset.bytes, into: buffer.bytes)
                    try receive(range, .bytes(buffer.contents))
                    await work.add(clusterSize)
                }
            }
        }
    }

    /// Bytes of the disk that a cluster of bits stands for.
    func bitmapCoverage(granularity: Int64) -> Int64 {
        let (coverage, overflow) = granularity.multipliedReportingOverflow(by: Int64(geometry.clusterSize) * 8)
        return overflow ? .max / 2 : coverage
    }

    /// Words of a bitmap's table: one for each cluster of bits, which are stored in whole words of 64.
    func bitmapTableEntries(granularity: Int64) -> Int64 {
        let bytes = (BitmapLimits.bytes(forLength: length, granularity: granularity) + 7) & ~7
        return geometry.clusters(for: bytes).value
    }

    /// Marks every consistent bitmap as in use, on disk, before what is in memory begins to differ from it: before the guest's first write, and
    /// before a bitmap is changed by hand. The guest's first write does it by itself: whoever has not read the bits by then never gets them, since
    /// they would be wrong.
    ///
    /// Crash safety: a flag lies within a sector, so that each entry is the old one or the new one, and the directory is a valid one all the time.
    /// A crash leaves some bitmaps in use, which are inconsistent from then on, and others that are still right, since nothing was changed yet.
    public func claimBitmaps() async throws(BlockError) {
        guard needsBitmapClaim else { return }
        // The directory stays where it is meanwhile, and nobody goes on before all flags are on disk.
        await bitmapTurn.lock()
        defer { bitmapTurn.unlock() }
        guard needsBitmapClaim else { return }
        guard let bitmaps = header.bitmaps else {
            needsBitmapClaim = false
            return
        }
        try checkWritable()
        do throws(BlockError) {
            let entries = try await bitmapDirectory()
            // Also when it fails half-way: those whose flags were set are not another's.
            claimedBitmaps.formUnion(entries.lazy.filter { !$0.flags.contains(.inUse) }.map(\.nameBytes))
            try await setInUse(entries, at: Int64(bitmaps.directoryOffset))
        } catch {
            throw error.within("Can't update bitmap directory")
        }
        needsBitmapClaim = false
    }

    /// Writes the directory over itself, piece by piece, with all flags set, and flushes.
    private func setInUse(_ entries: [BitmapDirectoryEntry], at directory: Int64) async throws(BlockError) {
        let tables = RawTables(file: file)
        var piece: [UInt8] = []
        var start = directory
        var isChanged = false
        for (index, entry) in entries.enumerated() {
            if !entry.flags.contains(.inUse) { isChanged = true }
            var changed = entry
            changed.flags.insert(.inUse)
            changed.append(to: &piece)
            guard piece.count >= RawTables.pieceBytes || index == entries.count - 1 else { continue }
            if isChanged { try await tables.write(piece, at: start) }
            start += Int64(piece.count)
            piece.removeAll(keepingCapacity: true)
            isChanged = false
        }
        try await file.flush()
    }

    /// Names of the bitmaps that are not in use on disk: what is in memory is what the image has, flags included.
    public func unclaimedBitmaps() async throws(BlockError) -> Set<String> {
        Set(try await bitmapDirectory().lazy.filter { !$0.flags.contains(.inUse) }.map(\.name))
    }
}

/// Gives the executor back between bounded pieces of work that need not suspend.
struct WorkOfATurn {
    /// How many bytes may be gone through in one turn.
    static let most = 1 << 20
    private var done = 0

    /// Counts work that was done, in bytes, and lets others go on if it is enough.
    mutating func add(_ bytes: Int) async {
        done += bytes
        guard done >= Self.most else { return }
        done = 0
        await Task.yield()
    }
}
