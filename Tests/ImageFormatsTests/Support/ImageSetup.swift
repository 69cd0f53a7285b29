import ImageFormats
import Storage
import TestSupport
import Testing

/// A kind of image that random operations are tried on.
struct ImageSetup: Sendable, CustomTestStringConvertible {
    /// What `qemu-img create` is told.
    let options: String
    let length: Int
    let clusterSize: Int
    var backingLength: Int?
    var hasZeroBit = true
    /// Bytes of the L2 cache; few, so that slices are evicted while they are dirty.
    var l2CacheSize: UInt64?
    /// Keeps the space of what is discarded.
    var discardNoUnref = false
    /// Tells the host about what is discarded.
    var passesDiscards = false

    var testDescription: String { "\(options) length=\(length) backing=\(backingLength ?? 0) cache=\(l2CacheSize ?? 0)" }
    var hasDataFile: Bool { options.contains("data_file") }
    var isLazy: Bool { options.contains("lazy_refcounts=on") }

    var openOptions: Qcow2OpenOptions {
        var result = Qcow2OpenOptions(l2CacheSize: l2CacheSize, l2CacheEntrySize: l2CacheSize == nil ? nil : 512)
        result.discardNoUnref = discardNoUnref
        result.passDiscardRequest = passesDiscards
        return result
    }

    /// Options, lengths and caches, all small: what matters is how tables and clusters meet.
    static let all: [ImageSetup] = [
        ImageSetup(options: "cluster_size=64k", length: 3 << 20 + 1536, clusterSize: 65536, passesDiscards: true),
        ImageSetup(options: "cluster_size=512", length: 300 << 10, clusterSize: 512, l2CacheSize: 1024),
        ImageSetup(options: "cluster_size=512,refcount_bits=64", length: 200 << 10, clusterSize: 512, passesDiscards: true),
        ImageSetup(options: "cluster_size=512,refcount_bits=1", length: 200 << 10, clusterSize: 512),
        ImageSetup(options: "cluster_size=1k,refcount_bits=2", length: 300 << 10 + 512, clusterSize: 1024, backingLength: 200 << 10),
        ImageSetup(
            options: "cluster_size=4k,refcount_bits=8", length: 700 << 10, clusterSize: 4096, backingLength: 500 << 10 + 512,
            l2CacheSize: 1024),
        ImageSetup(options: "cluster_size=4k,compat=0.10", length: 700 << 10, clusterSize: 4096, hasZeroBit: false),
        ImageSetup(
            options: "cluster_size=1k,compat=0.10", length: 300 << 10, clusterSize: 1024, backingLength: 100 << 10 + 512, hasZeroBit: false),
        ImageSetup(options: "cluster_size=16k,extended_l2=on", length: 1 << 20 + 512, clusterSize: 16384),
        ImageSetup(
            options: "cluster_size=16k,extended_l2=on", length: 1 << 20, clusterSize: 16384, backingLength: 600 << 10 + 512,
            l2CacheSize: 1024,
            passesDiscards: true),
        ImageSetup(options: "cluster_size=4k,compression_type=zstd", length: 700 << 10, clusterSize: 4096),
        ImageSetup(options: "cluster_size=4k,lazy_refcounts=on", length: 700 << 10, clusterSize: 4096, l2CacheSize: 1024),
        ImageSetup(options: "cluster_size=4k", length: 700 << 10, clusterSize: 4096, discardNoUnref: true, passesDiscards: true),
        ImageSetup(options: "cluster_size=4k,preallocation=metadata", length: 700 << 10, clusterSize: 4096),
        ImageSetup(options: "cluster_size=16k,extended_l2=on,preallocation=metadata", length: 1 << 20, clusterSize: 16384),
        ImageSetup(options: "cluster_size=4k,data_file=d", length: 700 << 10, clusterSize: 4096, passesDiscards: true),
        ImageSetup(options: "cluster_size=4k,data_file=d", length: 700 << 10, clusterSize: 4096, backingLength: 300 << 10),
        ImageSetup(options: "cluster_size=4k,data_file=d,data_file_raw=on", length: 700 << 10, clusterSize: 4096, passesDiscards: true),
        ImageSetup(options: "cluster_size=16k,extended_l2=on,data_file=d", length: 1 << 20, clusterSize: 16384, passesDiscards: true),
        ImageSetup(options: "cluster_size=2M", length: 9 << 20, clusterSize: 2 << 20),
    ]

