import ImageFormats
import Storage
import TestSupport
import Testing

@Suite struct `qcow2 images that are written by both` {
    /// Kinds of images that the tools write to as well.
    static let setups = ImageSetup.all.filter { !$0.hasDataFile && !$0.isLazy && $0.l2CacheSize == nil }

    @Test(arguments: setups)
    func `hold what either has written`(setup: ImageSetup) async throws {
        let template = try await setup.make()
        let test = try await TestImage(setup, template, seed: 5)
        let model = ModelRun(test, seed: 5, expected: template.contents(length: setup.length))
        for _ in 0..<25 { try await model.step() }
        try await test.image.close()
        let ours = test.file.contents
        let (theirs, raw) = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.put("i", ours)
            if let backing = template.backing { try tools.put("base", backing) }
            var filling = QemuFilling(seed: 6, length: setup.length, clusterSize: setup.clusterSize)
            filling.canCompress = false
            try tools.io("i", options: ["-d", "unmap"], filling.commands(25))
            return (try tools.bytes("i"), try tools.rawContents("i"))
        }
        let again = try await TestImage(setup, ImageTemplate(file: theirs, data: nil, backing: template.backing), seed: 7)
        let further = ModelRun(again, seed: 7, expected: raw)
        #expect(try await further.compareAll())
        for _ in 0..<25 { try await further.step() }
        try await again.image.close()
        let (complaint, contents) = try await again.judge(converting: true)
        #expect(complaint == nil)
        #expect(contents == further.expected)
    }

    @Test(arguments: [
        "cluster_size=64k", "cluster_size=4k,refcount_bits=2", "cluster_size=16k,extended_l2=on", "cluster_size=4k,compat=0.10",
    ])
    func `keep what a snapshot shows when they are written to`(options: String) async throws {
        let length = 512 << 10
        let made = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.create("i", "\(length)", options: options)
            try tools.io("i", ["write -P 1 0 200k", "write -P 2 300k 50k"])
            try tools.run("qemu-img", ["snapshot", "-c", "first", "i"])
            return MadeImage(file: try tools.bytes("i"), contents: try tools.rawContents("i"))
        }
        let setup = ImageSetup(
            options: options, length: length, clusterSize: options.contains("64k") ? 65536 : options.contains("16k") ? 16384 : 4096,
            hasZeroBit: !options.contains("0.10"))
        let test = try await TestImage(setup, ImageTemplate(file: made.file, data: nil, backing: nil), seed: 3)
        let model = ModelRun(test, seed: 3, expected: made.contents)
        for _ in 0..<40 { try await model.step() }
        try await test.image.close()
        let (complaint, contents) = try await test.judge(converting: true)
        #expect(complaint == nil, "\(model.trace)")
        #expect(contents == model.expected)
        let file = test.file.contents
        let snapshot = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.put("i", file)
            try tools.run("qemu-img", ["snapshot", "-a", "first", "i"])
            return try tools.rawContents("i")
        }
        #expect(snapshot == made.contents)
    }

    @Test(arguments: ["cluster_size=512,refcount_bits=64", "cluster_size=512,refcount_bits=64,lazy_refcounts=on"])
    func `get a longer refcount table when they outgrow it, and survive a crash at every step of that`(options: String) async throws {
        // The first table has 64 entries, each for a block of 64 clusters: 2 MiB in all.
        let setup = ImageSetup(options: options, length: 3 << 20, clusterSize: 512)
        let nearly = try await TestImage(setup, try await setup.make(), seed: 1)
        try await fill(nearly, 0..<1900 << 10)
        try await nearly.image.close()
        let template = ImageTemplate(file: nearly.file.contents, data: nil, backing: nil)

        let whole = try await TestImage(setup, template, seed: 1)
        try await fill(whole, 1900 << 10..<2200 << 10)
        let changes = whole.file.log.filter { $0.operation != .read && $0.operation != .extent }
        let moved = try #require(changes.firstIndex { $0.operation == .write && $0.offset == 48 })
        try await whole.image.close()
        #expect(try await whole.judge(converting: false).complaint == nil)
        guard !setup.isLazy else { return }
        for last in stride(from: max(1, moved - 9), through: moved + 9, by: Effort.count("QCOW2_CRASH_EVERY", 4)) {
            let test = try await TestImage(setup, template, seed: 1)
            test.file.changesUntilDeath = last
            await #expect(throws: BlockError.self) { try await fill(test, 1900 << 10..<2200 << 10) }
            let losses = test.file.losses(subsets: 4)
            for loss in stride(from: 0, to: losses.count, by: Effort.count("QCOW2_CRASH_STRIDE", 5)).map({ losses[$0] }) {
                let verdict = RefcountOracle(test.file.survivor(loss).contents).judge()
                if case .corrupt(let what) = verdict { Issue.record("change \(last), \(loss): \(what)") }
            }
        }
    }

    private func fill(_ test: TestImage, _ range: Range<Int>) async throws {
        let chunk = 20 << 10
        for start in stride(from: range.lowerBound, to: range.upperBound, by: chunk) {
            let sectors = start / 512..<(start + chunk) / 512
            try await test.image.write(at: GuestOffset(Int64(start)), array: SectorModel.bytes(1, sectors))
        }
        try await test.image.flush()
    }

    @Test func `that are compressed are on stable storage when they must be`() async throws {
        let setup = ImageSetup(options: "cluster_size=64k", length: 1 << 20, clusterSize: 65536)
        let test = try await TestImage(setup, try await setup.make(), seed: 1)
        let bytes = SectorModel.bytes(5, 0..<128)
        try await test.image.writeCompressed(at: GuestOffset(0), array: bytes, flags: .forceUnitAccess)
        let survivor = try await Qcow2Image.open(test.file.durableContents)
        #expect(try await survivor.bytes(at: 0, count: bytes.count) == bytes)
    }

    @Test func `are marked and refuse to write when an entry leads to metadata`() async throws {
        let setup = ImageSetup(options: "cluster_size=64k", length: 1 << 20, clusterSize: 65536)
        var file = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.create("i", "1M")
            try tools.io("i", ["write -P 1 0 64k"])
            return try tools.bytes("i")
        }
        // The first L2 entry leads to the L1 table.
        let l1 = Int(BigEndianBytes.word(file, at: 40))
        let l2 = Int(BigEndianBytes.word(file, at: l1) & 0x00ff_ffff_ffff_fe00)
        file.replaceSubrange(l2..<l2 + 8, with: BigEndianBytes.bytes(UInt64(l1) | 1 << 63))
        let test = try await TestImage(setup, ImageTemplate(file: file, data: nil, backing: nil), seed: 1)
        var reports: [CorruptionReport] = []
        test.image.onCorruption = { reports.append($0) }
        await #expect(throws: BlockError.system(5)) { try await test.image.write(at: GuestOffset(0), array: [1, 2, 3]) }
        #expect(reports.map(\.message) == ["Preventing invalid write on metadata (overlaps with active L1 table)"])
        #expect(reports.first?.offset == Int64(l1) && reports.first?.size == 3 && reports.first?.isFatal == true)
        #expect(test.file.contents[79] & 2 != 0)
        await #expect(throws: BlockError.system(123)) { try await test.image.write(at: GuestOffset(65536), array: [1]) }
    }
}

/// Numbers as qcow2 stores them.
enum BigEndianBytes {
    static func word(_ bytes: [UInt8], at offset: Int) -> UInt64 { bytes[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) } }
    static func bytes(_ word: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) } }
}
