import Storage

/// Copying up: what a node takes from its backing file becomes its own.
extension Node {
    /// At most so many bytes are copied at a time.
    private static let copyUpBytes: Int64 = 1 << 20

    /// Fills `buffer` from `offset` and, of what it reads, writes to this node what it has not itself, in whole allocation units.
    ///
    /// Nothing that is written meanwhile is overwritten: each piece is looked at, read and written while its range is held exclusively. Dirty
    /// bitmaps see nothing, since nothing reads differently afterwards.
    /// - Precondition: `keepsOrder`.
    func copyUp(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        let unit = max(driver.allocationUnit, Int64(driver.limits.requestAlignment))
        let end = offset + Int64(buffer.count)
        let longest = max(unit, Node.copyUpBytes / unit * unit)
        var position = offset
        while position < end {
            let start = position / unit * unit
            let stop = min(start + longest, max(end, min(length, (end + unit - 1) / unit * unit)))
            let bytes = BufferPool.shared.buffer(Int(stop - start))
            try await copyUpPiece(at: start, bytes.bytes)
            let next = min(stop, end)
            UnsafeMutableRawBufferPointer(rebasing: buffer[Int(position - offset)..<Int(next - offset)])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.contents[Int(position - start)..<Int(next - start)]))
            position = next
        }
    }

    private func copyUpPiece(at start: Int64, _ bytes: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        let count = Int64(bytes.count)
        let token = await ranges.acquire(at: start, count: count, mode: .exclusive)
        defer { ranges.release(token) }
        var position = start
        while position < start + count {
            let limit = start + count - position
            let (isAllocated, run) = try await driver.allocation(at: position, limit: limit)
            let first = Int(position - start)
            let part = UnsafeMutableRawBufferPointer(rebasing: bytes[first..<first + Int(min(limit, max(1, run)))])
            try await readBelowOrder(at: position, into: part)
            if !isAllocated { try await own(UnsafeRawBufferPointer(part), at: position) }
            position += Int64(part.count)
        }
    }

    /// Reads without taking the range, which the caller holds.
    private func readBelowOrder(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        if let passage = try driver.passRead(at: offset, count: Int64(buffer.count)) {
            try await passage.node.read(at: passage.offset, into: buffer)
        } else {
            try await driver.read(at: offset, into: buffer)
        }
    }

    private func own(_ bytes: UnsafeRawBufferPointer, at offset: Int64) async throws(BlockError) {
        driver.note(.corWrite)
        if isAllZero(bytes) {
            do throws(BlockError) {
                return try await driver.writeZeroes(at: offset, count: Int64(bytes.count), flags: [])
            } catch  where error.kind == .unsupported {
                // The zeroes are written as they are.
            }
        }
        try await driver.write(at: offset, from: bytes, flags: [])
    }

    /// Hears of a step that a format above is about to take.
    func note(_ event: DebugEvent) { driver.note(event) }
}
