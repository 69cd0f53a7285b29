import ImageFormats
import Storage
import TestSupport
import Testing

@Suite struct `qcow2 resizing` {
    private static let kinds: [Qcow2CreateOptions] = [
        Qcow2CreateOptions(size: 1 << 20),
        Qcow2CreateOptions(size: 100 << 10, clusterSize: 512),
        Qcow2CreateOptions(size: 200 << 10 + 512, version: .v2, clusterSize: 1024),
        Qcow2CreateOptions(size: 1 << 20 + 512, clusterSize: 16384, extendedL2: true),
        Qcow2CreateOptions(size: 200 << 10, clusterSize: 2048, lazyRefcounts: true, refcountBits: 1),
    ]

    private func converted(_ image: [UInt8]) async throws -> [UInt8] {
        try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.put("i", image)
            return try tools.rawContents("i")
        }
    }

    @Test(arguments: kinds)
    private func `follows a model over many sizes`(options: Qcow2CreateOptions) async throws {
        for seed in 0..<2 as Range<UInt64> {
            var chance = SeededGenerator(seed: seed)
            var (image, disk) = try await newImage(options, seed: seed)
            var model = [UInt8](repeating: 0, count: Int(options.size))
            let modes: [Preallocation] = [.off, .off, .metadata, .falloc, .full]
            for round in 0..<25 {
                let size = Int.random(in: 0...Int(options.size) * 3 / 512, using: &chance) * 512
                let mode = size >= model.count ? modes.randomElement(using: &chance) ?? .off : .off
                try await image.truncate(to: Int64(size), preallocation: mode)
                model = Array(model.prefix(size)) + [UInt8](repeating: 0, count: max(0, size - model.count))
                if size >= 4096 {
                    let start = Int.random(in: 0..<size / 512 - 4, using: &chance) * 512
                    let bytes = tagged(UInt8(round), count: min(size - start, 20 << 10))
                    try await image.put(bytes, at: Int64(start))
                    model.replaceSubrange(start..<start + bytes.count, with: bytes)
                }
                if round % 6 == 5 {
                    try await image.close()
                    image = try await Qcow2Image.open(file: disk, offload: DispatchOffload())
                }
                let isEqual = try await image.everything() == model
                #expect(isEqual, "seed \(seed), round \(round), \(size), \(mode)")
                if !isEqual { return }
            }
            try await image.close()
            try await expectSound(disk.contents, "seed \(seed)")
            let isEqual = try await converted(disk.contents) == model
            #expect(isEqual, "seed \(seed)")
        }
    }

    @Test(.timeLimit(.minutes(15))) func `finds its last cluster on a device that is millions of times larger`() async throws {
        for options in Self.kinds {
            let (image, disk) = try await newImage(options)
            let kept = tagged(7, count: 4096)
            try await image.put(kept, at: 0)
            try await image.put(tagged(8, count: 4096), at: options.size - 4096)
            try await disk.truncate(to: 1 << 44, preallocation: .off)
            try await image.truncate(to: 4096, preallocation: .off)
            #expect(disk.length < 1 << 20, "\(options)")
            #expect(try await image.everything() == kept, "\(options)")
            try await image.close()
            try await expectSound(disk.contents, "\(options)")
        }
    }

    @Test func `shows nothing of a longer backing file`() async throws {
        for (options, mode) in [
            (Qcow2CreateOptions(size: 10 << 10, clusterSize: 512, backingFile: "b"), Preallocation.off),
            (Qcow2CreateOptions(size: 10 << 10 + 512, clusterSize: 1024, backingFile: "b"), .metadata),
            (Qcow2CreateOptions(size: 20 << 10 + 512, clusterSize: 16384, extendedL2: true, backingFile: "b"), .off),
            (Qcow2CreateOptions(size: 20 << 10 + 512, clusterSize: 16384, extendedL2: true, backingFile: "b"), .metadata),
        ] {
            let backing = tagged(9, count: 90 << 10)
            let (image, disk) = try await newImage(options)
            image.backing = SimulatedStorage(seed: 2, contents: backing)
            try await image.truncate(to: 200 << 10, preallocation: mode)
            let expected = Array(backing.prefix(Int(options.size))) + [UInt8](repeating: 0, count: 200 << 10 - Int(options.size))
            let isEqual = try await image.everything() == expected
            #expect(isEqual, "\(options) \(mode)")
            try await image.close()
            try await expectSound(disk.contents)
        }
        let (image, _) = try await newImage(Qcow2CreateOptions(size: 1024, version: .v2, clusterSize: 512, backingFile: "b"))
        image.backing = SimulatedStorage(seed: 2, contents: tagged(9, count: 4096))
        let error = await #expect(throws: BlockError.self) { try await image.truncate(to: 4096) }
        #expect(error?.message == "Failed to zero out new clusters: Operation not supported")
    }

    @Test func `takes an external data file along`() async throws {
        for raw in [false, true] {
            let disk = SimulatedStorage(seed: 1, length: 0)
            let data = SimulatedStorage(seed: 2, length: 0)
            let options = Qcow2CreateOptions(size: 64 << 10, clusterSize: 4096, dataFile: "d", dataFileRaw: raw)
            try await Qcow2Creation.create(in: disk, dataFile: data, options: options)
            let image = try await Qcow2Image.open(file: disk, offload: DispatchOffload())
            image.dataFile = data
            try await image.put(tagged(1, count: 64 << 10), at: 0)
            try await image.truncate(to: 20 << 10)
            #expect(data.length == 20 << 10)
            try await image.truncate(to: 100 << 10, preallocation: raw ? .off : .full)
            #expect(data.length == 100 << 10)
            let expected = Array(tagged(1, count: 20 << 10)) + [UInt8](repeating: 0, count: 80 << 10)
            let isEqual = try await image.everything() == expected && (!raw || data.contents == expected)
            #expect(isEqual)
            try await image.close()
            #expect(try await check(disk.contents).result?.isClean == true)
        }
    }

    @Test func `drops whole tables of an image with a data file, and finds nothing wrong with them`() async throws {
        let disk = SimulatedStorage(seed: 1, length: 0)
        let data = SimulatedStorage(seed: 2, length: 0)
        let options = Qcow2CreateOptions(size: 256 << 10, clusterSize: 512, dataFile: "d")
        try await Qcow2Creation.create(in: disk, dataFile: data, options: options)
        let image = try await Qcow2Image.open(file: disk, offload: DispatchOffload())
        image.dataFile = data
        image.onCorruption = { Issue.record("\($0)") }
        let bytes = tagged(3, count: 256 << 10)
        try await image.put(bytes, at: 0)
        // An L2 table maps 32 KiB, so that seven go.
        try await image.truncate(to: 20 << 10)
        let isKept = try await image.everything() == Array(bytes.prefix(20 << 10))
        #expect(isKept && !image.isCorrupt)
        try await image.close()
        #expect(try await check(disk.contents).result?.isClean == true)
    }

    @Test func `cuts the file when the disk shrinks`() async throws {
        let (image, disk) = try await newImage(Qcow2CreateOptions(size: 4 << 20, clusterSize: 4096))
        try await image.put(tagged(1, count: 4 << 20), at: 0)
        try await image.truncate(to: 64 << 10)
        #expect(disk.length < 200 << 10)
        try await image.close()
        try await expectSound(disk.contents)
    }

    @Test func `is refused in the reference's words`() async throws {
        let (image, _) = try await newImage(Qcow2CreateOptions(size: 1 << 20, version: .v2, clusterSize: 512))
        func message(_ size: Int64, _ mode: Preallocation = .off) async -> String? {
            await #expect(throws: BlockError.self) { try await image.truncate(to: size, preallocation: mode) }?.message
        }
        #expect(await message(1000) == "The new size must be a multiple of 512")
        #expect(await message(-512) == "Image size cannot be negative")
        #expect(await message(512, .full) == "Preallocation can't be used for shrinking an image")
        #expect(await message(1 << 40) == "Failed to grow the L1 table: File too large")
        try await image.createSnapshot(Qcow2SnapshotRequest(name: "s", dateSeconds: 0))
        #expect(await message(512) == "Can't resize a v2 image which has snapshots")
    }

    @Test(arguments: [
        Qcow2CreateOptions(size: 64 << 10, clusterSize: 512), Qcow2CreateOptions(size: 64 << 10, version: .v2, clusterSize: 1024),
    ])
    func `survives a crash at any write`(options: Qcow2CreateOptions) async throws {
        let (image, disk) = try await newImage(options)
        try await image.put(tagged(1, count: 64 << 10), at: 0)
        try await image.close()
        let before = disk.contents
        for (size, mode) in [(200 << 10, Preallocation.off), (100 << 10, .metadata), (100 << 10, .full), (3 << 10, .off), (0, .off)] {
            let kept = Array(tagged(1, count: 64 << 10).prefix(size))
            let after = kept + [UInt8](repeating: 0, count: size - kept.count)
            try await crashEverywhere(before) { image in
                try await image.truncate(to: Int64(size), preallocation: mode)
                try await image.close()
            } judge: { image in
                let found = try await image.everything()
                return found == after || found == tagged(1, count: 64 << 10) ? nil : "\(size) \(mode): shows something else"
            }
        }
    }
}
