/// Whether writes of zeroes are turned into zeroing.
public enum DetectZeroes: String, Sendable, CaseIterable {
    /// Data is written as it comes.
    case off
    /// Zeroes are written the cheap way, space stays allocated.
    case on
    /// Zeroes give space back where discard is allowed.
    case unmap
}

/// What becomes of discards.
public enum DiscardMode: String, Sendable, CaseIterable {
    /// They succeed and do nothing.
    case ignore
    /// They are passed on.
    case unmap
}

/// The options by which a node treats its requests.
public struct NodeTraits: Sendable, Equatable {
    /// Writes are refused.
    public var isReadOnly = false
    /// What becomes of writes of zeroes.
    public var detectZeroes = DetectZeroes.off
    /// What becomes of discards.
    public var discard = DiscardMode.ignore
    /// Flushes go no further (cache.no-flush).
    public var ignoresFlush = false

    /// Makes traits; the defaults are those of a node without options.
    public init(
        isReadOnly: Bool = false, detectZeroes: DetectZeroes = .off, discard: DiscardMode = .ignore, ignoresFlush: Bool = false
    ) {
        self.isReadOnly = isReadOnly
        self.detectZeroes = detectZeroes
        self.discard = discard
        self.ignoresFlush = ignoresFlush
    }
}

/// What a node has done since it was opened.
public struct NodeStatistics: Sendable, Equatable {
    /// Requests and bytes of one kind.
    public struct Count: Sendable, Equatable {
        /// Requests that came.
        public var requests: UInt64 = 0
        /// Their bytes.
        public var bytes: UInt64 = 0

        @inline(__always)
        mutating func add(_ count: Int64) {
            requests &+= 1
            bytes &+= UInt64(truncatingIfNeeded: count)
        }
    }
    /// Reads.
    public var reads = Count()
    /// Writes of data.
    public var writes = Count()
    /// Zeroings asked for, and writes found to be all zeroes.
    public var zeroes = Count()
    /// Discards.
    public var discards = Count()
    /// Flushes.
    public var flushes: UInt64 = 0
    /// One past the furthest byte that was ever written.
    public var highestWrite: Int64 = 0
    /// Nothing done.
    public init() {}
}
