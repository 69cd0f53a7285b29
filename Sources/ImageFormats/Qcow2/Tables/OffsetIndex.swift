/// Finds a slot by an offset: a hash table of two flat arrays, since every mapping lookup goes through it.
struct OffsetIndex {
    private static let empty: Int64 = -1
    private var keys: [Int64] = [Int64](repeating: empty, count: 16)
    private var slots: [Int32] = [Int32](repeating: 0, count: 16)
    private var used = 0

    /// Bytes of memory that the arrays take.
    var memoryInUse: Int { keys.count * (MemoryLayout<Int64>.stride + MemoryLayout<Int32>.stride) }

    private var mask: Int { keys.count - 1 }

    @inline(__always)
    private func home(_ key: Int64) -> Int {
        // Fibonacci hashing: offsets differ in their middle bits.
        Int(truncatingIfNeeded: (UInt64(bitPattern: key) &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    }

    /// The slot of an offset (not negative).
    @inline(__always)
    func slot(of key: Int64) -> Int? {
        var position = home(key)
        while true {
            let found = keys[position]
            if found == key { return Int(slots[position]) }
            if found == Self.empty { return nil }
            position = (position + 1) & mask
        }
    }

    /// Adds an offset that is not there.
    mutating func insert(_ key: Int64, slot: Int) {
        if (used + 1) * 2 > keys.count { grow() }
        var position = home(key)
        while keys[position] != Self.empty { position = (position + 1) & mask }
        keys[position] = key
        slots[position] = Int32(slot)
        used += 1
    }

    /// Removes an offset, if it is there.
    mutating func remove(_ key: Int64) {
        var position = home(key)
        while keys[position] != key {
            if keys[position] == Self.empty { return }
            position = (position + 1) & mask
        }
        used -= 1
        closeGap(at: position)
    }

    /// Moves what follows, so that no search ends early at the gap.
    private mutating func closeGap(at start: Int) {
        var gap = start
        var next = (gap + 1) & mask
        while keys[next] != Self.empty {
            let distance = (next - home(keys[next])) & mask
            if distance >= (next - gap) & mask {
                keys[gap] = keys[next]
                slots[gap] = slots[next]
                gap = next
            }
            next = (next + 1) & mask
        }
        keys[gap] = Self.empty
    }

    private mutating func grow() {
        let old = zip(keys, slots).filter { $0.0 != Self.empty }
        let capacity = keys.count * 2
        keys = [Int64](repeating: Self.empty, count: capacity)
        slots = [Int32](repeating: 0, count: capacity)
        used = 0
        for (key, slot) in old { insert(key, slot: Int(slot)) }
    }
}
