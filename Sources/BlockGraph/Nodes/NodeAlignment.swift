import Storage

/// How requests are made to fit their driver: bounced when the buffer's address doesn't suit, widened by a read-modify-write when the range
/// doesn't, and cut where they are too long.
///
/// Every request to such a driver holds its widened range: shared when it fits, exclusively while it reads what it will write back, so
/// that the bytes beside a small write never lose somebody else's update.
extension Node {
    /// Unaligned requests are moved in pieces of this many bytes.
    private static let bounceBytes: Int64 = 1 << 20

    func readAligned(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        guard let base = buffer.baseAddress, buffer.count > 0 else { return }
        let span = Span(offset, Int64(buffer.count), driver.limits)
        let token = await ranges.acquire(at: span.start, count: span.end - span.start, mode: .shared)
        defer { ranges.release(token) }
        let address = UnsafeRawPointer(base)
        if span.isAligned(address) && buffer.count <= driver.limits.maxTransfer {
            return try await driver.read(at: offset, into: buffer)
        }
        let bounce = span.makeBounce(atMost: Node.bounceBytes)
        defer { bounce.deallocate() }
        var position = span.start
        while position < span.end {
            let end = span.pieceEnd(position, atMost: Int64(bounce.count))
            let piece = UnsafeMutableRawBufferPointer(rebasing: bounce[0..<Int(end - position)])
            try await driver.read(at: position, into: piece)
            let from = max(position, offset)
            let to = min(end, offset + Int64(buffer.count))
            UnsafeMutableRawBufferPointer(rebasing: buffer[Int(from - offset)..<Int(to - offset)])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: piece[Int(from - position)..<Int(to - position)]))
            position = end
        }
    }

    func writeAligned(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        guard let base = buffer.baseAddress, buffer.count > 0 else { return }
        let span = Span(offset, Int64(buffer.count), driver.limits)
        let token = await ranges.acquire(
            at: span.start, count: span.end - span.start, mode: span.fits ? .shared : .exclusive)
        defer { ranges.release(token) }
        if span.isAligned(base) && buffer.count <= driver.limits.maxTransfer {
            return try await driver.write(at: offset, from: buffer, flags: flags)
        }
        try await writePieces(span, from: buffer, flags: flags)
    }

    /// Writes `buffer` (or zeroes, when it is nil) to the span through a bounce buffer, reading first what the span has beside it.
    /// The caller holds the span, exclusively unless it fits.
    private func writePieces(_ span: Span, from buffer: UnsafeRawBufferPointer?, flags: WriteFlags) async throws(BlockError) {
        let bounce = span.makeBounce(atMost: Node.bounceBytes)
        defer { bounce.deallocate() }
        var position = span.start
        while position < span.end {
            let end = span.pieceEnd(position, atMost: Int64(bounce.count))
            let piece = UnsafeMutableRawBufferPointer(rebasing: bounce[0..<Int(end - position)])
            let from = max(position, span.offset)
            let to = min(end, span.offset + span.count)
            if from > position {
                driver.note(.pwritevRmwHead)
                try await driver.read(at: position, into: UnsafeMutableRawBufferPointer(rebasing: piece[0..<span.alignment]))
            }
            if to < end && (from == position || end - position > Int64(span.alignment)) {
                let last = piece.count - span.alignment
                driver.note(.pwritevRmwTail)
                try await driver.read(
                    at: position + Int64(last), into: UnsafeMutableRawBufferPointer(rebasing: piece[last...]))
            }
            let place = UnsafeMutableRawBufferPointer(rebasing: piece[Int(from - position)..<Int(to - position)])
            if let buffer {
                place.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: buffer[Int(from - span.offset)..<Int(to - span.offset)]))
            } else {
                _ = place.initializeMemory(as: UInt8.self, repeating: 0)
            }
            try await driver.write(at: position, from: UnsafeRawBufferPointer(piece), flags: flags)
            position = end
        }
    }

    func zeroAligned(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        let span = Span(offset, count, driver.limits)
        guard !span.fits else {
            let token = await ranges.acquire(at: offset, count: count, mode: .shared)
            defer { ranges.release(token) }
            return try await zeroPieces(at: offset, count: count, flags: flags)
        }
        guard !flags.contains(.noFallback) else { throw NodeDriver.unsupported }
        let token = await ranges.acquire(at: span.start, count: span.end - span.start, mode: .exclusive)
        defer { ranges.release(token) }
        let writeFlags: WriteFlags = flags.contains(.forceUnitAccess) ? .forceUnitAccess : []
        let alignment = Int64(span.alignment)
        let middle = (offset + alignment - 1) & ~(alignment - 1)
        let tail = (offset + count) & ~(alignment - 1)
        guard middle < tail else {
            return try await writePieces(span, from: nil, flags: writeFlags)
        }
        if middle > offset {
            try await writePieces(Span(offset, middle - offset, driver.limits), from: nil, flags: writeFlags)
        }
        try await zeroPieces(at: middle, count: tail - middle, flags: flags)
        if offset + count > tail {
            try await writePieces(Span(tail, offset + count - tail, driver.limits), from: nil, flags: writeFlags)
        }
    }

    /// Zeroes a range that fits the driver, by a buffer of zeroes where the driver cannot.
    func zeroPieces(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        let alignment = Int64(driver.limits.requestAlignment)
        let longest = max(alignment, driver.limits.maxZeroes & ~(alignment - 1))
        var position = offset
        let end = offset + count
        while position < end {
            let piece = min(longest, end - position)
            do throws(BlockError) {
                try await driver.writeZeroes(at: position, count: piece, flags: flags)
                position += piece
            } catch  where error.kind == .unsupported && !flags.contains(.noFallback) {
                return try await writeZeroBuffer(at: position, count: end - position, flags: flags)
            }
        }
    }

    private func writeZeroBuffer(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        let limits = driver.limits
        let alignment = Int64(limits.requestAlignment)
        let most = max(alignment, Int64(limits.maxTransfer) & ~(alignment - 1))
        let size = Int(min(count, Node.bounceBytes, most))
        let zeroes = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: max(16, limits.memoryAlignment))
        defer { zeroes.deallocate() }
        _ = zeroes.initializeMemory(as: UInt8.self, repeating: 0)
        let writeFlags: WriteFlags = flags.contains(.forceUnitAccess) ? .forceUnitAccess : []
        var position = offset
        while position < offset + count {
            let piece = Int(min(Int64(size), offset + count - position))
            try await driver.write(at: position, from: UnsafeRawBufferPointer(rebasing: zeroes[0..<piece]), flags: writeFlags)
            position += Int64(piece)
        }
    }

    /// Discards what of the range fits the driver; the ends that don't stay as they are.
    func discardPieces(at offset: Int64, count: Int64) async throws(BlockError) {
        let limits = driver.limits
        let alignment = Int64(limits.requestAlignment)
        var position = (offset + alignment - 1) & ~(alignment - 1)
        let end = (offset + count) & ~(alignment - 1)
        let longest = max(alignment, limits.maxZeroes & ~(alignment - 1))
        guard position < end else { return }
        let token = await ranges.acquire(at: position, count: end - position, mode: .shared)
        defer { ranges.release(token) }
        while position < end {
            let piece = min(longest, end - position)
            try await driver.discard(at: position, count: piece)
            position += piece
        }
    }
}

