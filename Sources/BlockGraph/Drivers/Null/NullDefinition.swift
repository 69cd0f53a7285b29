import IOLoop
import Storage

/// Options of `null-co` and `null-aio`.
public struct NullSpec: Sendable, Equatable {
    /// Length in bytes; nil is 1 GiB.
    public var size: Int64?
    /// How long a request takes, in nanoseconds.
    public var latency: Int64?
    /// Whether reads give zeroes.
    public var readZeroes: Bool?
    /// Makes options.
    public init(size: Int64? = nil, latency: Int64? = nil, readZeroes: Bool? = nil) {
        self.size = size
        self.latency = latency
        self.readZeroes = readZeroes
    }
}

extension DriverSpec {
    /// The driver of this name, as a path names it: the path has no room for options.
    static func null(_ driver: String, named path: String) throws(BlockError) -> DriverSpec {
        let definition = NullDefinition(driver, NullSpec())
        try definition.check(name: path)
        return DriverSpec(definition)
    }

    /// Nothing: reads give anything (or zeroes), writes vanish.
    public static func nullCo(_ spec: NullSpec) -> DriverSpec { DriverSpec(NullDefinition("null-co", spec)) }
    /// The same, completing through the loop.
    public static func nullAio(_ spec: NullSpec) -> DriverSpec { DriverSpec(NullDefinition("null-aio", spec)) }
}

/// The drivers `null-co` and `null-aio`.
struct NullDefinition: DriverDefinition {
    /// What they are called.
    static let names: Set<String> = ["null-co", "null-aio"]

    let name: String
    let spec: NullSpec

    init(_ name: String, _ spec: NullSpec) {
        self.name = name
        self.spec = spec
    }

    var isProtocol: Bool { true }
    /// Refuses a name that is not the driver's.
    func check(name: String) throws(BlockError) {
        guard name == "\(self.name)://" else {
            throw BlockError(.invalidOption, "The only allowed filename for this driver is '\(self.name)://'")
        }
    }

    var exactFilename: String? { spec.size == nil && spec.readZeroes == nil ? "\(name)://" : nil }

    var strongOptions: [NodeFilename.Option] {
        var list: [NodeFilename.Option] = []
        if let readZeroes = spec.readZeroes { list.append(.init(name: "read-zeroes", value: .boolean(readZeroes))) }
        if let size = spec.size { list.append(.init(name: "size", value: .integer(UInt64(bitPattern: size)))) }
        return list
    }

    var canReopen: Bool { true }
    var givenOptions: [NodeFilename.Option] {
        strongOptions + (spec.latency.map { [.init(name: "latency-ns", value: .integer(UInt64(bitPattern: $0)))] } ?? [])
    }

    func makeDriver(_ opening: DriverOpening, on thread: isolated IOThread) async throws(BlockError) -> NodeDriver {
        guard spec.size ?? 0 >= 0 else {
            throw BlockError(.invalidOption, "Parameter 'size' expects a non-negative number below 2^64")
        }
        guard spec.latency ?? 0 >= 0 else { throw BlockError(.invalidOption, "latency-ns is invalid") }
        return try await opening.openStorage(.null(spec), HostFileOptions(), on: thread)
    }
}
