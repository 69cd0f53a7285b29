public import Storage

/// Which regions of a disk changed: one bit for each `granularity` bytes.
///
/// Loop-bound. Bits live in 64-bit words under summary levels whose bits tell which words below are not zero, so the next dirty region of
/// a huge disk is found in a few steps: 1 TiB at 64 KiB is 2 MiB of bits and 32 KiB of summaries.
public final class DirtyBitmap {
    /// Bytes for each bit, a power of two.
    public let granularity: Int64
    /// Length of the disk in bytes; the last region may be shorter.
    public private(set) var length: Int64
    /// How many regions are dirty.
    public private(set) var dirtyRegions: Int = 0
    /// Whether writes set bits; `Node` looks at it.
    public var isRecording = true
    /// Whether a job has it in use, so that nobody else may change it.
    public var isBusy = false
    /// Whether the image keeps it when its node is closed.
    public var isPersistent = false
    /// Whether its bits cannot be trusted, since the image that held them was not closed cleanly; it can only be removed. It has no bits, since
    /// they would take memory for nothing, and stays clean whatever happens.
    public private(set) var isInconsistent = false
    /// Whether its image may not be written, so that the bits there have to stay as they are.
    public var isReadOnly = false
    /// The share of the memory for bits from images, given back with the bitmap; nil for one that a client or a job made.
    var share: BitmapMemory.Share?
    /// The name, for a bitmap that has one; a job's own has none.
    public let name: String?

    /// The most regions that a bitmap may have: 1 GiB of bits, for 512 TiB at 64 KiB. More is no plan but an accident, which must not
    /// take the process's memory.
    public static let mostRegions: Int64 = 1 << 33

    /// Whether a bitmap of this kind can be made.
    public static func isPossible(length: Int64, granularity: Int64) -> Bool {
        length >= 0 && granularity > 0 && length / granularity < mostRegions
    }

    /// Bytes that the bits of such a bitmap take at most.
    static func bytes(length: Int64, granularity: Int64) -> Int64 {
        let regions = length / granularity + (length % granularity == 0 ? 0 : 1)
        return (regions + 63) / 64 * 8
    }

    private let shift: Int64
    private var bits: BitmapWords
    /// Bit i of `summaries[0]` tells that word i of the bits is not zero, bit i of `summaries[n]` that word i of `summaries[n - 1]` is not.
    private var summaries: [[UInt64]]

    /// Makes a clean bitmap.
    /// - Throws: where `isPossible(length:granularity:)` does not hold, or `granularity` is no power of two.
    public init(length: Int64, granularity: Int64, name: String? = nil) throws(BlockError) {
        guard DirtyBitmap.isPossible(length: length, granularity: granularity), granularity & (granularity - 1) == 0 else {
            throw DirtyBitmap.impossible(length: length, granularity: granularity)
        }
        self.granularity = granularity
        self.length = length
        self.name = name
        shift = Int64(granularity.trailingZeroBitCount)
        (bits, summaries) = DirtyBitmap.makeLevels(regions: DirtyBitmap.regions(length, granularity))
    }

    private static func impossible(length: Int64, granularity: Int64) -> BlockError {
        BlockError(
            .invalidOption,
            "A bitmap for \(length) bytes in regions of \(granularity) bytes would have more than \(mostRegions) regions, which is too large"
        )
    }

    /// How many regions there are. No sum here goes beyond 64 bits, whatever the length.
    private static func regions(_ length: Int64, _ granularity: Int64) -> Int {
        Int(length / granularity) + (length % granularity == 0 ? 0 : 1)
    }

    /// Makes a bitmap that is inconsistent, of any length.
    /// - Precondition: `granularity` is a power of two.
    init(inconsistent name: String, length: Int64, granularity: Int64) {
        precondition(granularity > 0 && granularity & (granularity - 1) == 0, "granularity is a power of two")
        self.granularity = granularity
        self.length = length
        self.name = name
        shift = Int64(granularity.trailingZeroBitCount)
        (bits, summaries) = (BitmapWords(count: 0), [])
        isPersistent = true
        isInconsistent = true
        isRecording = false
    }

    /// What the bits say is no longer true: they are given up.
    func becomeInconsistent() {
        isInconsistent = true
        isRecording = false
        dirtyRegions = 0
        (bits, summaries) = (BitmapWords(count: 0), [])
        share = nil
    }

    /// How many regions the disk has.
    public var regions: Int { DirtyBitmap.regions(length, granularity) }

