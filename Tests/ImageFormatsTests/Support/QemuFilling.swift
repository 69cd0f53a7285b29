import TestSupport

/// Random changes of an image for `qemu-io`.
struct QemuFilling {
    var generator: SeededGenerator
    let length: Int
    let clusterSize: Int
    var canCompress = true

    init(seed: UInt64, length: Int, clusterSize: Int) {
        generator = SeededGenerator(seed: seed)
        self.length = length
        self.clusterSize = clusterSize
    }

    /// So many commands. Compressed writes come first, since the tools refuse them where something is.
    mutating func commands(_ count: Int) -> [String] {
        let clusters = (0..<length / clusterSize).shuffled(using: &generator).prefix(canCompress ? count / 4 : 0)
        let compressed = clusters.map { "write -c -P \($0 % 255 + 1) \($0 * clusterSize) \(clusterSize)" }
        return compressed + (0..<count).map { _ in command() }
    }

    private mutating func command() -> String {
        let pattern = Int.random(in: 1...255, using: &generator)
        switch Int.random(in: 0..<8, using: &generator) {
        case 0..<5: return "write -P \(pattern) \(range(unit: 512))"
        case 5: return "write -z \(range(unit: 512))"
        case 6: return "write -z -u \(range(unit: clusterSize))"
        default: return "discard \(range(unit: clusterSize))"
        }
    }

    private mutating func range(unit: Int) -> String {
        let units = length / unit
        let start = Int.random(in: 0..<units, using: &generator)
        let longest = max(1, min(units - start, 1 << Int.random(in: 0...9, using: &generator)))
        return "\(start * unit) \(Int.random(in: 1...longest, using: &generator) * unit)"
    }
}
