internal import Storage
internal import Waiting

/// Makes entries of a cache clean when all are dirty and a place is needed.
///
/// A protocol and not a closure: a stored async closure was seen to run beside the caller's actor (Swift 6.3.1).
protocol MetadataRelief: AnyObject {
    func relieve() async throws(BlockError)
}

/// Parts of L2 tables, or of refcount blocks, in bounded memory.
///
/// Loop-bound. It knows no order between writes: who has one is the `relief` and writes with `dirtyCopies` and `write`; without it, dirty parts
/// are written when their place is needed.
final class MetadataCache {
    /// Bytes of a part: a power of two, and parts lie at its multiples.
    let entryBytes: Int
    /// How many parts are kept, but for those that many loads at once hold for a moment.
    private(set) var maxEntries: Int
    /// Who writes back in his own order; nil: any order will do.
    weak var relief: (any MetadataRelief)?
    /// Refuses to write a part that lies where something else is.
    var verify: ((_ offset: Int64, _ count: Int) throws(BlockError) -> Void)?
    /// How often a part was not in memory.
    private(set) var misses: UInt64 = 0

    /// What is noted before a part is read and before parts are written.
    struct Events {
        let load: DebugEvent
        let update: DebugEvent
    }

    private let storage: BlockStorage
    private let events: Events
    private let hot: UnsafeMutablePointer<Hot>
    private var vacant: [Int] = []
    private var hand = 0
    private var loads: [Int64: PendingLoad] = [:]
    private var dirty: [MetadataEntry] = []
    private let writing = AsyncMutex()

    /// Makes an empty cache that takes memory as it needs it.
    init(storage: BlockStorage, entryBytes: Int, maxEntries: Int, events: Events) {
        precondition(entryBytes > 0 && entryBytes & (entryBytes - 1) == 0, "parts have the size of a power of two")
        self.storage = storage
        self.events = events
        self.entryBytes = entryBytes
        self.maxEntries = max(2, maxEntries)
        hot = .allocate(capacity: 1)
        hot.initialize(to: Hot())
    }

    deinit {
        hot.deinitialize(count: 1)
        hot.deallocate()
    }

    /// What every mapping goes through. Behind a pointer, since a class's variable is checked for exclusive access each time.
    private struct Hot {
        var entries: [MetadataEntry] = []
        var index = OffsetIndex()
    }

    /// Whether a change is not in the file yet.
    var hasDirty: Bool { dirty.contains(where: \.isDirty) }

    /// Bytes of memory that are there for parts now, in use or not.
    var memoryInUse: Int { hot.pointee.entries.count * entryBytes }

    /// The part at `offset` if it is in memory. It is valid until the caller suspends.
    @inline(__always)
    func cached(_ offset: Int64) -> MetadataEntry? {
        guard let slot = hot.pointee.index.slot(of: offset) else { return nil }
        let entry = hot.pointee.entries[slot]
        if !entry.isRecent { entry.isRecent = true }
        return entry
    }

    /// The part at `offset`, read if need be, by one reader for all who wait. It is valid until the caller suspends.
    func load(_ offset: Int64) async throws(BlockError) -> MetadataEntry {
        while true {
            if let entry = cached(offset) { return entry }
            if let pending = loads[offset] {
                await pending.waiters.wait { pending.isOver }
                continue
            }
            if let entry = readNow(offset) { return entry }
            try await read(offset)
        }
    }

    /// The part at `offset`, which is known to be all zeroes in the file. It is valid until the caller suspends.
    func insertZeroed(_ offset: Int64) async throws(BlockError) -> MetadataEntry {
        forget(offset, count: Int64(entryBytes))
        let slot = try await vacantSlot()
        // In an image that contradicts itself somebody may have taken the place for a table meanwhile.
        forget(offset, count: Int64(entryBytes))
        let entry = hot.pointee.entries[slot]
        entry.bytes.initializeMemory(as: UInt8.self, repeating: 0)
        place(slot, offset)
        return entry
    }

