public import Storage

/// Makes requests fail as its rules say, at steps of the format above it, and asks for larger blocks and shorter requests than the node below:
/// an instrument of tests.
public final class BlkdebugDriver: FilterDriver {
    /// Limits that it adds; nil and 0 leave those of the node below.
    public struct Limits: Sendable, Equatable {
        /// Bytes that requests are multiples of.
        public var align: Int64?
        /// The longest read or write.
        public var maxTransfer: Int64?
        /// Shorter zeroings are written as data, and so are the ends of longer ones that don't fit it.
        public var optWriteZero: Int64?
        /// The longest zeroing.
        public var maxWriteZero: Int64?
        /// Shorter discards are left out, and so are the ends of longer ones that don't fit it.
        public var optDiscard: Int64?
        /// The longest discard.
        public var maxDiscard: Int64?
        /// None.
        public init() {}
    }

    private let added: Limits
    private let alignment: Int
    private var rules: BlkdebugState

    /// Makes a driver.
    public init(_ child: NodeEdge, rules: [BlkdebugRule], limits: Limits = Limits()) {
        added = limits
        self.rules = BlkdebugState(rules)
        alignment = Int(max(limits.align ?? 0, Int64(child.node.driver.limits.requestAlignment)))
        super.init(child)
    }

    /// The state that its rules have brought it to.
    public var state: Int64 { rules.state }

    public override var limits: StorageLimits {
        StorageLimits(
            requestAlignment: alignment, memoryAlignment: child.node.driver.limits.memoryAlignment,
            maxTransfer: added.maxTransfer.flatMap { $0 > 0 ? Int($0) : nil } ?? Int.max, maxZeroes: .max)
    }
    public override var preferredAlignment: Int { max(alignment, super.preferredAlignment) }

    public override var hearsEvents: Bool { rules.hears }

    public override func note(_ event: DebugEvent) { rules.note(event) }

    public override func passRead(at offset: Int64, count: Int64) throws(BlockError) -> Passage? { nil }

    public override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        let longest = limits.maxTransfer
        var done = 0
        repeat {
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<(done + min(longest, buffer.count - done))])
            try await meet(.read, offset + Int64(done), Int64(piece.count))
            try await super.read(at: offset + Int64(done), into: piece)
            done += piece.count
        } while done < buffer.count
    }

    public override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        note(.pwritev)
        defer { note(.pwritevDone) }
        let longest = limits.maxTransfer
        var done = 0
        repeat {
            let piece = UnsafeRawBufferPointer(rebasing: buffer[done..<(done + min(longest, buffer.count - done))])
            try await meet(.write, offset + Int64(done), Int64(piece.count))
            try await super.write(at: offset + Int64(done), from: piece, flags: flags)
            done += piece.count
        } while done < buffer.count
    }

    public override func writeZeroes(at offset: Int64, count: Int64, flags: ZeroFlags) async throws(BlockError) {
        note(.pwritevZero)
        defer { note(.pwritevDone) }
        for piece in BlkdebugPiece.cut(offset, count, unit: added.optWriteZero, longest: added.maxWriteZero) {
            if piece.fits {
                try await meet(.writeZeroes, piece.offset, piece.count)
                try await super.writeZeroes(at: piece.offset, count: piece.count, flags: flags)
            } else if flags.contains(.noFallback) {
                throw NodeDriver.unsupported
            } else {
                try await writeZeroBuffer(piece, flags.contains(.forceUnitAccess) ? .forceUnitAccess : [])
            }
        }
    }

    public override func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        for piece in BlkdebugPiece.cut(offset, count, unit: added.optDiscard, longest: added.maxDiscard) where piece.fits {
            try await meet(.discard, piece.offset, piece.count)
            try await super.discard(at: piece.offset, count: piece.count)
        }
    }

    public override func flush() async throws(BlockError) {
        try await meet(.flush, 0, 0)
        try await super.flush()
    }

    public override func extent(at offset: Int64, limit: Int64) async throws(BlockError) -> StorageExtent {
        try await meet(.blockStatus, offset, limit)
        return try await super.extent(at: offset, limit: limit)
    }

    /// Its bytes are nobody's to count: QEMU doesn't, either.
    public override func allocatedSize() async -> Int64? { nil }

    private func meet(_ request: BlkdebugRule.Injection.Request, _ offset: Int64, _ count: Int64) async throws(BlockError) {
        guard let injection = rules.meet(request, at: offset, count: count) else { return }
        if !injection.immediately { await Task.yield() }
        throw .system(injection.errno)
    }

    /// Writes zeroes as data.
    private func writeZeroBuffer(_ piece: BlkdebugPiece, _ flags: WriteFlags) async throws(BlockError) {
        let longest = min(piece.count, Int64(min(limits.maxTransfer, 1 << 20) / alignment * alignment))
        let zeroes = BufferPool.shared.buffer(Int(max(longest, Int64(alignment))))
        zeroes.bytes.initializeMemory(as: UInt8.self, repeating: 0)
        var position = piece.offset
        while position < piece.offset + piece.count {
            let count = min(Int64(zeroes.bytes.count), piece.offset + piece.count - position)
            try await write(at: position, from: UnsafeRawBufferPointer(zeroes.prefix(Int(count))), flags: flags)
            position += count
        }
    }
}

/// A part of a zeroing or discard.
struct BlkdebugPiece: Equatable {
    let offset: Int64
    let count: Int64
    /// Whether it is whole units; the ends may not be.
    let fits: Bool

    /// Cuts a range at multiples of `unit`, into pieces of at most `longest`; nil and 0 are no limits.
    static func cut(_ offset: Int64, _ count: Int64, unit: Int64?, longest: Int64?) -> [BlkdebugPiece] {
        let unit = max(1, unit ?? 1)
        let longest = longest.flatMap { $0 > 0 ? max(unit, $0 / unit * unit) : nil } ?? count
        let end = offset + count
        let first = min(end, (offset + unit - 1) / unit * unit)
        let last = max(first, end / unit * unit)
        var pieces: [BlkdebugPiece] = []
        if offset < first { pieces.append(BlkdebugPiece(offset: offset, count: first - offset, fits: false)) }
        var position = first
        while position < last {
            let length = min(longest, last - position)
            pieces.append(BlkdebugPiece(offset: position, count: length, fits: true))
            position += length
        }
        if last < end { pieces.append(BlkdebugPiece(offset: last, count: end - last, fits: false)) }
        return pieces
    }
}
