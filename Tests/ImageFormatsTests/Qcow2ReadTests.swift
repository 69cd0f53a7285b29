import ImageFormats
import Storage
import TestSupport
import Testing

/// An image that the tools have made, and what they read from it.
struct MadeImage: Sendable {
    var file: [UInt8]
    var dataFile: [UInt8]?
    var contents: [UInt8]
}

@Suite struct `qcow2 images made by qemu-img` {
    /// Options of `qemu-img create`, and the cluster size that they mean.
    static let kinds: [(String, Int)] = [
        ("compat=0.10", 65536), ("compat=0.10,cluster_size=512", 512), ("compat=1.1", 65536), ("cluster_size=512", 512),
        ("cluster_size=4k", 4096), ("cluster_size=2M", 2 << 20), ("refcount_bits=1", 65536), ("refcount_bits=64", 65536),
        ("extended_l2=on", 65536), ("extended_l2=on,cluster_size=16k", 16384), ("extended_l2=on,cluster_size=2M", 2 << 20),
        ("compression_type=zstd", 65536), ("compression_type=zstd,cluster_size=512", 512),
        ("compression_type=zstd,extended_l2=on", 65536), ("lazy_refcounts=on", 65536), ("preallocation=metadata", 65536),
    ]

    @Test(arguments: kinds.indices)
    func `read bit for bit as qemu-img reads them`(index: Int) async throws {
        let (options, clusterSize) = Self.kinds[index]
        let length = clusterSize > 65536 ? 10 << 20 : clusterSize < 4096 ? 3 << 18 : 3 << 20 + 512
        let made = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.create("i", "\(length)", options: options)
            var filling = QemuFilling(seed: UInt64(index), length: length, clusterSize: clusterSize)
            filling.canCompress = !options.contains("preallocation")
            try tools.io("i", options: ["-d", "unmap"], filling.commands(50))
            return MadeImage(file: try tools.bytes("i"), contents: try tools.rawContents("i"))
        }
        let image = try await Qcow2Image.open(made.file)
        try await image.expectContents(made.contents, seed: UInt64(index))
    }

    @Test(arguments: ["", "data_file_raw=on,", "extended_l2=on,"])
    func `read through an external data file`(options: String) async throws {
        let made = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.create("i", "5M", options: "\(options)data_file=d")
            var filling = QemuFilling(seed: 7, length: 5 << 20, clusterSize: 65536)
            filling.canCompress = false
            try tools.io("i", options: ["-d", "unmap"], ["write -P 5 0 65536"] + filling.commands(40))
            return MadeImage(file: try tools.bytes("i"), dataFile: try tools.bytes("d"), contents: try tools.rawContents("i"))
        }
        let image = try await Qcow2Image.open(made.file, dataFile: made.dataFile)
        try await image.expectContents(made.contents, seed: 7)
        if options.contains("raw") { #expect(made.dataFile == made.contents) }
        await #expect(throws: BlockError(.invalidOption, "'data-file' is required for this image")) {
            try await Qcow2Image.open(made.file)
        }
    }

    @Test(arguments: ["", "extended_l2=on", "compat=0.10"])
    func `read through chains whose lower images are shorter`(options: String) async throws {
        let names = ["base", "middle", "top"]
        let files = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.create("base", "3M", options: options)
            try tools.create("middle", "2555904", options: options, backing: "base")
            try tools.create("top", "5M", options: options, backing: "middle")
            for (number, name) in names.enumerated() {
                let length = [3 << 20, 2_555_904, 5 << 20][number]
                var filling = QemuFilling(seed: UInt64(number), length: length, clusterSize: 65536)
                try tools.io(name, options: ["-d", "unmap"], filling.commands(16))
            }
            return try names.map { MadeImage(file: try tools.bytes($0), contents: try tools.rawContents($0)) }
        }
        var below: BlockStorage?
        for (number, made) in files.enumerated() {
            let image = try await Qcow2Image.open(made.file, backing: below)
            #expect(image.header.backingFile == (number == 0 ? nil : names[number - 1]))
            try await image.expectContents(made.contents, seed: UInt64(number))
            below = ImageStorage(image)
        }
    }

    @Test(arguments: ["zlib", "zstd"])
    func `that were compressed as a whole are read in large and small pieces`(type: String) async throws {
        let made = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            var generator = SeededGenerator(seed: 3)
            let noise = (0..<65536).map { _ in UInt8.random(in: 0...255, using: &generator) }
            var contents: [UInt8] = []
            // Clusters between all the same and not compressible at all.
            for cluster in 0..<70 {
                let share = cluster % 7 * 65536 / 6
                contents += noise[65536 - share..<65536] + [UInt8](repeating: UInt8(cluster), count: 65536 - share)
            }
            contents += [UInt8](repeating: 3, count: 512 * 5)
            try tools.directory.makeFile("raw", size: contents.count)
            try tools.directory.write("raw", at: 0, contents)
            try tools.run(
                "qemu-img", ["convert", "-c", "-f", "raw", "-O", "qcow2", "-o", "compression_type=\(type)", "raw", "i"])
            return MadeImage(file: try tools.bytes("i"), contents: contents)
        }
        let image = try await Qcow2Image.open(made.file)
        try await image.expectContents(made.contents, seed: 3)
        // Two small reads of one cluster at once.
        async let first = small(made, at: 70_000)
        async let second = small(made, at: 80_000)
        #expect(try await [first, second] == [Array(made.contents[70_000..<70_100]), Array(made.contents[80_000..<80_100])])
    }

    private func small(_ made: MadeImage, at offset: Int64) async throws -> [UInt8] {
        try await Qcow2Image.open(made.file).bytes(at: offset, count: 100)
    }

    @Test func `show as zeroes what was allocated in advance and never written`() async throws {
        let made = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.create("i", "8M", options: "preallocation=metadata")
            try tools.io("i", ["write -P 9 2M 64k"])
            return MadeImage(file: try tools.bytes("i"), contents: [])
        }
        // The storage of the test takes pages of zeroes for data, as a file system that does not look.
        let storage = SimulatedStorage(seed: 1, length: Int64(made.file.count))
        let step = 65536
        for start in stride(from: 0, to: made.file.count, by: step) {
            let part = made.file[start..<min(start + step, made.file.count)]
            guard !part.allSatisfy({ $0 == 0 }) else { continue }
            try await Array(part).withUnsafeBytesAsync { try await storage.write(at: Int64(start), from: $0, flags: []) }
        }
        let image = try await Qcow2Image.open(
            file: storage, options: Qcow2OpenOptions(purpose: .reading), offload: DispatchOffload())
        #expect(try await image.mapping(at: GuestOffset(0), limit: 512).mapping != .unallocated)
        var found: [StorageExtent] = []
        var position: Int64 = 0
        while position < image.length {
            let extent = try await image.extent(at: GuestOffset(position), limit: image.length - position)
            position += extent.length
            found.append(extent)
        }
        #expect(
            found == [StorageExtent(.zero, length: 2 << 20), StorageExtent(.data, length: 65536), StorageExtent(.zero, length: 6_225_920)])
    }

    @Test func `with internal snapshots show the active state`() async throws {
        let made = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.create("i", "4M")
            try tools.io("i", ["write -P 1 0 2M"])
            try tools.run("qemu-img", ["snapshot", "-c", "one", "i"])
            try tools.io("i", ["write -P 2 64k 1M"])
            try tools.run("qemu-img", ["snapshot", "-c", "two", "i"])
            try tools.io("i", ["write -P 3 3M 100k", "write -z 0 1k"])
            return MadeImage(file: try tools.bytes("i"), contents: try tools.rawContents("i"))
        }
        let image = try await Qcow2Image.open(made.file)
        #expect(image.header.snapshotCount == 2)
        try await image.expectContents(made.contents, seed: 1)
    }

    @Test func `with extensions that nobody knows are read`() async throws {
        var made = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.create("i", "1M")
            try tools.io("i", ["write -P 1 100k 200k"])
            return MadeImage(file: try tools.bytes("i"), contents: try tools.rawContents("i"))
        }
        var header = try await Qcow2Image.open(made.file).header
        header.unknownExtensions = [Qcow2UnknownExtension(type: 0x5151_5151, bytes: Array(1...100))]
        let bytes = try header.encode()
        made.file.replaceSubrange(0..<bytes.count, with: bytes)
        let image = try await Qcow2Image.open(made.file)
        #expect(image.header.unknownExtensions == header.unknownExtensions)
        try await image.expectContents(made.contents, seed: 1)
    }
}
