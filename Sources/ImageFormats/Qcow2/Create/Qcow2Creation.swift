internal import Glibc
public import Storage

/// Making new images.
///
/// Crash safety: the first cluster of what the file held before is wiped and flushed, so that no old header refers to new tables. All tables
/// are written and flushed before the header. Of the header everything but its first sector is on disk before that sector, which has the magic and
/// is written whole or not at all. So at every point the file either is no qcow2 image or is the finished one.
public enum Qcow2Creation {
    /// Makes an image in `file`, which keeps its place on the host; what it held is lost.
    /// - Parameter dataFile: the external data file, exactly when the options name one. It grows to the disk's size.
    /// - Throws: `.invalidOption` in QEMU's words, or what the files throw.
    public static func create(
        in file: BlockStorage, dataFile: BlockStorage? = nil, options: Qcow2CreateOptions
    ) async throws(BlockError) {
        try options.validate()
        precondition((dataFile != nil) == (options.dataFile != nil), "a data file goes with its name")
        let layout = try NewImageLayout(options)
        let header = try header(options, layout)
        try await wipe(file, layout.geometry)
        do throws(BlockError) {
            try await provideSpace(file, dataFile, options, layout)
        } catch {
            throw error.within("Could not resize image: Failed to resize underlying file")
        }
        do throws(BlockError) {
            try await writeTables(RawTables(file: file), layout)
            if let dataFile { try await dataFile.flush() }
            try await file.flush()
        } catch {
            throw error.within("Could not resize image")
        }
        do throws(BlockError) {
            try await write(header, to: file)
        } catch {
            throw error.within("Could not update qcow2 header")
        }
    }

    // MARK: Header

    private static func header(_ options: Qcow2CreateOptions, _ layout: NewImageLayout) throws(BlockError) -> [UInt8] {
        var header = Qcow2Header(
            version: options.version.rawValue, clusterBits: UInt32(layout.geometry.clusterBits), virtualSize: UInt64(options.size),
            refcountOrder: UInt32(layout.geometry.refcountOrder))
        header.l1Entries = UInt32(layout.l1Entries)
        header.l1Offset = layout.l1Entries > 0 ? UInt64(layout.l1Table) : 0
        header.refcountTableOffset = UInt64(layout.refcountTable)
        header.refcountTableClusters = UInt32(layout.refcountTableClusters)
        if options.lazyRefcounts { header.compatible.insert(.lazyRefcounts) }
        if options.extendedL2 { header.incompatible.insert(.extendedL2) }
        if options.compression != .zlib {
            header.incompatible.insert(.compressionType)
            header.compressionNumber = options.compression.rawValue
        }
        if let dataFile = options.dataFile {
            header.incompatible.insert(.externalDataFile)
            header.dataFileName = dataFile
            if options.dataFileRaw { header.autoclear.insert(.rawExternalData) }
        }
        header.backingFile = options.backingFile
        header.backingFormat = options.backingFormat
        return try encode(header, options)
    }

    private static func encode(_ header: Qcow2Header, _ options: Qcow2CreateOptions) throws(BlockError) -> [UInt8] {
        do throws(BlockError) {
            if let name = header.backingFileBytes, name.count > Qcow2Limits.maxBackingFileName { throw .system(EINVAL) }
            return try header.encode()
        } catch {
            guard let backingFile = options.backingFile else { throw error.within("Could not update qcow2 header") }
            throw error.within(
                "Could not assign backing file '\(backingFile)' with format '\(options.backingFormat ?? "(null)")'")
        }
    }

    /// Bytes that a disk writes whole or not at all.
    private static let sector = 512

    private static func write(_ header: [UInt8], to file: BlockStorage) async throws(BlockError) {
        let tables = RawTables(file: file)
        if header.count > sector {
            try await tables.write(Array(header[sector...]), at: Int64(sector))
            try await file.flush()
        }
        try await tables.write(Array(header.prefix(sector)), at: 0)
        try await file.flush()
    }

    // MARK: Space

    /// Makes the first cluster zeroes, which no format takes for its own; its first sector before the rest, so that a crash does not leave an
    /// old header with a part of what belongs to it.
    private static func wipe(_ file: BlockStorage, _ geometry: Qcow2Geometry) async throws(BlockError) {
        let count = min(file.length, Int64(geometry.clusterSize))
        guard count > 0 else { return }
        let first = min(count, Int64(sector))
        try await file.writeZeroes(at: 0, count: first, flags: [])
        try await file.flush()
        if count > first { try await file.writeZeroes(at: first, count: count - first, flags: []) }
    }

