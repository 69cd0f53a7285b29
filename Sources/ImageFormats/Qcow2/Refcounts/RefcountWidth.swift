/// How refcounts are stored in a block: 2^order bits each.
///
/// The specification: refcounts of less than a byte fill a byte from its least significant bit; wider ones are big-endian.
struct RefcountWidth: Equatable {
    /// log2 of the bits: 0...6.
    let order: Int

    /// The largest refcount that fits.
    var maximum: UInt64 { UInt64.max >> UInt64(64 - (1 << order)) }

    /// How many refcounts `bytes` bytes hold.
    func count(inBytes bytes: Int) -> Int { (bytes << 3) >> order }

    /// The refcount at `index` of a part of a block.
    @inline(__always)
    func value(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> UInt64 {
        switch order {
        case 4: UInt64(BigEndian.load(bytes, index << 1, as: UInt16.self))
        case 3: UInt64(bytes[index])
        case 5: UInt64(BigEndian.load(bytes, index << 2, as: UInt32.self))
        case 6: BigEndian.load(bytes, index << 3, as: UInt64.self)
        default: UInt64(bytes[byte(index)] >> shift(index)) & maximum
        }
    }

    /// Sets the refcount at `index` of a part of a block; `value` is at most `maximum`.
    @inline(__always)
    func set(_ bytes: UnsafeMutableRawBufferPointer, _ index: Int, to value: UInt64) {
        switch order {
        case 4: BigEndian.store(UInt16(truncatingIfNeeded: value), bytes, index << 1)
        case 3: bytes[index] = UInt8(truncatingIfNeeded: value)
        case 5: BigEndian.store(UInt32(truncatingIfNeeded: value), bytes, index << 2)
        case 6: BigEndian.store(value, bytes, index << 3)
        default:
            let mask = UInt8(truncatingIfNeeded: maximum) << shift(index)
            let others = bytes[byte(index)] & ~mask
            bytes[byte(index)] = others | UInt8(truncatingIfNeeded: value) << shift(index)
        }
    }

    /// The first refcount of zero at or after `index`, or `count`.
    func firstFree(_ bytes: UnsafeRawBufferPointer, from index: Int, count: Int) -> Int {
        var position = index
        while position < count, value(bytes, position) != 0 { position += 1 }
        return position
    }

    /// The first refcount other than zero at or after `index`, or `count`.
    func firstUsed(_ bytes: UnsafeRawBufferPointer, from index: Int, count: Int) -> Int {
        var position = index
        while position < count, value(bytes, position) == 0 { position += 1 }
        return position
    }

    private func byte(_ index: Int) -> Int { (index << order) >> 3 }
    private func shift(_ index: Int) -> UInt8 { UInt8((index << order) & 7) }
}
