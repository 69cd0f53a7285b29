internal import Storage

extension Qcow2Image {
    /// Writes another directory to new clusters and lets the header name it.
    func replaceBitmapDirectory(with entries: [BitmapDirectoryEntry], _ state: WriteState) async throws(BlockError) {
        let bytes = BitmapDirectory.encode(entries)
        guard Int64(bytes.count) <= Qcow2Limits.maxBitmapDirectorySize else {
            throw BlockError(.invalidOption, "Bitmap directory is too large")
        }
        let old = header.bitmaps
        let place = try await writeClusters(bytes, state)
        do throws(BlockError) {
            // Bits, tables and directory before the header, and their refcounts too, late ones included.
            try await writeRefcounts(state)
        } catch {
            await abandonClusters(place, bytes: Int64(bytes.count), state)
            throw error
        }
        let new =
            entries.isEmpty
            ? nil
            : Qcow2BitmapsExtension(
                count: UInt32(entries.count), directorySize: UInt64(bytes.count), directoryOffset: UInt64(place.bytes))
        do throws(BlockError) {
            try await nameBitmapDirectory(new)
        } catch {
            // Perhaps it is on disk, perhaps not.
            state.refcounts.failure = error
            throw error
        }
        knownBitmaps = entries
        if let old {
            let size = Int64(old.directorySize)
            state.places.remove(HostOffset(Int64(old.directoryOffset)), bytes: size, .bitmapDirectory)
            freeClusters(HostOffset(Int64(old.directoryOffset)), bytes: size, .other, state)
        }
        state.places.place(place, bytes: Int64(bytes.count), .bitmapDirectory)
    }

    /// Changes the header's extension.
    ///
    /// Crash safety: an extension that stays where it is changes by one write within a sector. Else three steps, each on disk before the next: the
    /// feature that vouches for the extension is taken away; the extension changes, while nobody believes it; the feature comes back. Between
    /// these the bitmaps are lost, and what they had is leaked.
    private func nameBitmapDirectory(_ new: Qcow2BitmapsExtension?) async throws(BlockError) {
        if let new, let place = try await placeOfBitmapsExtension() {
            try await write(new.encoded, at: Int64(place))
            try await file.flush()
            header.bitmaps = new
            return
        }
        if header.autoclear.contains(.bitmaps) { try await updateHeader { header in header.autoclear.remove(.bitmaps) } }
        try await updateHeader { header in header.bitmaps = new }
        if new != nil { try await updateHeader { header in header.autoclear.insert(.bitmaps) } }
    }

    /// Where the extension's data begins on disk, if it is there, is vouched for and lies within one sector.
    private func placeOfBitmapsExtension() async throws(BlockError) -> Int? {
        guard header.bitmaps != nil, header.autoclear.contains(.bitmaps) else { return nil }
        let bytes = try await file.bytesPadded(at: 0, count: geometry.clusterSize)
        var position = header.headerLength
        while position + 8 <= bytes.count {
            let type = BigEndian.load(bytes, position, as: UInt32.self)
            let size = Int(BigEndian.load(bytes, position + 4, as: UInt32.self))
            let data = position + 8
            if type == Qcow2ExtensionType.bitmaps {
                return data / 512 == (data + Qcow2BitmapsExtension.size - 1) / 512 ? data : nil
            }
            if type == Qcow2ExtensionType.end { return nil }
            position = data + (size + 7) & ~7
        }
        return nil
    }
}

extension Qcow2BitmapsExtension {
    /// The extension's data.
    var encoded: [UInt8] {
        BigEndian.bytes(count) + BigEndian.bytes(UInt32(0)) + BigEndian.bytes(directorySize) + BigEndian.bytes(directoryOffset)
    }
}
