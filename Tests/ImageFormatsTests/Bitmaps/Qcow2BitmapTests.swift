import ImageFormats
import Storage
import TestSupport
import Testing

/// Bits as a test wants them: one for each `granularity` bytes.
private struct Bits: Equatable {
    let granularity: Int64
    var set: Set<Int64>

    /// What `storeBitmaps` asks for.
    func source(_ name: String, isAuto: Bool = true) -> Qcow2BitmapSource {
        Qcow2BitmapSource(name: name, granularity: granularity, isAuto: isAuto) { range, buffer in
            let first = range.lowerBound / granularity
            let inside = set.filter { $0 * granularity >= range.lowerBound && $0 * granularity < range.upperBound }
            for bit in inside { buffer[Int(bit - first) / 8] |= 1 << UInt8((bit - first) % 8) }
            return !inside.isEmpty
        }
    }

    init(granularity: Int64, set: Set<Int64>) {
        self.granularity = granularity
        self.set = set
    }

    init(_ image: Qcow2Image, _ name: String) async throws {
        let bitmap = try #require(try await image.bitmaps().first { $0.name == name })
        var found: Set<Int64> = []
        var position: Int64 = 0
        try await image.readBitmap(name) { (range, bits) throws(BlockError) in
            if range.lowerBound != position { found.insert(-1) }
            position = range.upperBound
            let first = range.lowerBound / bitmap.granularity
            let count = (range.upperBound - range.lowerBound + bitmap.granularity - 1) / bitmap.granularity
            for bit in 0..<count {
                switch bits {
                case .zeroes: break
                case .ones: found.insert(first + bit)
                case .bytes(let bytes): if bytes[Int(bit / 8)] >> UInt8(bit % 8) & 1 != 0 { found.insert(first + bit) }
                }
            }
        }
        #expect(position == image.length)
        self.init(granularity: bitmap.granularity, set: found)
    }
}

