/// What each sector of a virtual disk may hold after a crash: what was flushed, or anything written since.
///
/// A sector holds one tag, 64 times, mixed with its own number; tag 0 is zeroes.
struct SectorModel {
    static let size = 512
    private var flushed: [UInt32]
    private var open: [[UInt32]]
    private(set) var latest: [UInt32]

    /// A disk that holds these tags, flushed.
    init(_ tags: [UInt32]) {
        flushed = tags
        latest = tags
        open = Array(repeating: [], count: tags.count)
    }

    var count: Int { latest.count }

    /// A write began: from now on a crash may leave it there.
    mutating func write(_ tag: UInt32, _ sectors: Range<Int>) {
        for sector in sectors {
            open[sector].append(tag)
            latest[sector] = tag
        }
    }

    /// Several writes at once left these tags.
    mutating func settle(_ tags: [UInt32]) { latest = tags }

    /// A flush ended that began when nothing else was in progress.
    mutating func flush() {
        flushed = latest
        for sector in open.indices where !open[sector].isEmpty { open[sector].removeAll() }
    }

    /// Whether a sector may hold a tag after a crash.
    func allows(_ tag: UInt32, in sector: Int) -> Bool { flushed[sector] == tag || open[sector].contains(tag) }

    /// Whether a sector may hold a tag while nothing crashes and what was open at once began after a settled state.
    func describes(_ sector: Int) -> String { "flushed \(flushed[sector]), since then \(open[sector])" }

    /// The bytes of sectors that hold a tag.
    static func bytes(_ tag: UInt32, _ sectors: Range<Int>) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: sectors.count * size)
        guard tag != 0 else { return result }
        result.withUnsafeMutableBytes { bytes in
            for (position, sector) in sectors.enumerated() {
                let word = UInt64(tag) << 32 | UInt64(sector)
                for index in 0..<64 { bytes.storeBytes(of: word, toByteOffset: position * size + index * 8, as: UInt64.self) }
            }
        }
        return result
    }

    /// The tag that each sector holds; nil for one that holds none.
    static func tags(_ bytes: [UInt8]) -> [UInt32?] {
        bytes.withUnsafeBytes { bytes in
            (0..<bytes.count / size).map { sector in
                let word = bytes.load(fromByteOffset: sector * size, as: UInt64.self)
                for index in 1..<64 where bytes.load(fromByteOffset: sector * size + index * 8, as: UInt64.self) != word { return nil }
                if word == 0 { return 0 }
                return word & 0xffff_ffff == UInt64(sector) ? UInt32(word >> 32) : nil
            }
        }
    }
}
