/// Whether every byte is zero. Vectorised; stops at the first block that has something in it.
@inlinable
public func isAllZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let base = bytes.baseAddress else { return true }
    let count = bytes.count
    var index = 0
    // One look at either end settles most blocks of data before the wide loop begins.
    if count > 0 && (bytes[0] != 0 || bytes[count - 1] != 0) { return false }
    while index + 256 <= count {
        var seen = base.loadUnaligned(fromByteOffset: index, as: SIMD8<UInt64>.self)
        seen |= base.loadUnaligned(fromByteOffset: index + 64, as: SIMD8<UInt64>.self)
        seen |= base.loadUnaligned(fromByteOffset: index + 128, as: SIMD8<UInt64>.self)
        seen |= base.loadUnaligned(fromByteOffset: index + 192, as: SIMD8<UInt64>.self)
        if seen != SIMD8<UInt64>.zero { return false }
        index += 256
    }
    while index + 8 <= count {
        if base.loadUnaligned(fromByteOffset: index, as: UInt64.self) != 0 { return false }
        index += 8
    }
    while index < count {
        if bytes[index] != 0 { return false }
        index += 1
    }
    return true
}
