import ImageFormats
import Storage
import TestSupport
import Testing

/// Options as the library and as `qemu-img create -o` has them.
private struct Case: Sendable, CustomTestStringConvertible {
    let reference: String
    let options: Qcow2CreateOptions

    init(_ reference: String, _ options: Qcow2CreateOptions) {
        self.reference = reference
        self.options = options
    }

    var testDescription: String { "\(reference) \(options.size)" }

    static let mebibyte: Int64 = 1 << 20

    static let valid: [Case] = [
        Case("", Qcow2CreateOptions(size: 64 * mebibyte)),
        Case("", Qcow2CreateOptions(size: 0)),
        Case("", Qcow2CreateOptions(size: 512)),
        Case("", Qcow2CreateOptions(size: 1 << 46)),
        Case("compat=0.10", Qcow2CreateOptions(size: mebibyte, version: .v2)),
        Case("compat=0.10,cluster_size=2M", Qcow2CreateOptions(size: 10 * mebibyte, version: .v2, clusterSize: 2 << 20)),
        Case("cluster_size=512", Qcow2CreateOptions(size: 200 * mebibyte, clusterSize: 512)),
        Case("cluster_size=512,refcount_bits=64", Qcow2CreateOptions(size: 100 * mebibyte, clusterSize: 512, refcountBits: 64)),
        Case("lazy_refcounts=on", Qcow2CreateOptions(size: mebibyte, lazyRefcounts: true)),
        Case("refcount_bits=1", Qcow2CreateOptions(size: mebibyte, refcountBits: 1)),
        Case("compression_type=zstd", Qcow2CreateOptions(size: mebibyte, compression: .zstd)),
        Case("extended_l2=on", Qcow2CreateOptions(size: mebibyte, extendedL2: true)),
        Case("preallocation=metadata", Qcow2CreateOptions(size: 3 * mebibyte + 512, preallocation: .metadata)),
        Case(
            "preallocation=metadata,cluster_size=512,refcount_bits=64",
            Qcow2CreateOptions(size: 2 * mebibyte, clusterSize: 512, preallocation: .metadata, refcountBits: 64)),
        Case(
            "preallocation=metadata,cluster_size=1k,refcount_bits=2",
            Qcow2CreateOptions(size: 3 * mebibyte, clusterSize: 1024, preallocation: .metadata, refcountBits: 2)),
        Case(
            "preallocation=metadata,extended_l2=on,cluster_size=16k",
            Qcow2CreateOptions(size: 3 * mebibyte, clusterSize: 16384, preallocation: .metadata, extendedL2: true)),
        Case("preallocation=falloc", Qcow2CreateOptions(size: 2 * mebibyte, preallocation: .falloc)),
        Case("preallocation=full", Qcow2CreateOptions(size: 2 * mebibyte, preallocation: .full)),
        Case("preallocation=full,compat=0.10", Qcow2CreateOptions(size: mebibyte, version: .v2, preallocation: .full)),
        Case("data_file=d.raw", Qcow2CreateOptions(size: 2 * mebibyte, dataFile: "d.raw")),
        Case("data_file=d.raw,data_file_raw=on", Qcow2CreateOptions(size: 2 * mebibyte, dataFile: "d.raw", dataFileRaw: true)),
        Case(
            "data_file=d.raw,preallocation=full",
            Qcow2CreateOptions(size: 2 * mebibyte, preallocation: .full, dataFile: "d.raw")),
        Case(
            "backing_file=base,backing_fmt=raw", Qcow2CreateOptions(size: mebibyte, backingFile: "base", backingFormat: "raw")),
        Case(
            "backing_file=base,backing_fmt=raw,preallocation=metadata,extended_l2=on",
            Qcow2CreateOptions(
                size: mebibyte, preallocation: .metadata, extendedL2: true, backingFile: "base", backingFormat: "raw")),
    ]

