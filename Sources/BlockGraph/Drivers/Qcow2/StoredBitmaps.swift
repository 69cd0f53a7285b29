internal import ImageFormats
internal import Storage

/// What the image keeps and what is in memory. A bitmap that is not in use on disk is in memory what it is there: `claimBitmaps` comes before the
/// first difference. So storing passes those over, and a crash finds each bitmap right, or in use.
extension Qcow2Image {
    /// The image's bitmaps with their bits. One that is inconsistent has none, and is there to be removed.
    func dirtyBitmaps(within memory: BitmapMemory) async throws(BlockError) -> [DirtyBitmap] {
        var found: [DirtyBitmap] = []
        var sum: Int64 = 0
        let (length, isReadOnly) = (length, isReadOnly)
        try await readBitmaps { (stored) throws(BlockError) in
            if stored.isInconsistent {
                let bitmap = DirtyBitmap(inconsistent: stored.name, length: length, granularity: stored.granularity)
                bitmap.isReadOnly = isReadOnly
                found.append(bitmap)
                return nil
            }
            guard DirtyBitmap.isPossible(length: length, granularity: stored.granularity) else {
                throw BlockError(.invalidImage, "Bitmap '\(stored.name)' doesn't satisfy the constraints")
            }
            let share = try memory.take(DirtyBitmap.bytes(length: length, granularity: stored.granularity), sum: &sum)
            let bitmap = try DirtyBitmap(length: length, granularity: stored.granularity, name: stored.name)
            bitmap.share = share
            bitmap.isPersistent = true
            bitmap.isRecording = stored.isAuto
            bitmap.isReadOnly = isReadOnly
            found.append(bitmap)
            return { (range, bits) in bitmap.add(bits, for: range) }
        }
        return found
    }

    /// Stores those bitmaps that the image is to keep, that can be believed, and that it has not as they are.
    func store(_ bitmaps: [DirtyBitmap]) async throws(BlockError) {
        let own = bitmaps.filter { $0.name != nil && $0.isPersistent && !$0.isInconsistent && !$0.isReadOnly }
        guard !own.isEmpty else { return }
        guard !isReadOnly else { throw BlockError(.readOnly, "No write access") }
        let unchanged = try await unclaimedBitmaps()
        try await storeBitmaps(
            own.filter { !unchanged.contains($0.name ?? "") }.map { bitmap in
                Qcow2BitmapSource(name: bitmap.name ?? "", granularity: bitmap.granularity, isAuto: bitmap.isRecording) { range, buffer in
                    bitmap.fill(range, into: buffer)
                }
            })
    }

    /// Goes on with bitmaps that could only be read. Whether one records could be changed meanwhile, in memory alone. One that the image does not
    /// have any more as it was loaded was changed by somebody else, who may have written without it.
    func resume(_ bitmaps: [DirtyBitmap]) async throws(BlockError) {
        guard !isReadOnly else { throw BlockError(.readOnly, "No write access") }
        var stored: [String: Bool] = [:]
        try await readBitmaps { (bitmap) in
            if !bitmap.isInconsistent { stored[bitmap.name] = bitmap.isAuto }
            return nil
        }
        var differs = false
        for bitmap in bitmaps where bitmap.isPersistent && bitmap.isReadOnly && !bitmap.isInconsistent {
            guard let isAuto = stored[bitmap.name ?? ""] else {
                bitmap.becomeInconsistent()
                continue
            }
            if isAuto != bitmap.isRecording { differs = true }
        }
        if differs { try await claimBitmaps() }
    }
}
