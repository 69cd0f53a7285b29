public import Storage

extension Qcow2OpenOptions {
    /// Refuses what contradicts itself or the image, with QEMU's messages.
    /// - Returns: the sizes of the caches.
    func validated(for header: Qcow2Header) throws(BlockError) -> Qcow2CacheSizes {
        let sizes = try Qcow2CacheSizes(self, header: header)
        if lazyRefcounts == true && header.version < 3 {
            throw BlockError(
                .invalidOption, "Lazy refcounts require a qcow2 image with at least qemu 1.1 compatibility level")
        }
        if discardNoUnref && header.version < 3 {
            throw BlockError(.invalidOption, "discard-no-unref is only supported since qcow2 version 3")
        }
        if discardNoUnref && !passDiscardRequest {
            throw BlockError(.invalidOption, "discard-no-unref is only valid with discard=unmap/on")
        }
        return sizes
    }
}

extension Qcow2Image {
    /// Options that were found good for an image, and wait for `commit`.
    public struct PreparedOptions {
        let options: Qcow2OpenOptions
        let sizes: Qcow2CacheSizes
    }

    /// First step of a change of options: refuses those that don't fit, and writes everything back. Nothing may be in flight from here to the
    /// commit. Whether the image is written to is `activate`'s; `purpose` is not looked at.
    /// - Throws: `.invalidOption` with QEMU's messages; what the storage throws. Nothing has changed then, nor without a commit.
    public func prepare(_ options: Qcow2OpenOptions) async throws(BlockError) -> PreparedOptions {
        let sizes = try options.validated(for: header)
        if !isReadOnly && !isCorrupt { try await finishWriting() }
        return PreparedOptions(options: options, sizes: sizes)
    }

    /// Second step, which cannot fail: the options are in force, the caches empty.
    public func commit(_ prepared: PreparedOptions) {
        let purpose = options.purpose
        options = prepared.options
        options.purpose = purpose
        writeState = nil
        makeCache(prepared.sizes)
    }

    /// Begins with an empty cache of L2 tables.
    func makeCache(_ sizes: Qcow2CacheSizes) {
        self.sizes = sizes
        l2Cache = MetadataCache(storage: file, entryBytes: sizes.l2EntryBytes, maxEntries: l2Entries, events: Self.l2Events)
        sliceBits = sizes.l2EntryBytes.trailingZeroBitCount - geometry.l2EntrySize.trailingZeroBitCount
    }
}
