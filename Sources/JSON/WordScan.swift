/// Looks at eight bytes at a time with plain integer arithmetic.
///
/// SIMD types would say it more plainly, but comparisons of `SIMD32<UInt8>` compile into a loop over the lanes that is a
/// hundred times slower (measured with 6.3.1). Each test is exact in telling whether some byte meets it.
enum WordScan {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// Not zero when a byte of `word` is `byte`.
    @inline(__always)
    static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ (ones &* UInt64(byte))
        return (difference &- ones) & ~difference & highs
    }

    /// Not zero when a byte of `word` is below `bound`, which is at most 128.
    @inline(__always)
    static func below(_ word: UInt64, _ bound: UInt8) -> UInt64 {
        (word &- ones &* UInt64(bound)) & ~word & highs
    }

    /// Not zero when a byte of `word` is 0x80 or more.
    @inline(__always)
    static func notASCII(_ word: UInt64) -> UInt64 { word & highs }

    /// Not zero when a byte of `word` is 0xFE or 0xFF.
    @inline(__always)
    static func impossible(_ word: UInt64) -> UInt64 {
        let rest = ~word & 0xFEFE_FEFE_FEFE_FEFE
        return (rest &- ones) & ~rest & highs
    }

    /// The first position from `start` on whose byte `isSpecial`; `test` is not zero for a word that has such a byte.
    @inline(__always)
    static func first(
        _ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int, test: (UInt64) -> UInt64, isSpecial: (UInt8) -> Bool
    ) -> Int {
        var position = start
        while position &+ 16 <= end {
            let first = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            let second = bytes.loadUnaligned(fromByteOffset: position &+ 8, as: UInt64.self)
            if test(first) | test(second) != 0 { break }
            position &+= 16
        }
        while position < end, !isSpecial(bytes[position]) { position &+= 1 }
        return position
    }
}