    static let invalid: [Case] = [
        Case("cluster_size=1000", Qcow2CreateOptions(size: mebibyte, clusterSize: 1000)),
        Case("cluster_size=4M", Qcow2CreateOptions(size: mebibyte, clusterSize: 4 << 20)),
        Case("cluster_size=256", Qcow2CreateOptions(size: mebibyte, clusterSize: 256)),
        Case("extended_l2=on,cluster_size=8k", Qcow2CreateOptions(size: mebibyte, clusterSize: 8192, extendedL2: true)),
        Case("extended_l2=on,compat=0.10", Qcow2CreateOptions(size: mebibyte, version: .v2, extendedL2: true)),
        Case("lazy_refcounts=on,compat=0.10", Qcow2CreateOptions(size: mebibyte, version: .v2, lazyRefcounts: true)),
        Case("refcount_bits=7", Qcow2CreateOptions(size: mebibyte, refcountBits: 7)),
        Case("refcount_bits=128", Qcow2CreateOptions(size: mebibyte, refcountBits: 128)),
        Case("refcount_bits=8,compat=0.10", Qcow2CreateOptions(size: mebibyte, version: .v2, refcountBits: 8)),
        Case("compression_type=zstd,compat=0.10", Qcow2CreateOptions(size: mebibyte, version: .v2, compression: .zstd)),
        Case("data_file_raw=on", Qcow2CreateOptions(size: mebibyte, dataFileRaw: true)),
        Case("data_file=d.raw,compat=0.10", Qcow2CreateOptions(size: mebibyte, version: .v2, dataFile: "d.raw")),
        Case(
            "backing_file=base,backing_fmt=raw,preallocation=full",
            Qcow2CreateOptions(size: mebibyte, preallocation: .full, backingFile: "base", backingFormat: "raw")),
        Case(
            "backing_file=base,backing_fmt=raw,data_file=d.raw,data_file_raw=on",
            Qcow2CreateOptions(size: mebibyte, dataFile: "d.raw", dataFileRaw: true, backingFile: "base", backingFormat: "raw")),
    ]
}

@Suite struct `qcow2 creation` {
    /// Makes an image in a file that holds `old`.
    private func create(_ options: Qcow2CreateOptions, over old: [UInt8] = []) async throws -> (image: [UInt8], data: [UInt8]?) {
        let file = SimulatedStorage(seed: 1, contents: old)
        let data = options.dataFile.map { _ in SimulatedStorage(seed: 2, contents: old) }
        try await Qcow2Creation.create(in: file, dataFile: data, options: options)
        return (file.contents, data?.contents)
    }

    private func info(_ tools: QemuTools, _ name: String) throws -> String {
        let info = try WireParser.parse(try tools.run("qemu-img", ["info", "-f", "qcow2", "--output=json", name]))
        guard let members = info.members else { return "" }
        let kept = members.filter { !["filename", "actual-size", "full-backing-filename", "children"].contains($0.name) }
        return WireValue.object(kept).canonical
    }