    /// How many bytes are dirty, counting whole regions; the last one ends with the disk.
    public var dirtyBytes: Int64 {
        guard dirtyRegions > 0 else { return 0 }
        let part = length & (granularity - 1)
        let whole = part > 0 && isSet(regions - 1) ? dirtyRegions - 1 : dirtyRegions
        return Int64(whole) << shift + (whole == dirtyRegions ? 0 : part)
    }

    /// Whether nothing is dirty.
    public var isClean: Bool { dirtyRegions == 0 }

    /// Whether the region that holds `offset` is dirty.
    public func contains(_ offset: Int64) -> Bool {
        guard offset >= 0 && offset < length && !isInconsistent else { return false }
        return isSet(Int(offset >> shift))
    }

    /// Marks every region that the range touches.
    public func set(_ offset: Int64, count: Int64) {
        guard let (first, last) = touched(offset, count) else { return }
        change(first, last, to: true)
    }

    /// Marks everything.
    public func setAll() { set(0, count: length) }

    /// Clears the regions that lie wholly in the range; the disk's last region ends with the disk. Regions that it only touches stay dirty, since the rest of
    /// them was not copied.
    public func clear(_ offset: Int64, count: Int64) {
        let start = max(0, offset)
        let end = min(length, offset.addingReportingOverflow(count).overflow ? .max : offset + count)
        guard start < end, !isInconsistent else { return }
        let first = start >> shift + (start & (granularity - 1) == 0 ? 0 : 1)
        let past = end == length ? Int64(regions) : end >> shift
        guard first < past else { return }
        change(Int(first), Int(past - 1), to: false)
    }

    /// Clears everything.
    public func clearAll() {
        guard dirtyRegions > 0 else { return }
        dirtyRegions = 0
        (bits, summaries) = DirtyBitmap.makeLevels(regions: regions)
    }

    /// - Returns: the first dirty run at or after `offset` and before `end`, at most `limit` bytes of it; nil when all there is clean.
    ///   The run begins on a region's start, or at `offset` inside of one.
    public func nextDirty(from offset: Int64, to end: Int64 = .max, limit: Int64 = .max) -> Range<Int64>? {
        let stop = min(end, length)
        guard offset >= 0, offset < stop, limit > 0, dirtyRegions > 0 else { return nil }
        guard let region = nextSet(Int(offset >> shift)) else { return nil }
        let start = max(offset, Int64(region) << shift)
        guard start < stop else { return nil }
        let furthest = limit < stop - start ? start + limit : stop
        let lastRegion = Int((furthest - 1) >> shift)
        let clean = nextClear(region + 1, upTo: lastRegion)
        return start..<(clean > lastRegion ? furthest : Int64(clean) << shift)
    }

    /// - Returns: the first clean run at or after `offset` and before `end`; nil when all there is dirty.
    public func nextClean(from offset: Int64, to end: Int64 = .max) -> Range<Int64>? {
        let stop = min(end, length)
        guard offset >= 0, offset < stop else { return nil }
        guard !isInconsistent else { return offset..<stop }
        let last = Int((stop - 1) >> shift)
        let region = nextClear(Int(offset >> shift), upTo: last)
        guard region <= last else { return nil }
        let start = max(offset, Int64(region) << shift)
        guard start < stop else { return nil }
        guard let dirty = nextSet(region) else { return start..<stop }
        return start..<min(stop, Int64(dirty) << shift)
    }

    /// Adds the dirty regions of another bitmap, of any granularity.
    public func merge(_ other: DirtyBitmap) {
        if other.granularity == granularity {
            guard other.dirtyRegions > 0 else { return }
            return merge(words: UnsafeBufferPointer(other.bits.words), at: 0)
        }
        var cursor: Int64 = 0
        while let run = other.nextDirty(from: cursor) {
            set(run.lowerBound, count: run.upperBound - run.lowerBound)
            cursor = run.upperBound
        }
    }

    /// Adds bits from word `first` on. Those past the disk's end mean nothing.
    func merge(words added: UnsafeBufferPointer<UInt64>, at first: Int) {
        guard !isInconsistent, regions > first * 64 else { return }
        let last = regions - 1
        for index in 0..<min(added.count, last / 64 + 1 - first) {
            var word = added[index]
            if first + index == last >> 6 { word &= UInt64.max >> UInt64(63 - last & 63) }
            if word != 0 { add(word, at: first + index) }
        }
    }

    /// Refuses a length that the disk must not get, since there can be no bits for it.
    func checkResize(to newLength: Int64) throws(BlockError) {
        guard !isInconsistent, !DirtyBitmap.isPossible(length: newLength, granularity: granularity) else { return }
        throw DirtyBitmap.impossible(length: newLength, granularity: granularity)
    }

