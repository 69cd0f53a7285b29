internal import Glibc
internal import IOLoop

/// How far a copy came.
struct CopyOutcome: Sendable {
    var written = 0
    /// Positive; 0 when all is well.
    var errno: Int32 = 0
    var refusedToShare = false
}

/// A copy between two files by blocking calls: belongs on the pool.
struct FileCopy {
    /// Read at once and written in one turn.
    private static let bufferSize = 1 << 20
    /// Written by one call. With 1 MiB ext4 takes page-cache folios of that size, and then one copy in three to ten took two to four times
    /// the CPU, in a bare C loop too; with 256 KiB none did.
    private static let longestWrite = 256 << 10
    /// Zeroes are looked for in blocks of this many bytes.
    private static let zeroBlock = 64 << 10
    /// What is looked at of a block before it is copied unseen, in bytes: one line of the processor's cache, since each costs as much as copying
    /// a kibibyte.
    private static let sampleSize = 64

    private let source: Int32
    private let target: Int32
    private let turn: PlatformLock
    private var splices: Bool

    /// - Parameters:
    ///   - turn: held while writing.
    ///   - splices: both files are in memory: data moves within the kernel, where that is cheaper.
    init(_ source: Int32, to target: Int32, turn: PlatformLock, splices: Bool) {
        self.source = source
        self.target = target
        self.turn = turn
        self.splices = splices
    }

    /// Copies `count` bytes.
    /// - Parameter tryingToShare: the file systems may have a way to share blocks.
    mutating func run(_ sourceOffset: Int64, _ offset: Int64, _ count: Int, tryingToShare: Bool) -> CopyOutcome {
        var outcome = CopyOutcome()
        while tryingToShare && outcome.written < count && !outcome.refusedToShare {
            let done = outcome.written
            let result = HostCall.copyRange(
                source, at: sourceOffset + Int64(done), to: target, at: offset + Int64(done), count: count - done)
            switch result {
            case 1...: outcome.written += result
            // The end of the source: what is left is written as zeroes below.
            case 0: return transfer(sourceOffset, offset, count, outcome)
            case -Int(EINTR): continue
            // EXDEV, EINVAL, EOPNOTSUPP and whatever a network file system thinks of: the plain copy tells the true error, if any.
            default: outcome.refusedToShare = true
            }
        }
        return transfer(sourceOffset, offset, count, outcome)
    }

    private mutating func transfer(_ sourceOffset: Int64, _ offset: Int64, _ count: Int, _ begun: CopyOutcome) -> CopyOutcome {
        var outcome = begun
        guard outcome.written < count else { return outcome }
        let buffer = BufferPool.shared.buffer(min(Self.bufferSize, count - outcome.written))
        while outcome.written < count && outcome.errno == 0 {
            if splices {
                splice(sourceOffset, offset, count, &outcome)
                if outcome.written == count { break }
            }
            let part = buffer.prefix(min(buffer.bytes.count, count - outcome.written))
            var filled = HostCall.read(source, into: part, at: sourceOffset + Int64(outcome.written))
            if filled == -Int(EINTR) { continue }
            if filled == 0 {
                part.initializeMemory(as: UInt8.self, repeating: 0)
                filled = part.count
            }
            guard filled > 0 else {
                outcome.errno = Int32(-filled)
                return outcome
            }
            turn.withLock { write(UnsafeRawBufferPointer(rebasing: part[..<filled]), to: offset, &outcome) }
        }
        return outcome
    }

    /// Copies from where it stands up to a block that may be all zeroes, which are looked at by reading them. Whatever goes wrong is left to the
    /// plain copy, which tells the true error.
    private mutating func splice(_ sourceOffset: Int64, _ offset: Int64, _ count: Int, _ outcome: inout CopyOutcome) {
        let end = outcome.written + leadingData(at: sourceOffset + Int64(outcome.written), count: count - outcome.written)
        turn.withLock {
            while outcome.written < end {
                let done = outcome.written
                let result = HostCall.copyRange(
                    source, at: sourceOffset + Int64(done), to: target, at: offset + Int64(done), count: end - done)
                if result == -Int(EINTR) { continue }
                guard result > 0 else {
                    splices = false
                    return
                }
                outcome.written += result
            }
        }
    }

    /// How much of a range, in whole blocks from its start, cannot be zeroes: the first bytes of each block show something else.
    private func leadingData(at offset: Int64, count: Int) -> Int {
        withUnsafeTemporaryAllocation(byteCount: Self.sampleSize, alignment: 64) { sample in
            var end = 0
            while end < count {
                let part = UnsafeMutableRawBufferPointer(rebasing: sample[..<min(Self.sampleSize, count - end)])
                let filled = HostCall.read(source, into: part, at: offset + Int64(end))
                guard filled > 0, !isAllZero(UnsafeRawBufferPointer(rebasing: part[..<filled])) else { break }
                end = min(count, end + Self.zeroBlock)
            }
            return end
        }
    }

    /// Writes `bytes` behind what was written to `offset` on.
    private func write(_ bytes: UnsafeRawBufferPointer, to offset: Int64, _ outcome: inout CopyOutcome) {
        var sent = 0
        while sent < bytes.count {
            let position = offset + Int64(outcome.written)
            var run = leadingRun(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
            if run.isZero {
                let found = targetRun(at: position, count: run.count)
                run.count = found.count
                if found.isHole {
                    sent += run.count
                    outcome.written += run.count
                    continue
                }
            }
            let part = UnsafeRawBufferPointer(rebasing: bytes[sent..<sent + min(run.count, Self.longestWrite)])
            let result = HostCall.write(target, from: part, at: position)
            if result == -Int(EINTR) { continue }
            guard result > 0 else {
                outcome.errno = result == 0 ? ENOSPC : Int32(-result)
                return
            }
            sent += result
            outcome.written += result
        }
    }

    /// The blocks at the start that are all zeroes, or all something else.
    private func leadingRun(_ bytes: UnsafeRawBufferPointer) -> (count: Int, isZero: Bool) {
        var end = min(Self.zeroBlock, bytes.count)
        let isZero = isAllZero(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
        while end < bytes.count {
            let next = min(end + Self.zeroBlock, bytes.count)
            guard isAllZero(UnsafeRawBufferPointer(rebasing: bytes[end..<next])) == isZero else { break }
            end = next
        }
        return (end, isZero)
    }

    /// How much of the range is a hole of the target, or else has data: zeroes need not be written to a hole, so that what the source has
    /// allocated for them stays one on a new target.
    private func targetRun(at offset: Int64, count: Int) -> (count: Int, isHole: Bool) {
        // Beyond the file's end nothing is a hole yet; devices know none.
        guard HostCall.seek(target, offset + Int64(count) - 1, whence: HostFileStorage.seekHole) >= 0 else { return (count, false) }
        let data = HostCall.seek(target, offset, whence: HostFileStorage.seekData)
        if data == -Int64(ENXIO) { return (count, true) }
        if data > offset { return (Int(min(Int64(count), data - offset)), true) }
        let hole = HostCall.seek(target, offset, whence: HostFileStorage.seekHole)
        return (hole > offset ? Int(min(Int64(count), hole - offset)) : count, false)
    }
}