    @Test(arguments: Case.valid)
    private func `makes what qemu-img makes`(example: Case) async throws {
        let made = try await create(example.options)
        try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.directory.makeFile("base", size: Int(example.options.size.clamped(to: 0...Case.mebibyte)), pattern: 7)
            let options = example.reference.isEmpty ? [] : ["-o", example.reference]
            try tools.run("qemu-img", ["create", "-q", "-f", "qcow2"] + options + ["theirs", "\(example.options.size)"])
            let length = try tools.directory.contents(of: "theirs").count
            let theirs = (try info(tools, "theirs"), try tools.check("theirs"))
            try tools.write(made.image, to: "ours")
            if let data = made.data { try tools.write(data, to: "d.raw") }
            let ours = (try info(tools, "ours"), try tools.check("ours"))
            #expect(ours.0 == theirs.0)
            #expect(ours.1?.corruptions == 0 && ours.1?.leaks == 0 && ours.1?.checkErrors == 0)
            // L2 tables between the data, or together in front of it, make one or the other cluster a neighbour.
            var numbers = ours.1
            numbers?.fragmented = theirs.1?.fragmented ?? 0
            // A refcount table that grows leaves its old places behind.
            #expect((numbers?.imageEnd ?? .max) <= (theirs.1?.imageEnd ?? 0) && made.image.count <= length)
            numbers?.imageEnd = theirs.1?.imageEnd ?? 0
            #expect(numbers == theirs.1)
            guard example.options.size < 1 << 30 else { return }
            let raw = try tools.rawContents("ours")
            let pattern: UInt8 = example.options.backingFile == nil ? 0 : 7
            #expect(raw == [UInt8](repeating: pattern, count: Int(example.options.size)))
        }
    }

    @Test(arguments: Case.valid.filter { $0.options.size < 1 << 30 })
    private func `shows nothing of what a file held before`(example: Case) async throws {
        let old = [UInt8](repeating: 0xDE, count: Int(example.options.size) + (3 << 20))
        let made = try await create(example.options, over: old)
        let backing = SimulatedStorage(seed: 3, length: example.options.size)
        let image = try await Qcow2Image.open(
            made.image, dataFile: made.data, backing: example.options.backingFile == nil ? nil : backing)
        let contents = try await image.bytes(at: 0, count: Int(image.length))
        let isZero = contents.withUnsafeBytes { isAllZero($0) }
        #expect(isZero)
        #expect(try await check(made.image).result?.isClean == true)
    }

    @Test(arguments: Case.invalid)
    private func `refuses what qemu-img refuses, in its words`(example: Case) async throws {
        let file = SimulatedStorage(seed: 1, length: 0)
        let data = example.options.dataFile.map { _ in SimulatedStorage(seed: 2, length: 0) }
        let error = await #expect(throws: BlockError.self) {
            try await Qcow2Creation.create(in: file, dataFile: data, options: example.options)
        }
        let message = try #require(error?.message)
        #expect(file.length == 0 && file.log.isEmpty)
        try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.directory.makeFile("base", size: 1 << 20)
            let process = try ChildProcess(
                "qemu-img", ["create", "-q", "-f", "qcow2", "-o", example.reference, "i", "\(example.options.size)"], in: tools.directory)
            _ = try process.waitForExit()
            #expect(process.errors == "qemu-img: i: \(message)\n")
        }
    }

    @Test func `refuses sizes that no image can have`() async {
        for (size, message) in [
            (Int64(1000), "Image size must be a multiple of 512 bytes"), (-512, "Could not resize image: Image size cannot be negative"),
            (1 << 40, "Could not resize image: Failed to grow the L1 table: File too large"),
        ] {
            let error = await #expect(throws: BlockError.self) {
                let options = Qcow2CreateOptions(size: size, clusterSize: 512)
                try await Qcow2Creation.create(in: SimulatedStorage(seed: 1, length: 0), options: options)
            }
            #expect(error?.message == message)
        }
    }

    @Test func `refuses a backing file whose name does not fit`() async {
        let name = String(repeating: "x", count: 1000)
        for (options, reason) in [
            (Qcow2CreateOptions(size: 512, clusterSize: 512, backingFile: name), "No space left on device"),
            (Qcow2CreateOptions(size: 512, backingFile: name + name), "Invalid argument"),
        ] {
            let error = await #expect(throws: BlockError.self) {
                try await Qcow2Creation.create(in: SimulatedStorage(seed: 1, length: 0), options: options)
            }
            let file = options.backingFile ?? ""
            #expect(error?.message == "Could not assign backing file '\(file)' with format '(null)': \(reason)")
        }
    }

    @Test func `leaves no image behind when the disk is full`() async throws {
        let file = SimulatedStorage(seed: 1, length: 0)
        file.capacity = 256 << 10
        let error = await #expect(throws: BlockError.self) {
            let options = Qcow2CreateOptions(size: 32 << 20, clusterSize: 512, preallocation: .metadata)
            try await Qcow2Creation.create(in: file, options: options)
        }
        #expect(error?.kind == .system(errno: 28))
        #expect(error?.message == "Could not resize image: No space left on device")
        #expect(throws: BlockError.self) { try Qcow2Header(image: file.contents) }
    }

    /// Stops at each write and loses by chance what was not flushed: over an old image, over nothing.
    @Test(arguments: Case.valid.filter { $0.options.size <= 3 << 20 })
    private func `leaves nothing that looks valid after a crash`(example: Case) async throws {
        let goal = try await create(example.options)
        let old = try await create(Qcow2CreateOptions(size: 4 << 20, preallocation: .metadata)).image
        for (variant, before) in [[], old].enumerated() {
            var writes = 0
            while true {
                let file = SimulatedStorage(seed: UInt64(writes * 2 + variant), contents: before)
                let data = example.options.dataFile.map { _ in SimulatedStorage(seed: 2, length: 0) }
                file.changesUntilDeath = writes
                let isDone = (try? await Qcow2Creation.create(in: file, dataFile: data, options: example.options)) != nil
                file.crash()
                let left = file.contents
                if let header = try? Qcow2Header(image: left) {
                    let isOld = left == before
                    let isClean = try await check(left).result?.isClean ?? false
                    let isWhole = try header == Qcow2Header(image: goal.image)
                    #expect(isOld || isWhole && isClean, "write \(writes), seed \(file.seed)")
                }
                if isDone { break }
                writes += 1
            }
        }
    }
}

extension Comparable {
    fileprivate func clamped(to range: ClosedRange<Self>) -> Self { min(max(self, range.lowerBound), range.upperBound) }
}