    /// Notes that the caller has changed an entry's bytes.
    @inline(__always)
    func markDirty(_ entry: MetadataEntry) {
        entry.generation &+= 1
        guard !entry.isDirty else { return }
        entry.isDirty = true
        dirty.append(entry)
    }

    /// Drops the parts that lie in a range, changes too: the range is no longer a table, or not the one that it was.
    func forget(_ offset: Int64, count: Int64) {
        var position = offset & ~Int64(entryBytes - 1)
        while position < offset + count {
            loads[position]?.isCancelled = true
            if let slot = hot.pointee.index.slot(of: position) { vacate(slot) }
            position += Int64(entryBytes)
        }
    }

    /// Drops everything, changes too.
    func forgetAll() {
        for load in loads.values { load.isCancelled = true }
        for slot in hot.pointee.entries.indices where hot.pointee.entries[slot].offset >= 0 { vacate(slot) }
        dirty.removeAll()
    }

    /// Gives back the memory of clean parts that nobody has used since the last call, but for what shares a slab with others.
    func dropUnused() {
        // A load in flight has a slot's number; the next call will find it loaded.
        guard loads.isEmpty else { return }
        // What a write-back has cleaned is kept by no list.
        dirty.removeAll { !$0.isDirty }
        let used = Set(hot.pointee.entries.filter(\.isInUse).map { ObjectIdentifier($0.slab) })
        keep(hot.pointee.entries.filter { used.contains(ObjectIdentifier($0.slab)) }, with: \.isInUse)
        for entry in hot.pointee.entries where !entry.isDirty { entry.isRecent = false }
    }

    /// Changes how many parts are kept. What is clean beyond that goes at once, slab by slab, unless parts are being loaded.
    func setLimit(_ limit: Int) {
        maxEntries = max(2, limit)
        var excess = hot.pointee.entries.count - maxEntries
        guard excess > 0, loads.isEmpty else { return }
        dirty.removeAll { !$0.isDirty }
        let slabs = Dictionary(grouping: hot.pointee.entries) { ObjectIdentifier($0.slab) }
        var dropped: Set<ObjectIdentifier> = []
        for (slab, entries) in slabs where excess > 0 && !entries.contains(where: \.isDirty) {
            dropped.insert(slab)
            excess -= entries.count
        }
        keep(hot.pointee.entries.filter { !dropped.contains(ObjectIdentifier($0.slab)) }, with: { _ in true })
    }

    /// Goes on with these entries, and with what is in those that `isKept` wants.
    private func keep(_ kept: [MetadataEntry], with isKept: (MetadataEntry) -> Bool) {
        hot.pointee.entries = kept
        vacant = []
        hot.pointee.index = OffsetIndex()
        hand = 0
        for (slot, entry) in kept.enumerated() {
            if entry.offset >= 0 && isKept(entry) {
                hot.pointee.index.insert(entry.offset, slot: slot)
            } else {
                entry.offset = -1
                entry.generation &+= 1
                vacant.append(slot)
            }
        }
    }

    // MARK: Loading

    private final class PendingLoad {
        let waiters = Waiters()
        var isOver = false
        var isCancelled = false
    }

    /// Reads a part that nobody else is reading, if that needs no waiting.
    private func readNow(_ offset: Int64) -> MetadataEntry? {
        guard let slot = vacantSlotNow() else { return nil }
        let entry = hot.pointee.entries[slot]
        guard storage.readNow(at: offset, into: entry.bytes) else {
            vacant.append(slot)
            return nil
        }
        misses += 1
        place(slot, offset)
        return entry
    }

    private func read(_ offset: Int64) async throws(BlockError) {
        let pending = PendingLoad()
        loads[offset] = pending
        misses += 1
        defer {
            loads[offset] = nil
            pending.isOver = true
            pending.waiters.wakeAll()
        }
        let slot: Int
        if let now = vacantSlotNow() { slot = now } else { slot = try await vacantSlot() }
        let entry = hot.pointee.entries[slot]
        do throws(BlockError) {
            storage.note(events.load)
            try await storage.readPadded(at: offset, into: entry.bytes)
        } catch {
            vacant.append(slot)
            throw error
        }
        if pending.isCancelled || hot.pointee.index.slot(of: offset) != nil { vacant.append(slot) } else { place(slot, offset) }
    }

