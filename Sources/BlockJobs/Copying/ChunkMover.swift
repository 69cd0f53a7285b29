internal import BlockGraph
internal import Jobs
internal import Storage
internal import Waiting

/// Moves bytes from one node to another: holes stay holes, zeroes are found, data goes through pooled buffers or within the kernel.
///
/// Loop-bound. The caller sees to it that nobody else copies or writes the same range of the target meanwhile.
final class ChunkMover {
    /// The longest request in bytes, and so the size of a buffer.
    static let longestChunk: Int64 = 1 << 20
    /// More don't make any job faster, only larger: each may hold a buffer of the longest chunk, or waits where the storage lets only few copies
    /// run at a time.
    static let mostWorkers = 8
    /// The most zeroes that one claim may cover, so that a pause doesn't wait for ever.
    static let longestZeroRun: Int64 = 1 << 30
    /// The least block in which data is searched for zeroes.
    private static let zeroBlock = 64 << 10

    /// What a reader of the source finds.
    struct Run {
        /// Whether it reads as zeroes.
        let isZero: Bool
        /// Where it ends.
        let end: Int64
    }

    private let pool: BufferPool
    private let zeroFlags: ZeroFlags
    private var copiesInKernel: Bool
    private let writeFlags: WriteFlags
    /// What the target compresses at a time: data is then written in multiples of it, zeroes are searched for in blocks no smaller. 1 if it
    /// does not.
    private let compressionUnit: Int64
    /// Where something was written since `targetWasZero` was said or asked.
    private var touched: DirtyBitmap?
    /// Whether the target read as zeroes all over, and will where nothing is written: there zeroes need not be written.
    private var targetWasZero = false
    private var hasWritten = false

    /// What the source is being asked at this moment.
    private var question: Question?
    private var known: (start: Int64, end: Int64, isZero: Bool, generation: UInt64)?
    /// Counts the changes of the source.
    private(set) var generation: UInt64 = 0

    /// - Parameters:
    ///   - mayUnmap: zeroes may become holes.
    ///   - copiesInKernel: to try first; nothing is then compressed.
    ///   - compressionUnit: the target stores data compressed, so many bytes at a time. Ranges to move are then made of whole clusters of the
    ///     target, up to its end.
    init(pool: BufferPool, mayUnmap: Bool = true, copiesInKernel: Bool = false, compressionUnit: Int64? = nil) {
        self.pool = pool
        self.copiesInKernel = copiesInKernel && compressionUnit == nil
        writeFlags = compressionUnit == nil ? [] : .compressed
        self.compressionUnit = compressionUnit ?? 1
        zeroFlags = mayUnmap ? .mayUnmap : []
    }

    /// The target of `length` bytes reads as zeroes all over, by itself: whoever calls this knows. Before anything is moved.
    func assumeTargetIsZero(length: Int64) {
        guard let map = Self.touchedMap(length) else { return }
        touched = map
        targetWasZero = true
    }

    /// A map of what was written; nil for a target that is too large for one, where zeroes are looked for one by one.
    private static func touchedMap(_ length: Int64) -> DirtyBitmap? {
        do throws(BlockError) { return try DirtyBitmap(length: length, granularity: Int64(zeroBlock)) } catch { return nil }
    }

    /// Asks the target whether it is one hole, as a file is that was just created. What guests have copied before leaves no answer; what they
    /// copy meanwhile is noted.
    func askWhetherTargetIsZero(in bracket: CopyBracket) async {
        let target = bracket.target
        guard !targetWasZero, !hasWritten, !target.showsBackingFile else { return }
        let length = target.length
        guard let map = Self.touchedMap(length) else { return }
        touched = map
        do throws(BlockError) {
            let extent = try await target.extent(at: 0, limit: length)
            targetWasZero = extent.content == .hole && extent.length >= length
        } catch {
            // Not knowing, zeroes are written.
        }
        if !targetWasZero { touched = nil }
    }

    /// Forgets what is known of the source's extents, since it was written to. What was asked before and is answered later is not kept.
    func sourceChanged() { generation &+= 1 }

    /// Both nodes' alignment, and no less than a page, so that small extents don't become small requests.
    private func granule(_ bracket: CopyBracket) -> Int64 {
        max(4096, compressionUnit, Int64(max(bracket.source.driver.preferredAlignment, bracket.target.driver.preferredAlignment)))
    }

    /// - Returns: what is at `offset`, at the longest up to `end`. Both are multiples of the granule, or the end of the disk.
    ///   What a caller finds is true of the source at some moment after the call, or of a moment after the last `sourceChanged()`.
    func run(at offset: Int64, end: Int64, in bracket: CopyBracket) async -> Run {
        let granule = self.granule(bracket)
        if let run = knownRun(at: offset, end: end, granule) { return run }
        if let question, question.generation == generation, question.start <= offset {
            // Probably the answer to this one, too, and finding the end of much data may take a host milliseconds.
            await question.answered()
            if let run = knownRun(at: offset, end: end, granule) { return run }
        }
        let asked = generation
        let question = Question(start: offset, generation: asked)
        self.question = question
        defer {
            if self.question === question { self.question = nil }
            question.answer()
        }
        do throws(BlockError) {
            // Asked for more than is wanted, since what follows is wanted next.
            let limit = max(end, min(bracket.source.length, offset + Self.longestZeroRun)) - offset
            let extent = try await bracket.source.extent(at: offset, limit: limit)
            let isZero = extent.content != .data
            known = (offset, offset + extent.length, isZero, asked)
            return clip(isZero: isZero, at: offset, to: offset + extent.length, end: end, granule: granule)
        } catch {
            // A source that cannot tell is read.
            return Run(isZero: false, end: end)
        }
    }

