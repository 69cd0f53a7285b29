public import Storage

extension Qcow2Image {
    /// Reads a bitmap's bits.
    ///
    /// Memory: a cluster and a piece of the bitmap's table, whatever the image says.
    /// - Parameter receive: gets the bits part by part, each for a range of the disk's bytes that begins at a multiple of 8 bits; ranges follow
    ///   each other up to the disk's end.
    /// - Throws: ENOENT for a name that the image does not have; `.invalidImage` for one that is inconsistent, or whose table makes no sense.
    public func readBitmap(
        _ name: String, _ receive: (Range<Int64>, Qcow2BitmapBits) throws(BlockError) -> Void
    ) async throws(BlockError) {
        let bytes = Array(name.utf8)
        guard let entry = try await bitmapDirectory().first(where: { $0.nameBytes == bytes }) else {
            throw BlockError(.system(errno: 2), "Bitmap '\(name)' could not be found")
        }
        guard !entry.flags.contains(.inUse) else {
            throw BlockError(
                .invalidImage, "Bitmap '\(name)' is inconsistent and cannot be used",
                hint: "Try block-dirty-bitmap-remove to delete this bitmap from disk")
        }
        guard Int64(entry.tableEntries) == bitmapTableEntries(granularity: entry.granularity) else {
            throw .system(22, "Could not read bitmap '\(name)' from image")
        }
        try await readBits(entry, receive)
    }

    private func readBits(
        _ entry: BitmapDirectoryEntry, _ receive: (Range<Int64>, Qcow2BitmapBits) throws(BlockError) -> Void
    ) async throws(BlockError) {
        let coverage = bitmapCoverage(granularity: entry.granularity)
        let buffer = BufferPool.shared.buffer(geometry.clusterSize)
        try await RawTables(file: file).forEachPiece(at: entry.tableOffset, words: Int64(entry.tableEntries)) {
            (piece, first) async throws(BlockError) in
            for place in stride(from: 0, to: piece.count, by: 8) {
                let start = (first + Int64(place / 8)) * coverage
                let range = start..<min(self.length, start + coverage)
                let word = BigEndian.load(UnsafeRawBufferPointer(piece), place, as: UInt64.self)
                switch BitmapCluster(word, self.geometry) {
                case nil: throw .system(22, "Could not read bitmap_table table from image for bitmap '\(entry.name)'")
                case .zeroes: try receive(range, .zeroes)
                case .ones: try receive(range, .ones)
                case .stored(let offset):
                    try await self.file.readPadded(at: offset.bytes, into: buffer.bytes)
                    try receive(range, .bytes(buffer.contents))
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

    /// Marks every consistent bitmap as in use, on disk, before the first write that it would have to record. The guest's first write does it by
    /// itself: whoever has not read the bits by then never gets them, since they would be wrong.
    ///
    /// Crash safety: a flag lies within a sector, so that each entry is the old one or the new one, and the directory is a valid one all the time.
    /// A crash leaves some bitmaps in use, which are inconsistent from then on, and others that are still right, since nothing was written yet.
    public func claimBitmaps() async throws(BlockError) {
        guard let bitmaps = header.bitmaps else {
            needsBitmapClaim = false
            return
        }
        try checkWritable()
        let tables = RawTables(file: file)
        var place = Int64(bitmaps.directoryOffset)
        var claimed: Set<[UInt8]> = []
        do throws(BlockError) {
            for entry in try await bitmapDirectory() {
                if !entry.flags.contains(.inUse) {
                    try await tables.write(BigEndian.bytes(entry.flags.union(.inUse).rawValue), at: place + 12)
                    claimed.insert(entry.nameBytes)
                }
                place += Int64(entry.encodedSize)
            }
            try await file.flush()
        } catch {
            throw error.within("Can't update bitmap directory")
        }
        claimedBitmaps.formUnion(claimed)
        needsBitmapClaim = false
    }
}
