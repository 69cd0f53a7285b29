internal import Storage

/// What dirty entries held at one moment.
struct MetadataCopies {
    /// One part.
    struct Item {
        let entry: MetadataEntry
        let offset: Int64
        let generation: UInt64
    }

    /// Parts that follow each other in the file.
    struct Run {
        let items: ArraySlice<Item>
        let bytes: UnsafeRawBufferPointer
        fileprivate let buffer: IOBuffer
        var offset: Int64 { items.first?.offset ?? 0 }

        /// Each part by itself.
        func split(_ entryBytes: Int) -> [Run] {
            items.indices.map { index in
                let start = (index - items.startIndex) * entryBytes
                let part = UnsafeRawBufferPointer(rebasing: bytes[start..<start + entryBytes])
                return Run(items: items[index...index], bytes: part, buffer: buffer)
            }
        }
    }

    private let items: [Item]
    private let buffer: IOBuffer
    private let entryBytes: Int

    /// Copies entries, which are in the order of their offsets.
    init(of entries: [MetadataEntry], entryBytes: Int) {
        self.entryBytes = entryBytes
        items = entries.map { Item(entry: $0, offset: $0.offset, generation: $0.generation) }
        buffer = BufferPool.shared.buffer(entries.count * entryBytes)
        for (position, entry) in entries.enumerated() {
            UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[(position * entryBytes)...]).copyMemory(from: entry.contents)
        }
    }

    /// Whether there is nothing to write.
    var isEmpty: Bool { items.isEmpty }

    /// What follows each other, in pieces of at most `limit` bytes.
    func runs(atMost limit: Int) -> [Run] {
        var runs: [Run] = []
        var start = 0
        while start < items.count {
            var end = start + 1
            while end < items.count, items[end].offset == items[end - 1].offset + Int64(entryBytes), (end - start + 1) * entryBytes <= limit
            {
                end += 1
            }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer.contents[start * entryBytes..<end * entryBytes])
            runs.append(Run(items: items[start..<end], bytes: bytes, buffer: buffer))
            start = end
        }
        return runs
    }
}
