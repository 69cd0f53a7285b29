/// What one operation does to the bytes.
enum Change {
    case data(Int64, [UInt8])
    case zeroes(Int64, Int64, unmap: Bool)
    case length(Int64)
    /// Some sectors of a change.
    indirect case sectors(of: Change, kept: [Bool])

    static let sector: Int64 = 512

    func apply(to bytes: inout PagedBytes) {
        switch self {
        case .data(let offset, let data): data.withUnsafeBytes { bytes.write(at: offset, $0) }
        case .zeroes(let offset, let count, let unmap): bytes.zero(at: offset, count: count, unmap: unmap)
        case .length(let length): bytes.length = length
        case .sectors(let change, let kept):
            for (index, piece) in change.pieces.enumerated() where index < kept.count && kept[index] { piece.apply(to: &bytes) }
        }
    }

    /// The change by sectors of the medium: nothing smaller lands or is lost by itself.
    private var pieces: [Change] {
        switch self {
        case .data(let offset, let data):
            Self.cuts(offset, Int64(data.count)).map { start, count in
                .data(start, Array(data[Int(start - offset)..<Int(start - offset + count)]))
            }
        case .zeroes(let offset, let count, let unmap):
            Self.cuts(offset, count).map { start, count in .zeroes(start, count, unmap: unmap) }
        case .length: [self]
        case .sectors(let change, let kept): change.pieces.enumerated().filter { kept[$0.offset] }.map(\.element)
        }
    }

    private static func cuts(_ offset: Int64, _ count: Int64) -> [(Int64, Int64)] {
        var result: [(Int64, Int64)] = []
        var position = offset
        while position < offset + count {
            let next = min(offset + count, (position / sector + 1) * sector)
            result.append((position, next - position))
            position = next
        }
        return result
    }

    /// Any subset of its sectors.
    func torn(by generator: inout SeededGenerator) -> Change {
        .sectors(of: self, kept: pieces.map { _ in Bool.random(using: &generator) })
    }
}

/// A change that a crash may undo.
struct PendingChange {
    let sequence: UInt64
    let change: Change
    /// It was on stable storage when its operation ended.
    let isDurable: Bool
}

extension SimulatedStorage {
    /// What a crash does to changes that were not flushed.
    public enum CrashMode: Sendable {
        /// All are lost.
        case losingAll
        /// None is lost.
        case losingNothing
        /// By chance each lands, is lost, or lands in some of its sectors; operations that hang may land as well.
        case random
    }

    /// The machine dies and comes back. What was flushed is there, the rest by `mode`. Operations that hang fail with EIO once they are
    /// released; faults, hangs and the countdown to death are forgotten.
    public func crash(_ mode: CrashMode = .random) {
        var survivor = durable
        var candidates = unflushed
        for operation in hanging {
            guard let change = operation.change else { continue }
            candidates.append(PendingChange(sequence: nextSequence, change: change, isDurable: false))
            nextSequence += 1
        }
        let endedCount = unflushed.count
        for (index, pending) in candidates.enumerated() {
            if pending.isDurable {
                pending.change.apply(to: &survivor)
                continue
            }
            switch mode {
            case .losingAll: break
            case .losingNothing: if index < endedCount { pending.change.apply(to: &survivor) }
            case .random:
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: break
                case 1: pending.change.apply(to: &survivor)
                default: pending.change.torn(by: &generator).apply(to: &survivor)
                }
            }
        }
        bytes = survivor
        durable = survivor
        unflushed = []
        epoch += 1
        changesUntilDeath = nil
        heal()
        release()
    }
}
