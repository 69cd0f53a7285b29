import ImageFormats
import TestSupport

/// Breaks the metadata of an image in one place, by chance.
struct ImageMutation {
    private(set) var image: [UInt8]
    private let header: Qcow2Header
    private var generator: SeededGenerator
    /// What was changed, for a failing test.
    private(set) var story = ""

    init(_ image: [UInt8], seed: UInt64) throws {
        self.image = image
        header = try Qcow2Header(image: image)
        generator = SeededGenerator(seed: seed)
    }

    private func word(_ offset: Int) -> UInt64 {
        guard offset >= 0, offset <= image.count - 8 else { return 0 }
        return image[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func setWord(_ offset: Int, _ value: UInt64) {
        guard offset >= 0, offset <= image.count - 8 else { return }
        for index in 0..<8 { image[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * index)) }
    }

    private static let offsetMask: UInt64 = 0x00ff_ffff_ffff_fe00

    private var l1Words: [Int] { (0..<Int(header.l1Entries)).map { Int(header.l1Offset) + 8 * $0 } }

    private var l2Words: [Int] {
        l1Words.flatMap { entry -> [Int] in
            let table = Int(word(entry) & Self.offsetMask)
            guard table != 0 else { return [] }
            return (0..<header.geometry.clusterSize / 8).map { table + 8 * $0 }
        }
    }

    private var blocks: [Int] {
        let entries = (Int(header.refcountTableClusters) << Int(header.clusterBits)) / 8
        return (0..<entries).map { Int(header.refcountTableOffset) + 8 * $0 }.filter { word($0) != 0 }
    }

    /// Makes one change.
    mutating func mutate() {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0, 1: changeWord(of: l1Words.filter { word($0) != 0 }, "L1 entry")
        case 2, 3, 4: changeWord(of: l2Words.filter { word($0) != 0 }, "L2 entry")
        case 5: changeWord(of: l2Words, "any L2 word")
        case 6: changeWord(of: blocks, "refcount table entry")
        case 7, 8: changeRefcount()
        default:
            if header.snapshotCount > 0 {
                changeWord(of: [Int(header.snapshotsOffset)], "snapshot's L1 offset")
            } else {
                changeRefcount()
            }
        }
    }

    private mutating func changeRefcount() {
        guard let entry = blocks.randomElement(using: &generator) else { return }
        let bytes = min(header.geometry.clusterSize, ((image.count >> Int(header.clusterBits)) << Int(header.refcountOrder)) / 8 + 2)
        let block = word(entry) & ~511
        guard block < image.count - bytes else { return }
        let offset = Int(block) + Int.random(in: 0..<bytes, using: &generator)
        image[offset] = UInt8.random(in: 0..<4, using: &generator)
        story += "refcount byte \(offset) = \(image[offset]); "
    }

    private mutating func changeWord(of offsets: [Int], _ what: String) {
        guard let offset = offsets.randomElement(using: &generator) else { return }
        let old = word(offset)
        let cluster = UInt64(header.geometry.clusterSize)
        let clusters = UInt64(image.count) / cluster
        let new: UInt64 =
            switch Int.random(in: 0..<9, using: &generator) {
            case 0: 0
            case 1, 2: old ^ 1 << 63
            case 3: old ^ 1 << UInt64.random(in: 0..<64, using: &generator)
            case 4: (old & ~Self.offsetMask) | UInt64.random(in: 0..<clusters, using: &generator) * cluster
            case 5: offsets.randomElement(using: &generator).map(word) ?? 0
            case 6: old &+ 512
            case 7: old &+ clusters * cluster
            default: old ^ 1
            }
        setWord(offset, new)
        story += "\(what) at \(offset): \(String(old, radix: 16)) -> \(String(new, radix: 16)); "
    }
}
