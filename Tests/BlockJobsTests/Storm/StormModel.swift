import TestSupport

/// What each sector of the guests' disk may hold, from who wrote it when: writes that overlap in time may end in either order.
final class StormModel: Sendable {
    static let sector = 512

    /// A write to one sector, from its start to its end.
    struct Change {
        let tag: UInt64
        let start: Int
        /// Nil while it is in flight, and for ever when it failed: then it may be seen or not.
        var end: Int?
        /// It says what the sector holds; a discard only may.
        let isSure: Bool
    }

    private struct State {
        var sectors: [[Change]]
        var now = 1
        var tags: UInt64
    }
    private let state: Guarded<State>

    init(initial: [UInt64]) {
        let sectors = initial.map { [Change(tag: $0, start: 0, end: 0, isSure: true)] }
        state = Guarded(State(sectors: sectors, tags: 1 << 32))
    }

    /// The next moment.
    func moment() -> Int {
        state.withLock { state in
            state.now += 1
            return state.now
        }
    }

    /// A tag that nobody else has written.
    func newTag() -> UInt64 {
        state.withLock { state in
            state.tags += 1
            return state.tags
        }
    }

    func begin(_ sectors: Range<Int>, tag: UInt64, isSure: Bool) -> Int {
        state.withLock { state in
            state.now += 1
            for sector in sectors { state.sectors[sector].append(Change(tag: tag, start: state.now, end: nil, isSure: isSure)) }
            return state.now
        }
    }

    /// Ends the write that began at `start`, which worked.
    func end(_ sectors: Range<Int>, begunAt start: Int) {
        state.withLock { state in
            state.now += 1
            for sector in sectors {
                guard let index = state.sectors[sector].firstIndex(where: { $0.start == start }) else { continue }
                state.sectors[sector][index].end = state.now
            }
        }
    }

    /// The first sector of `bytes`, which begin at sector `first`, that cannot have been so at any moment within `span`.
    func firstWrong(in bytes: [UInt8], from first: Int = 0, at span: ClosedRange<Int>) -> String? {
        state.withLock { state in
            for index in 0..<bytes.count / Self.sector {
                let history = state.sectors[first + index]
                guard let tag = Self.tag(of: bytes, sector: index) else { return "sector \(first + index) is torn" }
                guard !Self.isPossible(tag, history, span) else { continue }
                let known = history.map { "\($0.tag)@\($0.start)-\($0.end.map(String.init) ?? "")" }
                return "sector \(first + index) has \(tag) at \(span), history \(known.joined(separator: " "))"
            }
            return nil
        }
    }

    /// Whether `tag` was written before the end of `span`, and surely overwritten by no write that lies between it and the span.
    private static func isPossible(_ tag: UInt64, _ history: [Change], _ span: ClosedRange<Int>) -> Bool {
        history.contains { change in
            guard change.tag == tag, change.start <= span.upperBound else { return false }
            guard let end = change.end else { return true }
            return !history.contains { later in
                guard later.isSure, later.start > end, let laterEnd = later.end else { return false }
                return laterEnd <= span.lowerBound
            }
        }
    }

    /// The word that a whole sector repeats; nil when it is of several writes.
    private static func tag(of bytes: [UInt8], sector: Int) -> UInt64? {
        bytes.withUnsafeBytes { bytes in
            let first = bytes.loadUnaligned(fromByteOffset: sector * Self.sector, as: UInt64.self)
            let isUniform = stride(from: 8, to: Self.sector, by: 72).allSatisfy {
                bytes.loadUnaligned(fromByteOffset: sector * Self.sector + $0, as: UInt64.self) == first
            }
            return isUniform ? first : nil
        }
    }

    /// Sectors that repeat `tags`.
    static func bytes(_ tags: [UInt64]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: tags.count * sector) { bytes, count in
            for (index, tag) in tags.enumerated() {
                UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(bytes)[index * sector..<(index + 1) * sector])
                    .initializeMemory(as: UInt64.self, repeating: tag)
            }
            count = tags.count * sector
        }
    }
}
