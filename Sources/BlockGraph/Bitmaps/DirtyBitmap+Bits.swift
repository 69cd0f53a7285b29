public import ImageFormats

/// Bits as images store them: one for each region, the first one in the lowest bit of the first byte.
extension DirtyBitmap {
    /// Puts the bits for a range into a buffer that holds zeroes and has room for them.
    /// - Parameter range: begins at a multiple of 8 regions.
    /// - Returns: whether any is set.
    public func fill(_ range: Range<Int64>, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        let first = Int(range.lowerBound / granularity)
        precondition(first % 8 == 0, "bytes hold eight regions")
        let past = min(regions, Int((range.upperBound + granularity - 1) / granularity))
        guard first < past, !isInconsistent else { return false }
        let count = (past - first + 7) / 8
        // Regions past the disk's end are clean, those past the range's are the next byte's or harmless.
        withWords { words in
            let bytes = UnsafeRawBufferPointer(words)
            let part = UnsafeRawBufferPointer(rebasing: bytes[first / 8..<min(bytes.count, first / 8 + count)])
            buffer.copyMemory(from: part)
        }
        return buffer[..<count].contains { $0 != 0 }
    }

    /// Marks the regions of a range whose bits are set.
    /// - Parameter range: begins at a multiple of 64 regions; bits past its end mean nothing.
    public func add(_ bits: Qcow2BitmapBits, for range: Range<Int64>) {
        switch bits {
        case .zeroes: return
        case .ones: set(range.lowerBound, count: range.upperBound - range.lowerBound)
        case .bytes(let bytes):
            let first = range.lowerBound / granularity
            precondition(first % 64 == 0, "words hold 64 regions")
            let past = Int((min(length, range.upperBound) - range.lowerBound + granularity - 1) / granularity)
            guard past > 0, !isInconsistent else { return }
            // By words, not by runs: what an image says may be all runs of one.
            for index in 0..<(past + 63) / 64 {
                var word = bytes.littleEndianWord(at: index * 8)
                if index == past / 64 { word &= ~(UInt64.max << UInt64(past % 64)) }
                if word != 0 { add(word, at: Int(first / 64) + index) }
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Eight bytes, or as many as there are, as a number.
    fileprivate func littleEndianWord(at offset: Int) -> UInt64 {
        if offset + 8 <= count { return UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
        var word: UInt64 = 0
        for index in Swift.stride(from: count - 1, through: offset, by: -1) { word = word << 8 | UInt64(self[index]) }
        return word
    }
}