@Suite struct `qcow2 bitmaps` {
    @Test(arguments: [("cluster_size=64k", 65536), ("cluster_size=512", 512), ("cluster_size=1k", 4096)] as [(String, Int64)])
    func `recorded by the reference are read`(options: String, granularity: Int64) async throws {
        let image = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.create("i", "9M", options: options)
            try tools.run("qemu-img", ["bitmap", "--add", "-g", "\(granularity)", "i", "a"])
            try tools.run("qemu-img", ["bitmap", "--add", "--disable", "i", "b"])
            try tools.io("i", ["write 0 64k", "write 3M 200k", "write 9436672 512"])
            return try tools.bytes("i")
        }
        let opened = try await Qcow2Image.open(image)
        let bitmaps = try await opened.bitmaps()
        #expect(bitmaps.map(\.name) == ["a", "b"] && bitmaps.map(\.isAuto) == [true, false])
        #expect(bitmaps.allSatisfy { !$0.isInconsistent } && bitmaps[0].granularity == granularity)
        var expected: Set<Int64> = []
        for (start, count) in [(0, 64 << 10), (3 << 20, 200 << 10), (9_436_672, 512)] as [(Int64, Int64)] {
            for bit in start / granularity...(start + count - 1) / granularity { expected.insert(bit) }
        }
        let found = try await Bits(opened, "a").set
        #expect(found == expected)
        #expect(try await Bits(opened, "b").set.isEmpty)
    }

    @Test(arguments: [(512, 512), (512, 1 << 20), (65536, 65536), (4096, 512)] as [(UInt64, Int64)])
    func `stored here are merged by the reference`(clusterSize: UInt64, granularity: Int64) async throws {
        let (image, disk) = try await newImage(Qcow2CreateOptions(size: 9 << 20 + 512, clusterSize: clusterSize))
        var chance = SeededGenerator(seed: 1)
        let regions = (image.length + granularity - 1) / granularity
        var bits = Bits(granularity: granularity, set: [0, regions - 1])
        for _ in 0..<100 { bits.set.insert(Int64.random(in: 0..<regions, using: &chance)) }
        try await image.storeBitmaps([bits.source("ours"), Bits(granularity: 65536, set: []).source("empty", isAuto: false)])
        try await image.close()
        try await expectSound(disk.contents)
        let bytes = disk.contents
        let merged = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.put("i", bytes)
            try tools.run("qemu-img", ["bitmap", "--add", "-g", "\(granularity)", "--disable", "i", "theirs"])
            try tools.run("qemu-img", ["bitmap", "--merge", "ours", "i", "theirs"])
            return try tools.bytes("i")
        }
        let opened = try await Qcow2Image.open(merged)
        #expect(try await opened.bitmaps().map(\.name) == ["ours", "empty", "theirs"])
        for name in ["ours", "theirs"] {
            let found = try await Bits(opened, name)
            #expect(found == bits, "\(name)")
        }
    }

    @Test func `are not stored in version 2, and leave nothing behind there`() async throws {
        let (image, disk) = try await newImage(Qcow2CreateOptions(size: 1 << 20, version: .v2, clusterSize: 512))
        let error = await #expect(throws: BlockError.self) {
            try await image.storeBitmaps([Bits(granularity: 512, set: [1]).source("a")])
        }
        #expect(error?.message.hasSuffix("Cannot store dirty bitmaps in qcow2 v2 files") == true)
        try await image.close()
        try await expectSound(disk.contents)
    }

    @Test func `are in use while the image is open, and consistent after they were stored`() async throws {
        let (image, disk) = try await newImage(Qcow2CreateOptions(size: 1 << 20, clusterSize: 512))
        let bits = Bits(granularity: 512, set: [1, 5, 2000])
        try await image.storeBitmaps([bits.source("a"), bits.source("b")])
        try await image.claimBitmaps()
        #expect(try await image.bitmaps().allSatisfy { !$0.isInconsistent })
        // Who opens it now, as after a crash, must not believe them.
        let crashed = try await Qcow2Image.open(disk.contents)
        #expect(try await crashed.bitmaps().allSatisfy { $0.isInconsistent })
        let error = await #expect(throws: BlockError.self) { try await Bits(crashed, "a") }
        #expect(error?.message == "Bitmap 'a' is inconsistent and cannot be used")

        try await image.put(tagged(1, count: 4096), at: 0)
        try await image.truncate(to: 2 << 20)
        let more = Bits(granularity: 512, set: [1, 5, 2000, 4095])
        try await image.storeBitmaps([more.source("a", isAuto: false)])
        try await image.close()
        try await expectSound(disk.contents)
        let again = try await Qcow2Image.open(disk.contents)
        #expect(try await again.bitmaps().map(\.isInconsistent) == [false, true])
        #expect(try await again.bitmaps().map(\.isAuto) == [false, true])
        let found = try await Bits(again, "a")
        #expect(found == more)

        let last = try await Qcow2Image.open(file: disk, offload: DispatchOffload())
        let refused = await #expect(throws: BlockError.self) { try await last.truncate(to: 4096) }
        #expect(refused?.message == "Cannot resize qcow2 with persistent bitmaps that were not loaded into memory")
        let exists = await #expect(throws: BlockError.self) { try await last.storeBitmaps([more.source("a")]) }
        #expect(exists?.message == "Bitmap 'a' already exists in the image")
        try await last.removeBitmap("b")
        try await last.removeBitmap("a")
        try await last.removeBitmap("no such")
        #expect(try await last.bitmaps().isEmpty)
        try await last.close()
        try await expectSound(disk.contents)
    }

    @Test func `that nobody has read are in use from the first write on`() async throws {
        let changes: [@Sendable (Qcow2Image) async throws -> Void] = [
            { try await $0.put(tagged(1, count: 512), at: 0) }, { try await $0.discard(at: GuestOffset(0), count: 4096) },
            { try await $0.writeZeroes(at: GuestOffset(0), count: 4096) },
        ]
        for change in changes {
            let (image, disk) = try await newImage(Qcow2CreateOptions(size: 64 << 10, clusterSize: 512))
            try await image.storeBitmaps([Bits(granularity: 512, set: [1]).source("a")])
            try await image.close()
            let again = try await Qcow2Image.open(file: disk, offload: DispatchOffload())
            #expect(try await Qcow2Image.open(disk.contents).bitmaps().map(\.isInconsistent) == [false])
            try await change(again)
            try await again.close()
            #expect(try await Qcow2Image.open(disk.contents).bitmaps().map(\.isInconsistent) == [true])
            try await expectSound(disk.contents)
        }
    }

    @Test func `that cannot be stored are refused in the reference's words`() async throws {
        let (image, _) = try await newImage(Qcow2CreateOptions(size: 1 << 40))
        let (old, _) = try await newImage(Qcow2CreateOptions(size: 1 << 20, version: .v2))
        func message(_ image: Qcow2Image, _ name: String, _ granularity: Int64) -> String? {
            #expect(throws: BlockError.self) { try image.checkCanStore(name: name, granularity: granularity, others: []) }?.message
        }
        #expect(message(old, "a", 65536) == "Cannot store dirty bitmaps in qcow2 v2 files")
        #expect(message(image, "a", 256) == "Granularity is under minimum (512 bytes)")
        #expect(message(image, "a", 1 << 32) == "Granularity exceeds maximum (2147483648 bytes)")
        #expect(message(image, String(repeating: "x", count: 1024), 65536) == "Name length exceeds maximum (1023 characters)")
        let (large, _) = try await newImage(Qcow2CreateOptions(size: 1 << 44))
        #expect(message(large, "a", 512) == "Too much space will be occupied by the bitmap. Use larger granularity")
    }

    @Test func `survive a crash at any write, or are inconsistent`() async throws {
        let (image, disk) = try await newImage(Qcow2CreateOptions(size: 256 << 10, clusterSize: 512))
        let old = Bits(granularity: 512, set: [3, 77])
        let new = Bits(granularity: 512, set: [3, 77, 500])
        try await image.storeBitmaps([old.source("a"), old.source("b")])
        try await image.close()
        let before = disk.contents
        /// Bits of bitmaps that are consistent are the old ones before the write, or the new ones after it.
        func judge(_ image: Qcow2Image) async throws -> String? {
            let isWritten = try await image.bytes(at: 250 << 10, count: 512) == tagged(1, count: 512)
            for bitmap in try await image.bitmaps() where !bitmap.isInconsistent {
                let found = try await Bits(image, bitmap.name)
                if found == new { continue }
                if found != old || isWritten { return "\(bitmap.name) has \(found.set) while the write is \(isWritten)" }
            }
            return nil
        }
        let stored = try await crashEverywhere(before) { image in
            try await image.claimBitmaps()
            try await image.put(tagged(1, count: 512), at: 250 << 10)
            try await image.flush()
            try await image.storeBitmaps([new.source("a"), new.source("b")])
            try await image.close()
        } judge: { image in
            try await judge(image)
        }
        let removed = try await crashEverywhere(before) { image in
            try await image.removeBitmap("a")
            try await image.removeBitmap("b")
            try await image.close()
        } judge: { image in
            try await judge(image)
        }
        #expect(stored > 50 && removed > 30, "\(stored) \(removed)")
    }

    @Test func `in hostile directories are refused with a clear error`() async throws {
        let (image, disk) = try await newImage(Qcow2CreateOptions(size: 256 << 10, clusterSize: 512))
        try await image.storeBitmaps([Bits(granularity: 512, set: [3]).source("a"), Bits(granularity: 4096, set: [1]).source("b")])
        try await image.close()
        let bytes = disk.contents
        let header = try Qcow2Header(image: bytes)
        let directory = Int(try #require(header.bitmaps).directoryOffset)
        var generator = SeededGenerator(seed: 5)
        for round in 0..<200 {
            var broken = bytes
            broken[directory + round % 64] = UInt8.random(in: 0...255, using: &generator)
            do {
                let opened = try await Qcow2Image.open(file: SimulatedStorage(seed: 1, contents: broken), offload: DispatchOffload())
                for bitmap in try await opened.bitmaps() where !bitmap.isInconsistent { _ = try await Bits(opened, bitmap.name) }
                try await opened.claimBitmaps()
                for bitmap in try await opened.bitmaps() { try await opened.removeBitmap(bitmap.name) }
            } catch {
                let message = (error as? BlockError)?.message ?? ""
                #expect(!message.isEmpty && !message.contains("\n"))
            }
        }
    }
}
