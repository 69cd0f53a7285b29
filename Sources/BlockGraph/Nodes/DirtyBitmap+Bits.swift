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
        guard first < past else { return false }
        let count = (past - first + 7) / 8
        // Regions past the disk's end are clean, those past the range's are the next byte's or harmless.
        words.withUnsafeBytes { bytes in
            let part = UnsafeRawBufferPointer(rebasing: bytes[first / 8..<min(bytes.count, first / 8 + count)])
            buffer.copyMemory(from: part)
        }
        return buffer[..<count].contains { $0 != 0 }
    }

    /// Marks the regions of a range whose bits are set.
    /// - Parameter range: begins at a multiple of 8 regions; bits past its end mean nothing.
    public func add(_ bits: Qcow2BitmapBits, for range: Range<Int64>) {
        switch bits {
        case .zeroes: return
        case .ones: set(range.lowerBound, count: range.upperBound - range.lowerBound)
        case .bytes(let bytes):
            let past = Int((range.upperBound - range.lowerBound + granularity - 1) / granularity)
            var region = 0
            while region < past {
                let byte = bytes[region / 8] >> UInt8(region % 8)
                guard byte != 0 else {
                    region = (region / 8 + 1) * 8
                    continue
                }
                region += byte.trailingZeroBitCount
                // Runs are marked at once: a bitmap is mostly empty or mostly full.
                var end = region
                while end < past, bytes[end / 8] >> UInt8(end % 8) & 1 != 0 { end += 1 }
                if region < end { set(range.lowerBound + Int64(region) * granularity, count: Int64(end - region) * granularity) }
                region = max(end, region + 1)
            }
        }
    }
}