    /// The image as the tools make it.
    func make() async throws -> ImageTemplate {
        var chance = SeededGenerator(seed: 99)
        let backing = backingLength.map { length in (0..<length).map { _ in UInt8.random(in: 1...255, using: &chance) } }
        let (options, length, hasDataFile) = (options, length, hasDataFile)
        return try await BlockingWork.shared.run {
            let tools = try QemuTools()
            if let backing { try tools.put("base", backing) }
            try tools.create("i", "\(length)", options: options, backing: backing == nil ? nil : "base", backingFormat: "raw")
            return ImageTemplate(file: try tools.bytes("i"), data: hasDataFile ? try tools.bytes("d") : nil, backing: backing)
        }
    }
}

/// The bytes of a new image and its children.
struct ImageTemplate: Sendable {
    let file: [UInt8]
    let data: [UInt8]?
    let backing: [UInt8]?

    /// What the virtual disk shows.
    func contents(length: Int) -> [UInt8] {
        let shown = Array((backing ?? []).prefix(length))
        return shown + [UInt8](repeating: 0, count: length - shown.count)
    }
}

/// An image on simulated storages.
final class TestImage {
    let setup: ImageSetup
    let file: SimulatedStorage
    let data: SimulatedStorage?
    let backing: SimulatedStorage?
    var image: Qcow2Image

    init(_ setup: ImageSetup, file: SimulatedStorage, data: SimulatedStorage?, backing: SimulatedStorage?) async throws {
        (self.setup, self.file, self.data, self.backing) = (setup, file, data, backing)
        image = try await Self.open(setup, file, data, backing)
    }

    convenience init(_ setup: ImageSetup, _ template: ImageTemplate, seed: UInt64) async throws {
        try await self.init(
            setup, file: SimulatedStorage(seed: seed, contents: template.file),
            data: template.data.map { SimulatedStorage(seed: seed &+ 1, contents: $0) },
            backing: template.backing.map { SimulatedStorage(seed: 0, contents: $0) })
    }

    static func open(_ setup: ImageSetup, _ file: BlockStorage, _ data: BlockStorage?, _ backing: BlockStorage?) async throws -> Qcow2Image
    {
        let image = try await Qcow2Image.open(file: file, options: setup.openOptions, offload: DispatchOffload())
        image.dataFile = data
        image.backing = backing
        try image.checkDataFile()
        return image
    }

    /// Closes the image cleanly and opens it again.
    func reopen() async throws {
        try await image.finishWriting()
        image = try await Self.open(setup, file, data, backing)
    }

    /// What `qemu-img check` says of the image as it is, and what `qemu-img convert` reads from it.
    func judge(converting: Bool) async throws -> (complaint: String?, contents: [UInt8]?) {
        let (file, data, backing) = (file.contents, data?.contents, backing?.contents)
        return try await BlockingWork.shared.run {
            let tools = try QemuTools()
            try tools.put("i", file)
            if let data { try tools.put("d", data) }
            if let backing { try tools.put("base", backing) }
            let said = try tools.run("qemu-img", ["check", "-f", "qcow2", "i"], allowed: [0, 1, 2, 3])
            let isClean = said.contains("No errors were found")
            return (isClean ? nil : said, converting ? try tools.rawContents("i") : nil)
        }
    }
}

extension QemuTools {
    /// Makes a file of these bytes.
    func put(_ name: String, _ bytes: [UInt8]) throws {
        try directory.makeFile(name, size: bytes.count)
        try directory.write(name, at: 0, bytes)
    }
}