    private func place(_ slot: Int, _ offset: Int64) {
        precondition(hot.pointee.index.slot(of: offset) == nil, "a part has one entry")
        let entry = hot.pointee.entries[slot]
        entry.offset = offset
        entry.isDirty = false
        entry.isRecent = true
        entry.generation &+= 1
        hot.pointee.index.insert(offset, slot: slot)
    }

    private func vacate(_ slot: Int) {
        let entry = hot.pointee.entries[slot]
        hot.pointee.index.remove(entry.offset)
        entry.offset = -1
        entry.isDirty = false
        entry.generation &+= 1
        vacant.append(slot)
    }

    // MARK: Eviction

    /// A slot that nobody holds and no list knows.
    private func vacantSlot() async throws(BlockError) -> Int {
        var attempts = 0
        while true {
            if let slot = vacantSlotNow() { return slot }
            // Others may dirty what was just written: a few entries too many are better than no end.
            if attempts == 3 { return newSlot() }
            attempts += 1
            if let relief { try await relief.relieve() } else { try await writeBack() }
        }
    }

    /// The same, as long as nothing must be written for it.
    @inline(__always)
    private func vacantSlotNow() -> Int? {
        if vacant.isEmpty {
            if hot.pointee.entries.count < maxEntries { return newSlot() }
            if let victim = cleanVictim() { vacate(victim) }
        }
        return vacant.popLast()
    }

    private func newSlot() -> Int {
        let first = hot.pointee.entries.count
        hot.pointee.entries += MetadataSlab.entries(
            bytes: entryBytes, alignment: storage.limits.memoryAlignment, limit: maxEntries - first)
        vacant += (first + 1..<hot.pointee.entries.count).reversed()
        return first
    }

    /// The clock: a clean entry that was not used since the hand passed it last.
    private func cleanVictim() -> Int? {
        for _ in 0..<2 * hot.pointee.entries.count {
            hand = hand + 1 < hot.pointee.entries.count ? hand + 1 : 0
            let entry = hot.pointee.entries[hand]
            guard entry.offset >= 0, !entry.isDirty else { continue }
            if !entry.isRecent { return hand }
            entry.isRecent = false
        }
        return nil
    }

    // MARK: Writing

    /// Writes all that is dirty, in no order.
    func writeBack() async throws(BlockError) {
        await writing.lock()
        defer { writing.unlock() }
        try await write(dirtyCopies())
    }

    /// Copies of all that is dirty now, by offset. Whoever writes copies is the only one who does, or else an old copy could overwrite a newer.
    func dirtyCopies() -> MetadataCopies {
        dirty.removeAll { !$0.isDirty }
        // An entry that was vacated and used again may be listed twice.
        var sorted: [MetadataEntry] = []
        for entry in dirty.sorted(by: { $0.offset < $1.offset }) where sorted.last !== entry { sorted.append(entry) }
        dirty = sorted
        return MetadataCopies(of: sorted, entryBytes: entryBytes)
    }

    /// Writes copies to where their parts lie. Parts that have not changed since are clean afterwards, others and those not reached stay dirty.
    func write(_ copies: MetadataCopies) async throws(BlockError) {
        for run in copies.runs(atMost: 256 << 10) {
            // What was dropped in between is no table any more.
            guard run.items.allSatisfy({ $0.entry.offset == $0.offset }) else {
                try await writeSingly(run)
                continue
            }
            try await write(run)
        }
    }

    private func writeSingly(_ run: MetadataCopies.Run) async throws(BlockError) {
        for item in run.split(entryBytes) where item.items[0].entry.offset == item.items[0].offset { try await write(item) }
    }

    private func write(_ run: MetadataCopies.Run) async throws(BlockError) {
        try verify?(run.offset, run.bytes.count)
        storage.note(events.update)
        try await storage.write(at: run.offset, from: run.bytes, flags: [])
        for item in run.items where item.entry.offset == item.offset && item.entry.generation == item.generation {
            item.entry.isDirty = false
        }
    }
}