    /// Makes the files long enough, and what a reader of the new image could find in them zeroes.
    private static func provideSpace(
        _ file: BlockStorage, _ dataFile: BlockStorage?, _ options: Qcow2CreateOptions, _ layout: NewImageLayout
    ) async throws(BlockError) {
        let mode: Preallocation = options.effectivePreallocation == .metadata ? .off : options.effectivePreallocation
        try await clear(file, from: layout.firstRefcountBlock, to: layout.end)
        if file.length < layout.end {
            try await file.truncate(to: layout.end, preallocation: dataFile == nil ? mode : .off)
        }
        guard let dataFile else { return }
        if layout.mappedClusters > 0 { try await clear(dataFile, from: 0, to: options.size) }
        if dataFile.length < options.size { try await dataFile.truncate(to: options.size, preallocation: mode) }
    }

    /// Zeroes what a file has in a range; nothing beyond its end.
    private static func clear(_ file: BlockStorage, from start: Int64, to end: Int64) async throws(BlockError) {
        var start = start
        let end = min(end, file.length)
        while start < end {
            let count = min(end - start, file.limits.maxZeroes)
            try await file.writeZeroes(at: start, count: count, flags: .mayUnmap)
            start += count
        }
    }

    // MARK: Tables

    private static func writeTables(_ tables: RawTables, _ layout: NewImageLayout) async throws(BlockError) {
        let size = Int64(layout.geometry.clusterSize)
        try await tables.writeWords(
            at: layout.refcountTable, count: layout.refcountTableClusters * size / 8
        ) { index in
            index < layout.refcountBlocks ? UInt64(layout.firstRefcountBlock + index * size) : 0
        }
        try await writeRefcounts(tables, layout)
        try await tables.writeWords(at: layout.l1Table, count: layout.l1Entries) { index in
            layout.l2Tables > 0 ? UInt64(layout.firstL2Table + index * size) | TableWord.copied : 0
        }
        // A cluster's words: its entry, and with subclusters a bitmap in which none is allocated, so that a backing file shows through.
        let words = Int64(layout.geometry.l2EntrySize / 8)
        try await tables.writeWords(at: layout.firstL2Table, count: layout.l2Tables * size / 8) { index in
            guard index % words == 0, index / words < layout.mappedClusters else { return 0 }
            return UInt64(layout.data + index / words * size) | TableWord.copied
        }
    }

    /// Every cluster of the image has refcount 1.
    private static func writeRefcounts(_ tables: RawTables, _ layout: NewImageLayout) async throws(BlockError) {
        let block = BufferPool.shared.buffer(layout.geometry.clusterSize)
        let width = RefcountWidth(order: layout.geometry.refcountOrder)
        let perBlock = layout.geometry.refcountBlockEntries
        for index in 0..<layout.refcountBlocks {
            // All blocks but the last are alike.
            if index == 0 || index == layout.refcountBlocks - 1 {
                block.bytes.initializeMemory(as: UInt8.self, repeating: 0)
                for entry in 0..<Int(max(0, min(perBlock, layout.clusters - index * perBlock))) {
                    width.set(block.bytes, entry, to: 1)
                }
            }
            let offset = layout.firstRefcountBlock + index << Int64(layout.geometry.clusterBits)
            try await tables.file.write(at: offset, from: block.contents, flags: [])
        }
    }
}

extension RawTables {
    /// Writes a table word by word, in pieces.
    func writeWords(at offset: Int64, count: Int64, _ word: (Int64) -> UInt64) async throws(BlockError) {
        let most: Int64 = 1 << 17
        guard count > 0 else { return }
        let buffer = BufferPool.shared.buffer(Int(min(count, most)) * 8)
        var start: Int64 = 0
        while start < count {
            let end = min(count, start + most)
            for index in start..<end { BigEndian.store(word(index), buffer.bytes, Int(index - start) * 8) }
            try await file.write(at: offset + start * 8, from: UnsafeRawBufferPointer(buffer.prefix(Int(end - start) * 8)), flags: [])
            start = end
        }
    }
}