    private func knownRun(at offset: Int64, end: Int64, _ granule: Int64) -> Run? {
        guard let known, known.generation == generation, known.start <= offset, offset < known.end else { return nil }
        return clip(isZero: known.isZero, at: offset, to: known.end, end: end, granule: granule)
    }

    private func clip(isZero: Bool, at offset: Int64, to extentEnd: Int64, end: Int64, granule: Int64) -> Run {
        guard extentEnd < end else { return Run(isZero: isZero, end: end) }
        if isZero {
            let aligned = extentEnd & ~(granule - 1)
            if aligned > offset { return Run(isZero: true, end: aligned) }
            // Shorter than a granule: read with what follows.
            return Run(isZero: false, end: min(end, offset + granule))
        }
        return Run(isZero: false, end: min(end, (extentEnd + granule - 1) & ~(granule - 1)))
    }

    /// Moves `range`. The source's half of the bracket is ended when nothing more is read.
    func move(_ range: Range<Int64>, in bracket: CopyBracket) async throws(CopyFailure) {
        hasWritten = true
        var offset = range.lowerBound
        while offset < range.upperBound {
            let run = await run(at: offset, end: range.upperBound, in: bracket)
            if run.isZero {
                if run.end >= range.upperBound { bracket.endSource() }
                try await zero(offset..<run.end, in: bracket)
                offset = run.end
            } else {
                let end = min(run.end, offset + max(Self.longestChunk, compressionUnit))
                try await copy(offset..<end, in: bracket, isLast: end >= range.upperBound)
                offset = end
            }
        }
    }

    /// Makes `range` of the target read as zeroes; what does already, whatever becomes of the images below, is left as it is.
    private func zero(_ range: Range<Int64>, in bracket: CopyBracket) async throws(CopyFailure) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            var end = range.upperBound
            if targetWasZero, let touched {
                guard let run = touched.nextDirty(from: offset, to: end) else { return }
                offset = run.lowerBound
                end = run.upperBound
            }
            do throws(BlockError) {
                let (isZero, count) = try await bracket.target.keepsZeroes(at: offset, limit: end - offset)
                end = min(end, offset + count)
                if isZero {
                    offset = end
                    continue
                }
            } catch {
                // Not knowing, write.
            }
            do throws(BlockError) {
                try await bracket.target.writeZeroes(at: offset, count: end - offset, flags: zeroFlags)
            } catch {
                throw CopyFailure(operation: .write, error: error)
            }
            offset = end
        }
    }

    /// Something else than zeroes may be at `range` of the target from here on.
    func willWrite(_ range: Range<Int64>) {
        hasWritten = true
        touched?.set(range.lowerBound, count: range.upperBound - range.lowerBound)
    }

    private func copy(_ range: Range<Int64>, in bracket: CopyBracket, isLast: Bool) async throws(CopyFailure) {
        let count = Int(range.upperBound - range.lowerBound)
        if copiesInKernel {
            willWrite(range)
            do throws(BlockError) {
                return try await bracket.target.copy(from: bracket.source, at: range.lowerBound, to: range.lowerBound, count: count)
            } catch {
                // Whatever it was: reading and writing tells which side failed, or succeeds.
                if error.kind == .unsupported { copiesInKernel = false }
            }
        }
        let buffer = pool.buffer(count, isWritten: true)
        let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<count])
        do throws(BlockError) {
            try await bracket.source.read(at: range.lowerBound, into: bytes)
        } catch {
            throw CopyFailure(operation: .read, error: error)
        }
        if isLast { bracket.endSource() }
        try await write(UnsafeRawBufferPointer(bytes), at: range.lowerBound, in: bracket)
    }

    /// Writes `bytes` in runs of data and of zeroes.
    private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64, in bracket: CopyBracket) async throws(CopyFailure) {
        let size = max(Self.zeroBlock, Int(compressionUnit))
        var position = 0
        while position < bytes.count {
            var end = position
            let isZero = isAllZero(block(of: bytes, at: position, size))
            repeat {
                end = min(bytes.count, end + size)
            } while end < bytes.count && isAllZero(block(of: bytes, at: end, size)) == isZero
            let start = offset + Int64(position)
            if isZero {
                try await zero(start..<offset + Int64(end), in: bracket)
            } else {
                willWrite(start..<offset + Int64(end))
                do throws(BlockError) {
                    try await bracket.target.write(
                        at: start, from: UnsafeRawBufferPointer(rebasing: bytes[position..<end]), flags: writeFlags)
                } catch {
                    throw CopyFailure(operation: .write, error: error)
                }
            }
            position = end
        }
    }

    @inline(__always)
    private func block(of bytes: UnsafeRawBufferPointer, at position: Int, _ size: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[position..<min(bytes.count, position + size)])
    }
}

/// A lookup of an extent on its way. Loop-bound.
private final class Question {
    let start: Int64
    let generation: UInt64
    private let answers = Outcome<Void>()

    init(start: Int64, generation: UInt64) {
        self.start = start
        self.generation = generation
    }

    /// Returns when its answer is there, whatever it is.
    func answered() async { await answers.wait() }

    func answer() { answers.resolve(()) }
}
