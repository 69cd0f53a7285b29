/// What a chain remembers: runs and where they are, by the granule that they begin in. A table of fixed slots, one run each, which begins empty and
/// grows by doubling while it is of use, up to its limit. A newer run takes the slot of an older one.
struct ChainMemory {
    private struct Entry {
        var start: Int64 = -1
        var length: Int64 = 0
        var offset: Int64 = 0
        /// Index into `nodes`; -1 for zeroes.
        var node: Int32 = 0
    }

    /// Runs are looked for by granules of 64 KiB, the usual cluster.
    private static let granuleBits: Int64 = 16
    /// How many slots a table begins with, if it may have so many.
    private static let firstSlots = 256

    /// The first byte of the granule that `offset` is in.
    @inline(__always)
    static func granuleStart(_ offset: Int64) -> Int64 { offset & ~((1 << granuleBits) - 1) }

    /// How many bytes from a granule's start on reach `end`, up to a granule's end.
    @inline(__always)
    static func span(from start: Int64, to end: Int64) -> Int64 { granuleStart(end - start + (1 << granuleBits) - 1) }

    private let limit: Int
    private var entries: [Entry] = []
    private var nodes: [Node] = []
    private var generation: UInt64 = 0
    /// Runs that took another's slot since the table grew.
    private var displaced = 0

    /// - Parameter limit: bytes that the table may take.
    init(limit: Int) { self.limit = limit }

    /// Bytes that it takes.
    var inUse: Int { entries.count * MemoryLayout<Entry>.stride + nodes.count * MemoryLayout<Node>.stride }

    /// Gives all of it back.
    mutating func drop() { forget() }

    /// The run that `offset` is in, from there on, for at most `limit` bytes.
    @inline(__always)
    func find(_ offset: Int64, limit: Int64) -> BackingChain.Place? {
        guard !entries.isEmpty, generation == ChainStructure.generation else { return nil }
        let entry = entries[slot(offset)]
        let inside = offset - entry.start
        guard entry.start >= 0, inside >= 0, inside < entry.length else { return nil }
        let length = min(limit, entry.length - inside)
        guard entry.node >= 0 else { return BackingChain.Place(node: nil, offset: 0, length: length) }
        return BackingChain.Place(node: nodes[Int(entry.node)], offset: entry.offset + inside, length: length)
    }

    @inline(__always)
    private func slot(_ offset: Int64) -> Int { Int(truncatingIfNeeded: offset >> Self.granuleBits) & (entries.count - 1) }

    /// Remembers a run.
    mutating func add(_ place: BackingChain.Place, at offset: Int64) {
        if generation != ChainStructure.generation { forget() }
        if entries.isEmpty { begin() }
        guard !entries.isEmpty else { return }
        var index = Int32(-1)
        if let node = place.node { index = number(of: node) }
        let slot = slot(offset)
        if entries[slot].start >= 0 { displaced += 1 }
        entries[slot] = Entry(start: offset, length: place.length, offset: place.offset, node: index)
        if displaced > entries.count { grow() }
    }

    private mutating func begin() {
        var slots = Self.firstSlots
        while slots > 0 && slots * MemoryLayout<Entry>.stride > limit { slots /= 2 }
        entries = [Entry](repeating: Entry(), count: slots)
    }

    private mutating func number(of node: Node) -> Int32 {
        if let known = nodes.lastIndex(where: { $0 === node }) { return Int32(known) }
        nodes.append(node)
        return Int32(nodes.count - 1)
    }

    private mutating func grow() {
        displaced = 0
        guard 2 * entries.count * MemoryLayout<Entry>.stride <= limit else { return }
        let old = entries
        entries = [Entry](repeating: Entry(), count: 2 * old.count)
        for entry in old where entry.start >= 0 { entries[slot(entry.start)] = entry }
    }

    private mutating func forget() {
        entries = []
        nodes = []
        displaced = 0
        generation = ChainStructure.generation
    }
}