    /// Follows the disk to a new length: what is cut off is forgotten, new regions are clean. Where a driver has made more than was asked for, and
    /// there can be no bits for it, the bitmap becomes inconsistent.
    public func resize(to newLength: Int64) {
        guard isInconsistent || DirtyBitmap.isPossible(length: newLength, granularity: granularity) else {
            length = max(0, newLength)
            return becomeInconsistent()
        }
        length = newLength
        guard !isInconsistent else { return }
        let old = bits
        dirtyRegions = 0
        (bits, summaries) = DirtyBitmap.makeLevels(regions: regions)
        merge(words: UnsafeBufferPointer(old.words), at: 0)
    }

    private static func makeLevels(regions: Int) -> (BitmapWords, [[UInt64]]) {
        let bits = BitmapWords(count: (max(1, regions) + 63) / 64)
        var summaries: [[UInt64]] = []
        var count = bits.count
        while count > 1 {
            count = (count + 63) / 64
            summaries.append([UInt64](repeating: 0, count: count))
        }
        return (bits, summaries)
    }

    /// Does something with the bits, region 0 in the least significant bit of the first word.
    func withWords<Value>(_ body: (UnsafeBufferPointer<UInt64>) -> Value) -> Value { body(UnsafeBufferPointer(bits.words)) }

    private func touched(_ offset: Int64, _ count: Int64) -> (Int, Int)? {
        let start = max(0, offset)
        let end = min(length, offset.addingReportingOverflow(count).overflow ? .max : offset + count)
        guard start < end, !isInconsistent else { return nil }
        return (Int(start >> shift), Int((end - 1) >> shift))
    }

    @inline(__always)
    private func isSet(_ region: Int) -> Bool {
        bits.words[region >> 6] & (1 << UInt64(region & 63)) != 0
    }

    private func change(_ first: Int, _ last: Int, to dirty: Bool) {
        let words = bits.words
        for word in (first >> 6)...(last >> 6) {
            let low = word == first >> 6 ? UInt64.max << UInt64(first & 63) : .max
            let high = word == last >> 6 ? UInt64.max >> UInt64(63 - last & 63) : .max
            let old = words[word]
            let new = dirty ? old | (low & high) : old & ~(low & high)
            if new != old { replace(old, by: new, at: word) }
        }
    }

    /// Adds the bits of one word, of which none is past the disk's end.
    func add(_ word: UInt64, at index: Int) {
        let old = bits.words[index]
        if old | word != old { replace(old, by: old | word, at: index) }
    }

    private func replace(_ old: UInt64, by new: UInt64, at index: Int) {
        bits.words[index] = new
        dirtyRegions += new.nonzeroBitCount - old.nonzeroBitCount
        if (old == 0) != (new == 0) { summarise(index, nonzero: new != 0) }
    }

    private func summarise(_ word: Int, nonzero: Bool) {
        var index = word
        for level in summaries.indices {
            let old = summaries[level][index >> 6]
            let bit: UInt64 = 1 << UInt64(index & 63)
            let new = nonzero ? old | bit : old & ~bit
            summaries[level][index >> 6] = new
            guard (old == 0) != (new == 0) else { return }
            index >>= 6
        }
    }

    /// A word of the bits (level 0) or of a summary; nil past the end.
    @inline(__always)
    private func word(_ index: Int, of level: Int) -> UInt64? {
        if level == 0 { return index < bits.count ? bits.words[index] : nil }
        return index < summaries[level - 1].count ? summaries[level - 1][index] : nil
    }

    /// The first set bit at or after `region`.
    private func nextSet(_ region: Int) -> Int? {
        var index = region
        var level = 0
        // Up, until a summary shows something to the right of where we stand.
        while true {
            guard let found = word(index >> 6, of: level) else { return nil }
            let word = found & (UInt64.max << UInt64(index & 63))
            if word != 0 {
                index = (index & ~63) + word.trailingZeroBitCount
                break
            }
            index = (index >> 6) + 1
            level += 1
            guard level <= summaries.count else { return nil }
        }
        // Down, along the first non-zero word of each level.
        while level > 0 {
            level -= 1
            index = (index << 6) + (word(index, of: level) ?? 0).trailingZeroBitCount
        }
        return index
    }

    /// The first clear bit from `region` on, or `last + 1`.
    private func nextClear(_ region: Int, upTo last: Int) -> Int {
        var index = region
        while index <= last {
            let word = ~bits.words[index >> 6] & (UInt64.max << UInt64(index & 63))
            if word != 0 { return min(last + 1, (index & ~63) + word.trailingZeroBitCount) }
            index = (index & ~63) + 64
        }
        return last + 1
    }
}
