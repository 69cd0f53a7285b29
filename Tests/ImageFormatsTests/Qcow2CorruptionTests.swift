import ImageFormats
import Storage
import TestSupport
import Testing

/// Damage of one kind: how the image is made, and which words of its first L1 or L2 entry are changed.
struct Damage: Sendable, CustomTestStringConvertible {
    enum Word: Sendable { case l1, l2, bitmap }
    let name: String
    var options = ""
    var fill = "write -P 1 0 64k"
    let word: Word
    let change: @Sendable (UInt64) -> UInt64
    var testDescription: String { name }

    static let all: [Damage] = [
        Damage(name: "L2 table within a cluster", word: .l1) { $0 | 0x200 },
        Damage(name: "data within a cluster", word: .l2) { $0 | 0x200 },
        Damage(name: "zero cluster in version 2", options: "compat=0.10", word: .l2) { $0 | 1 },
        Damage(name: "compressed in a data file", options: "data_file=d", word: .l2) { $0 | 1 << 62 },
        Damage(name: "elsewhere in a data file", options: "data_file=d", word: .l2) { $0 + 0x10000 },
        Damage(name: "subclusters without a cluster", options: "extended_l2=on", word: .l2) { _ in 0 },
        Damage(name: "subclusters allocated and zero", options: "extended_l2=on", word: .bitmap) { $0 | 1 << 40 },
    ]
}

/// What the tools made of an image, and what they say after it was damaged.
private struct DamagedImage: Sendable {
    let file: [UInt8]
    let dataFile: [UInt8]?
    let complaint: String
}

@Suite struct `damaged qcow2 images` {
    private func make(_ damage: Damage) async throws -> DamagedImage {
        try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.create("i", "1M", options: damage.options)
            try tools.io("i", [damage.fill])
            var file = try tools.bytes("i")
            let l1 = Int(file.number(at: 40))
            let l2 = Int(file.number(at: l1) & 0x00ff_ffff_ffff_fe00)
            let place =
                switch damage.word {
                case .l1: l1
                case .l2: l2
                case .bitmap: l2 + 8
                }
            let word = damage.change(file.number(at: place))
            file.replaceSubrange(place..<place + 8, with: (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) })
            try tools.directory.write("i", at: 0, file)
            let complaint = try tools.complaint("qemu-io", ["-f", "qcow2", "-c", "read 0 64k", "i"])
            let dataFile = damage.options.contains("data_file") ? try tools.bytes("d") : nil
            return DamagedImage(file: file, dataFile: dataFile, complaint: complaint)
        }
    }

    @Test(arguments: Damage.all)
    func `are marked, reported in the reference's words, and refused`(damage: Damage) async throws {
        let made = try await make(damage)
        let storage = SimulatedStorage(seed: 1, contents: made.file)
        let image = try await Qcow2Image.open(file: storage, options: Qcow2OpenOptions(), offload: DispatchOffload())
        image.dataFile = made.dataFile.map { SimulatedStorage(seed: 2, contents: $0) }
        var reports: [CorruptionReport] = []
        image.onCorruption = { report in
            // Marked before anybody hears of it.
            #expect(damage.options.contains("0.10") || storage.durableContents[79] & 2 != 0)
            reports.append(report)
        }
        await #expect(throws: BlockError.system(5)) { _ = try await image.bytes(at: 0, count: 512) }
        await #expect(throws: BlockError.system(123)) { _ = try await image.bytes(at: 0, count: 512) }
        let report = try #require(reports.first)
        #expect(reports.count == 1 && report.isFatal && report.offset == nil)
        #expect(made.complaint.contains("Marking image as corrupt: \(report.message); further"), "\(made.complaint)")
        #expect(image.isCorrupt)
        if !damage.options.contains("0.10") {
            await #expect(throws: BlockError(.readOnly, "qcow2: Image is corrupt; cannot be opened read/write")) {
                try await Qcow2Image.open(storage.durableContents, options: Qcow2OpenOptions(), dataFile: made.dataFile)
            }
        }
    }

    @Test func `that are only read stay as they are`() async throws {
        let made = try await make(Damage.all[1])
        let storage = SimulatedStorage(seed: 1, contents: made.file)
        let image = try await Qcow2Image.open(
            file: storage, options: Qcow2OpenOptions(purpose: .reading), offload: DispatchOffload())
        var reports: [CorruptionReport] = []
        image.onCorruption = { reports.append($0) }
        await #expect(throws: BlockError.system(5)) { _ = try await image.bytes(at: 0, count: 512) }
        await #expect(throws: BlockError.system(5)) { _ = try await image.bytes(at: 0, count: 512) }
        #expect(reports.map(\.isFatal) == [false])
        #expect(storage.contents == made.file)
        // What is not concerned can still be read.
        #expect(try await image.bytes(at: 65536, count: 512) == [UInt8](repeating: 0, count: 512))
    }

    @Test func `fail reads of compressed clusters that are no such data`() async throws {
        for type in ["zlib", "zstd"] {
            let made = try await BlockingWork.shared.run {
                let tools = try QemuTools()
                try tools.create("i", "1M", options: "compression_type=\(type)")
                try tools.io("i", ["write -c -P 7 0 64k", "write -c -P 8 64k 64k"])
                return try tools.bytes("i")
            }
            let l2 = Int(made.number(at: Int(made.number(at: 40))) & 0x00ff_ffff_ffff_fe00)
            var broken = made
            let data = Int(made.number(at: l2) & 0xff_ffff)
            for offset in data..<data + 16 { broken[offset] ^= 0x5a }
            let image = try await Qcow2Image.open(broken)
            await #expect(throws: BlockError.system(5)) { _ = try await image.bytes(at: 0, count: 65536) }
            await #expect(throws: BlockError.system(5)) { _ = try await image.bytes(at: 5, count: 5) }
            #expect(try await image.bytes(at: 65536, count: 512) == [UInt8](repeating: 8, count: 512))
        }
    }

    @Test(arguments: [
        "cluster_size=512", "cluster_size=512,compat=0.10", "cluster_size=16k,extended_l2=on", "cluster_size=512,compression_type=zstd",
    ])
    func `with any byte of any table changed are read or refused`(options: String) async throws {
        let made = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.create("i", "256k", options: options)
            var filling = QemuFilling(seed: 5, length: 256 << 10, clusterSize: options.contains("16k") ? 16384 : 512)
            try tools.io("i", filling.commands(30))
            return try tools.bytes("i")
        }
        var generator = SeededGenerator(seed: 11)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 512)
        defer { buffer.deallocate() }
        for round in 0..<150 {
            var file = made
            // The header's and the tables' bytes are most of the first 8 KiB.
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                file[Int.random(in: 0..<min(file.count, round % 2 == 0 ? 8192 : 112), using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            if round % 5 == 0 { file.removeLast(Int.random(in: 0..<file.count, using: &generator)) }
            guard let image = try? await Qcow2Image.open(file) else { continue }
            var position: Int64 = 0
            while position < min(image.length, 256 << 10) {
                let count = Int(min(16384, image.length - position))
                _ = try? await image.read(at: GuestOffset(position), into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
                _ = try? await image.extent(at: GuestOffset(position), limit: 1 << 40)
                position += Int64(count)
            }
            #expect(image.metadataMemory < 40 << 20, "round \(round)")
        }
    }
}

extension [UInt8] {
    /// The big-endian number of eight bytes at `offset`.
    fileprivate func number(at offset: Int) -> UInt64 { self[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) } }
}
