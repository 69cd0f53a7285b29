/// One thing that is done with an image, and where.
struct Step {
    enum Kind: UInt8, CaseIterable {
        case write, writeThrough, writeZeroes, discard, writeCompressed, writeVMState, grow, shrink
        case createSnapshot, deleteSnapshot, applySnapshot, storeBitmap, removeBitmap, flush, reopen, repair
    }

    /// Bytes of a program: two for each step.
    static let programBytes = 16
    let kind: Kind
    /// How large it is: 0...15.
    let extent: Int
    /// Where it is, and what is written.
    let place: UInt8

    static func program(_ bytes: ArraySlice<UInt8>) -> [Step] {
        let bytes = Array(bytes)
        return stride(from: 0, to: bytes.count - 1, by: 2).map { index in
            let kind = Kind.allCases[Int(bytes[index] & 15)]
            return Step(kind: kind, extent: Int(bytes[index] >> 4), place: bytes[index + 1])
        }
    }

    /// A part of the first `limit` bytes of the disk, which are some.
    func range(limit: Int) -> Range<Int> {
        let start = Int(place) * 641 % limit
        return start..<start + min(limit - start, 1 + extent * extent * 97 + Int(place) * 3)
    }

    /// The same, made longer so that it consists of whole units, but for the last of the disk.
    func range(limit: Int, unit: Int) -> Range<Int> {
        let range = range(limit: limit)
        return range.lowerBound / unit * unit..<min(limit, (range.upperBound + unit - 1) / unit * unit)
    }
}
