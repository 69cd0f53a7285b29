import IOLoop
public import Storage

/// Options of `file` and `host_device`.
public struct FileSpec: Sendable, Equatable {
    /// The path on the host.
    public var filename: String
    /// How requests reach the kernel; nil chooses.
    public var aio: HostFileOptions.AsyncIO?
    /// Whether the image is locked against other processes.
    public var locking: HostFileOptions.Locking { givenLocking ?? .auto }
    /// The same, as it was said.
    public var givenLocking: HostFileOptions.Locking?
    /// Makes options.
    public init(filename: String, aio: HostFileOptions.AsyncIO? = nil, locking: HostFileOptions.Locking? = nil) {
        self.filename = filename
        self.aio = aio
        givenLocking = locking
    }
}

extension DriverSpec {
    /// A regular file.
    public static func file(_ spec: FileSpec) -> DriverSpec { DriverSpec(FileDefinition(.file, spec)) }
    /// A block or character device.
    public static func hostDevice(_ spec: FileSpec) -> DriverSpec { DriverSpec(FileDefinition(.hostDevice, spec)) }
}

/// The drivers `file` and `host_device`.
struct FileDefinition: DriverDefinition {
    let driver: HostFileOptions.Driver
    let spec: FileSpec

    init(_ driver: HostFileOptions.Driver, _ spec: FileSpec) {
        self.driver = driver
        self.spec = spec
    }

    var name: String { driver.rawValue }
    var isProtocol: Bool { true }
    var locksImage: Bool { true }
    var exactFilename: String? { spec.filename }
    var strongOptions: [NodeFilename.Option] { [.init(name: "filename", value: .string(spec.filename))] }

    var canReopen: Bool { true }
    var givenOptions: [NodeFilename.Option] {
        var options = strongOptions
        if let aio = spec.aio { options.append(.init(name: "aio", value: .string(aio.rawValue))) }
        if let locking = spec.givenLocking { options.append(.init(name: "locking", value: .string(locking.rawValue))) }
        return options
    }

    func check(_ options: NodeOptions) throws(BlockError) {
        guard !spec.filename.isEmpty else {
            throw BlockError(.invalidOption, "The '\(name)' block driver requires a file name")
        }
    }

    func makeDriver(_ opening: DriverOpening, on thread: isolated IOThread) async throws(BlockError) -> NodeDriver {
        var host = hostOptions(opening.options)
        host.roots = opening.fileRoots
        return try await opening.openStorage(driver == .file ? .file(spec) : .hostDevice(spec), host, on: thread)
    }

    /// How the file is opened under the node's options.
    func hostOptions(_ options: NodeOptions) -> HostFileOptions {
        HostFileOptions(
            driver: driver, access: options.readOnly ? .readOnly : options.autoReadOnly ? .automatic : .readWrite,
            direct: options.cacheDirect, asyncIO: spec.aio, locking: spec.locking, discard: options.discard == .unmap)
    }
}
