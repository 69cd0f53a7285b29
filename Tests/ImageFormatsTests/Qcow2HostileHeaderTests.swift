import ImageFormats
import Storage
import TestSupport
import Testing

/// Headers that the tools have looked at.
private struct HostileHeader: Sendable {
    let name: String
    let file: [UInt8]
    /// What `qemu-io` refuses the image with; nil when it opens it, or fails at its backing file only.
    let refusal: String?
}

@Suite struct `hostile qcow2 headers` {
    /// The fields: where they are, and how many bytes they have.
    private static let fields: [(String, Int, Int)] = [
        ("magic", 0, 4), ("version", 4, 4), ("backing file offset", 8, 8), ("backing file size", 16, 4), ("cluster bits", 20, 4),
        ("size", 24, 8), ("L1 entries", 36, 4), ("L1 offset", 40, 8), ("refcount table offset", 48, 8),
        ("refcount table clusters", 56, 4), ("snapshot table offset", 64, 8), ("incompatible", 72, 8), ("compatible", 80, 8),
        ("autoclear", 88, 8), ("refcount order", 96, 4), ("header length", 100, 4), ("compression type", 104, 1),
        ("extension type", 112, 4), ("extension length", 116, 4),
    ]

    private static let values: [UInt64] = [
        0, 1, 2, 3, 7, 9, 16, 22, 64, 104, 112, 120, 512, 1 << 16, 1 << 20, 1 << 31, 1 << 32 - 1, 1 << 55, 1 << 63, .max, .max << 16,
    ]

    /// Every field with every value, judged by the tool: opened for reading, a few of them at once.
    private func judge(options: String, part: Int, of parts: Int) async throws -> [HostileHeader] {
        try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.create("base", "1M")
            try tools.create("i", "1M", options: options, backing: "base")
            let made = try tools.bytes("i")
            var found: [HostileHeader] = []
            for (name, offset, width) in Self.fields.enumerated().filter({ $0.offset % parts == part }).map(\.element) {
                for value in Self.values where width == 8 || value < 1 << UInt64(8 * width) {
                    var file = made
                    for byte in 0..<width { file[offset + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (width - 1 - byte))) }
                    try tools.directory.write("i", at: 0, file)
                    let complaint = try tools.complaint("qemu-io", ["-r", "-f", "qcow2", "-c", "quit", "i"])
                    let start = "qemu-io: can't open device i: "
                    let refusal = complaint.split(separator: "\n").first { $0.hasPrefix(start) }?.dropFirst(start.count)
                    let isOurs = refusal.map { !$0.contains("backing file") || $0.contains("Invalid") || $0.contains("too long") }
                    found.append(
                        HostileHeader(name: "\(name) = \(value)", file: file, refusal: isOurs == true ? refusal.map(String.init) : nil))
                }
            }
            return found
        }
    }

    @Test(arguments: ["", "compat=0.10"], 0..<4)
    func `are refused when and as QEMU refuses them`(options: String, part: Int) async throws {
        for header in try await judge(options: options, part: part, of: 4) {
            do {
                _ = try await Qcow2Image.open(header.file)
                #expect(header.refusal == nil, "\(header.name)")
            } catch {
                #expect(error.message == header.refusal, "\(header.name)")
            }
        }
    }
}
