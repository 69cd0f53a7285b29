import ImageFormats
import Storage
import TestSupport
import Testing

@Suite struct `qcow2 headers` {
    /// Parses as an image is opened: with more bytes whenever more are asked for.
    private func parse(_ file: [UInt8]) throws(BlockError) -> Qcow2Header {
        var available = 104
        while true {
            let padding = [UInt8](repeating: 0, count: max(0, available - file.count))
            switch try Qcow2Header.parse(Array(file.prefix(available)) + padding) {
            case .header(let header): return header
            case .needs(let bytes):
                precondition(bytes > available, "parsing makes progress")
                available = bytes
            }
        }
    }

    @Test(arguments: [
        ("compat=0.10", 2, 16, 4), ("compat=1.1", 3, 16, 4), ("cluster_size=512", 3, 9, 4), ("cluster_size=2M", 3, 21, 4),
        ("refcount_bits=1", 3, 16, 0), ("refcount_bits=64", 3, 16, 6), ("extended_l2=on", 3, 16, 4),
        ("compression_type=zstd", 3, 16, 4), ("lazy_refcounts=on", 3, 16, 4), ("data_file=d.raw", 3, 16, 4),
        ("data_file=d.raw,data_file_raw=on", 3, 16, 4), ("compat=0.10,cluster_size=512", 2, 9, 4),
    ])
    func `are read and written again as qemu-img makes them`(options: String, version: UInt32, bits: UInt32, order: UInt32) async throws {
        let file = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.create("i", "3M", options: options)
            return try tools.bytes("i")
        }
        let header = try parse(file)
        try header.validate(for: .writing)
        #expect(header.version == version && header.clusterBits == bits && header.refcountOrder == order)
        #expect(header.length == 3 << 20)
        #expect(header.needsDataFile == options.contains("data_file"))
        #expect(header.dataFileName == (options.contains("data_file") ? "d.raw" : nil))
        #expect(header.isDataFileRaw == options.contains("raw=on"))
        #expect(header.compression == (options.contains("zstd") ? .zstd : .zlib))
        #expect(header.geometry.hasSubclusters == options.contains("extended_l2"))
        let encoded = try header.encode()
        #expect(encoded == Array(file.prefix(encoded.count)))
        #expect(try parse(encoded) == header)
    }

    @Test func `name the backing file and its format`() async throws {
        let file = try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.create("base", "1M")
            try tools.create("i", nil, backing: "base")
            return try tools.bytes("i")
        }
        let header = try parse(file)
        #expect(header.backingFile == "base" && header.backingFormat == "qcow2")
        #expect(try header.encode() == Array(file.prefix(try header.encode().count)))
    }

    /// A header of version 3 with everything in it.
    private func full() -> Qcow2Header {
        var header = Qcow2Header(version: 3, clusterBits: 16, virtualSize: 1 << 30)
        header.l1Entries = 2
        header.l1Offset = 0x30000
        header.refcountTableOffset = 0x10000
        header.refcountTableClusters = 1
        header.additionalFields += [1, 2, 3, 4, 5, 6, 7, 8]
        header.autoclear = .bitmaps
        header.bitmaps = Qcow2BitmapsExtension(count: 3, directorySize: 96, directoryOffset: 0x50000)
        header.backingFile = "some/where"
        header.backingFormat = "raw"
        header.unknownExtensions = [
            Qcow2UnknownExtension(type: 0x1234_5678, bytes: [1, 2, 3]), Qcow2UnknownExtension(type: 7, bytes: []),
            Qcow2UnknownExtension(type: 0x1234_5678, bytes: Array(repeating: 9, count: 300)),
        ]
        return header
    }

    @Test func `keep unknown extensions and fields byte for byte`() throws {
        var header = full()
        let again = try parse(try header.encode())
        header.featureNames = Qcow2FeatureName.known
        #expect(again == header)
    }

    @Test func `that do not fit into the first cluster are refused`() throws {
        var header = full()
        header.unknownExtensions.append(Qcow2UnknownExtension(type: 9, bytes: Array(repeating: 1, count: 65536)))
        #expect(throws: BlockError.system(28)) { try header.encode() }
    }

    /// What is wrong, and what the reference says.
    static let wrongFields: [(String, @Sendable (inout Qcow2Header) -> Void)] = [
        ("Unsupported qcow2 feature(s): Unknown incompatible feature: 20", { $0.incompatible = .init(rawValue: 0x20) }),
        (
            "Unsupported qcow2 feature(s): spare, Unknown incompatible feature: 8000000000000000",
            {
                $0.incompatible = .init(rawValue: 0x8000_0000_0000_0040)
                $0.featureNames = [Qcow2FeatureName(.incompatible, bit: 6, name: "spare")]
            }
        ),
        ("qcow2: Image is corrupt; cannot be opened read/write", { $0.incompatible = .corrupt }),
        ("qcow2: unknown compression type: 2", { $0.compressionNumber = 2 }),
        ("qcow2: Compression type incompatible feature bit must be set", { $0.compressionNumber = 1 }),
        ("qcow2: Compression type incompatible feature bit must not be set", { $0.incompatible = .compressionType }),
        ("Reference count entry width too large; may not exceed 64 bits", { $0.refcountOrder = 7 }),
        (
            "Unsupported subcluster size: 256",
            {
                $0.incompatible = .extendedL2
                $0.clusterBits = 13
            }
        ),
        ("The image is encrypted with AES, which is not supported", { $0.encryption = 1 }),
        ("The image is encrypted with LUKS, which is not supported", { $0.encryption = 2 }),
        ("Unsupported encryption method 3", { $0.encryption = 3 }),
        ("Image does not contain a reference count table", { $0.refcountTableClusters = 0 }),
        ("Reference count table too large", { $0.refcountTableClusters = 129 }),
        ("Reference count table offset invalid", { $0.refcountTableOffset = 0x10200 }),
        ("Reference count table offset invalid", { $0.refcountTableOffset = 0xffff_ffff_ffff_0000 }),
        ("Snapshot table too large", { $0.snapshotCount = 65537 }),
        ("Snapshot table offset invalid", { $0.snapshotsOffset = 1 }),
        ("Active L1 table too large", { $0.l1Entries = 4 << 20 | 1 }),
        ("Active L1 table offset invalid", { $0.l1Offset = 0x7fff_ffff_ffff_fff8 }),
        ("Image is too big", { $0.virtualSize = 1 << 62 }),
        ("Could not refresh total sector count: File too large", { $0.virtualSize = .max }),
        ("L1 table is too small", { $0.l1Entries = 1 }),
        ("bitmaps_ext: Image has 65536 bitmaps, exceeding the QEMU supported maximum of 65535", { $0.bitmaps?.count = 65536 }),
        ("found bitmaps extension with zero bitmaps", { $0.bitmaps?.count = 0 }),
        ("bitmaps_ext: invalid bitmap directory offset", { $0.bitmaps?.directoryOffset = 8 }),
        (
            "bitmaps_ext: bitmap directory size (67107841) exceeds the maximum supported size (67107840)",
            { $0.bitmaps?.directorySize = 67_107_841 }
        ),
        ("data-file-raw requires a data file", { $0.autoclear.insert(.rawExternalData) }),
    ]

    @Test(arguments: wrongFields.indices)
    func `with a wrong field are refused in the reference's words`(index: Int) throws {
        let (message, damage) = Self.wrongFields[index]
        var header = full()
        damage(&header)
        do {
            try header.validate(for: .writing)
            Issue.record("accepted: \(message)")
        } catch {
            #expect(error.message == message)
        }
    }

    @Test(arguments: [
        (0, [0x51, 0x46, 0x49, 0xfa], "Image is not in qcow2 format"), (4, [0, 0, 0, 1], "Unsupported qcow2 version 1"),
        (4, [0, 0, 0, 4], "Unsupported qcow2 version 4"), (20, [0, 0, 0, 8], "Unsupported cluster size: 2^8"),
        (20, [0, 0, 0, 22], "Unsupported cluster size: 2^22"), (100, [0, 0, 0, 103], "qcow2 header too short"),
        (100, [0, 1, 0, 1], "qcow2 header exceeds cluster size"), (8, [0, 0, 0, 0, 0, 1, 0, 1], "Invalid backing file offset"),
        (16, [0, 0, 4, 0], "Backing file name too long"), (124, [0, 1, 0, 0], "Header extension too large"),
        (120, [0xe2, 0x79, 0x2a, 0xca, 0, 0, 0, 16], "ERROR: ext_backing_format: len=16 too large (>=16)"),
        (120, [0x05, 0x37, 0xbe, 0x77], "CRYPTO header extension only expected with LUKS encryption method"),
        (120, [0x23, 0x85, 0x28, 0x75], "bitmaps_ext: Invalid extension length"),
    ])
    func `with a broken layout are refused in the reference's words`(offset: Int, bytes: [UInt8], message: String) throws {
        var file = try full().encode()
        file.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        do {
            _ = try parse(file)
            Issue.record("accepted: \(message)")
        } catch {
            #expect(error.message == message)
        }
    }

    @Test func `survive every single byte being anything`() throws {
        let file = try full().encode()
        for offset in file.indices {
            for value: UInt8 in [0, 1, 0x7f, 0x80, 0xff, file[offset] ^ 1] {
                var damaged = file
                damaged[offset] = value
                guard let header = try? parse(damaged) else { continue }
                _ = try? header.validate(for: .writing)
                _ = try? header.validate(for: .checking)
                _ = try? header.encode()
            }
        }
    }
}