/// A request's range and the blocks that it touches.
private struct Span {
    let offset: Int64
    let count: Int64
    /// The blocks' first byte, and one past their last.
    let start: Int64
    let end: Int64
    let alignment: Int
    private let memoryAlignment: Int
    private let maxTransfer: Int64

    init(_ offset: Int64, _ count: Int64, _ limits: StorageLimits) {
        self.offset = offset
        self.count = count
        alignment = limits.requestAlignment
        memoryAlignment = max(16, limits.memoryAlignment)
        let mask = Int64(alignment - 1)
        start = offset & ~mask
        end = (offset + count + mask) & ~mask
        maxTransfer = max(Int64(alignment), Int64(limits.maxTransfer) & ~mask)
    }

    /// Whether the request is whole blocks.
    var fits: Bool { start == offset && end == offset + count }

    func isAligned(_ address: UnsafeRawPointer) -> Bool {
        fits && Int(bitPattern: address) & (memoryAlignment - 1) == 0
    }

    func makeBounce(atMost bytes: Int64) -> UnsafeMutableRawBufferPointer {
        .allocate(byteCount: Int(min(end - start, max(bytes, Int64(alignment)), maxTransfer)), alignment: memoryAlignment)
    }

    func pieceEnd(_ position: Int64, atMost bytes: Int64) -> Int64 {
        min(end, position + (bytes & ~Int64(alignment - 1)))
    }
}
