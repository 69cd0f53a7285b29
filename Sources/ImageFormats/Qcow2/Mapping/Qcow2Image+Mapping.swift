public import Storage

extension Qcow2Image {
    /// How many L1 entries without a table one answer reaches over.
    private static let maxEmptyTables = 4096

    /// Where the run that begins at `offset` is, when the metadata that tells is in memory and sound; else nil, and `mapping` has the answer.
    /// - Parameter limit: bytes that are asked for, at least one.
    /// - Returns: the mapping, and for how many bytes it holds: at least one, at most `limit`.
    public func mapFast(at offset: GuestOffset, limit: Int) -> (mapping: Qcow2Mapping, length: Int)? {
        let index = geometry.l1Index(offset)
        let entry = l1[index]
        guard entry.hasTable else { return (.unallocated, emptyLength(from: index, offset, limit: limit)) }
        guard let slice = l2Cache.cached(sliceOffset(of: entry.table, offset)) else { return nil }
        guard case .mapped(let mapping, let length) = run(in: slice, offset, limit: limit) else { return nil }
        return (mapping, length)
    }

    /// Where the run that begins at `offset` is.
    /// - Parameter limit: bytes that are asked for, at least one.
    /// - Returns: the mapping, and for how many bytes it holds: at least one, at most `limit`.
    /// - Throws: what the storage throws; EIO on a malformed table entry, after the image was marked as corrupt.
    public func mapping(at offset: GuestOffset, limit: Int) async throws(BlockError) -> (mapping: Qcow2Mapping, length: Int) {
        if let found = mapFast(at: offset, limit: limit) { return found }
        let index = geometry.l1Index(offset)
        let entry = l1[index]
        guard entry.hasTable else { return (.unallocated, emptyLength(from: index, offset, limit: limit)) }
        let slice = try await loadSlice(of: entry.table, l1Index: index, offset)
        switch run(in: slice, offset, limit: limit) {
        case .mapped(let mapping, let length): return (mapping, length)
        case .fault(let fault):
            let entryIndex = sliceIndex(offset)
            throw await signalCorruption(fault.message(table: entry.table, index: entryIndex))
        }
    }

    /// The slice of the L2 table at `table` that maps `offset`; it is valid until the caller awaits.
    /// - Throws: EIO, after the image was marked as corrupt, when no table can begin there.
    func loadSlice(of table: HostOffset, l1Index: Int, _ offset: GuestOffset) async throws(BlockError) -> MetadataEntry {
        guard geometry.isAligned(table) else {
            throw await signalCorruption(
                "L2 table offset \(hexadecimal(table.bytes)) unaligned (L1 index: \(hexadecimal(l1Index)))")
        }
        return try await l2Cache.load(sliceOffset(of: table, offset))
    }

    /// Where the slice of a table that maps `offset` is in the file.
    @inline(__always)
    func sliceOffset(of table: HostOffset, _ offset: GuestOffset) -> Int64 {
        let slice = geometry.l2Index(offset) >> sliceBits
        return table.bytes + Int64(slice << (sliceBits + geometry.l2EntrySize.trailingZeroBitCount))
    }

    /// The entry of its slice for a byte of the virtual disk.
    @inline(__always)
    func sliceIndex(_ offset: GuestOffset) -> Int { geometry.l2Index(offset) & ((1 << sliceBits) - 1) }

    @inline(__always)
    private func run(in slice: MetadataEntry, _ offset: GuestOffset, limit: Int) -> L2Reader.Run {
        reader.run(in: UnsafeRawBufferPointer(slice.bytes), at: sliceIndex(offset), guest: offset, limit: limit)
    }

    /// How many of `limit` bytes from `offset` on belong to L1 entries without a table; entry `index`, the first, is one.
    private func emptyLength(from index: Int, _ offset: GuestOffset, limit: Int) -> Int {
        let coverage = Int(geometry.l2Coverage)
        var length = coverage - Int(offset.bytes) & (coverage - 1)
        if length == 0 { length = coverage }
        var next = index + 1
        while length < limit, next - index < Self.maxEmptyTables, !l1[next].hasTable {
            length += coverage
            next += 1
        }
        return min(length, limit)
    }
}
