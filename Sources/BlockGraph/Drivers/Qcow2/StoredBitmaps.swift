internal import ImageFormats
internal import Storage

extension Qcow2Image {
    /// The image's bitmaps with their bits. One that is inconsistent is clean, and is there to be removed.
    func dirtyBitmaps() async throws(BlockError) -> [DirtyBitmap] {
        var found: [DirtyBitmap] = []
        for stored in try await bitmaps() {
            guard DirtyBitmap.isPossible(length: length, granularity: stored.granularity) else {
                throw BlockError(.invalidImage, "Bitmap '\(stored.name)' doesn't satisfy the constraints")
            }
            let bitmap = DirtyBitmap(length: length, granularity: stored.granularity, name: stored.name)
            bitmap.isPersistent = true
            bitmap.isInconsistent = stored.isInconsistent
            bitmap.isRecording = stored.isAuto && !stored.isInconsistent
            bitmap.isReadOnly = isReadOnly
            if !stored.isInconsistent {
                try await readBitmap(stored.name) { (range, bits) in bitmap.add(bits, for: range) }
            }
            found.append(bitmap)
        }
        return found
    }

    /// Stores those bitmaps that the image is to keep and that can be believed.
    func store(_ bitmaps: [DirtyBitmap]) async throws(BlockError) {
        let sources = bitmaps.compactMap { bitmap -> Qcow2BitmapSource? in
            guard let name = bitmap.name, bitmap.isPersistent, !bitmap.isInconsistent, !bitmap.isReadOnly else { return nil }
            return Qcow2BitmapSource(name: name, granularity: bitmap.granularity, isAuto: bitmap.isRecording) { range, buffer in
                bitmap.fill(range, into: buffer)
            }
        }
        guard !sources.isEmpty else { return }
        // Without a write they may not be in use yet, and nothing else may be replaced.
        try await claimBitmaps()
        try await storeBitmaps(sources)
    }
}

extension Node {
    /// Keeps the bitmaps in the image before it is closed. Those that cannot be stored stay in use there: the next one to open the image finds
    /// them inconsistent.
    func storeBitmaps() async {
        do throws(BlockError) {
            try await driver.store(bitmaps)
        } catch {
            return
        }
    }
}
