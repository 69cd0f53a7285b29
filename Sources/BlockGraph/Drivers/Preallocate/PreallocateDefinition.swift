import IOLoop
import Storage

/// Options of `preallocate`.
public struct PreallocateSpec: Sendable, Equatable {
    /// The node below, a file.
    public var file: ChildSpec
    /// The file's end is a multiple of this many bytes; nil is 1 MiB.
    public var align: Int64?
    /// So many bytes beyond a write are provided; nil is 128 MiB.
    public var size: Int64?
    /// Makes options.
    public init(file: ChildSpec, align: Int64? = nil, size: Int64? = nil) {
        self.file = file
        self.align = align
        self.size = size
    }
}

extension DriverSpec {
    /// Grows the file below in large steps.
    public static func preallocate(_ spec: PreallocateSpec) -> DriverSpec { DriverSpec(PreallocateDefinition(spec: spec)) }
}

/// The driver `preallocate`.
struct PreallocateDefinition: DriverDefinition {
    let spec: PreallocateSpec

    var name: String { "preallocate" }
    var isFilter: Bool { true }
    var hearsOfPermissions: Bool { true }
    var children: [ChildSlot] { [ChildSlot("file", .filtered, spec.file)] }

    func check(_ options: NodeOptions) throws(BlockError) {
        for (name, value) in [("prealloc-align", spec.align), ("prealloc-size", spec.size)] {
            guard value ?? 0 >= 0 else {
                throw BlockError(.invalidOption, "Parameter '\(name)' expects a non-negative number below 2^64")
            }
        }
        guard (spec.align ?? 0) % 512 == 0 else {
            throw BlockError(.invalidOption, "prealloc-align parameter of preallocate filter is not aligned to 512")
        }
    }

    /// While parents may make the file longer, nobody else may: the account of its end would be wrong.
    func permissions(_ child: ChildContext) -> Permissions {
        var result = child.standard
        if child.parent.held.isSuperset(of: [.write, .resize]) {
            result.held.formUnion([.write, .resize])
            result.shared.subtract([.write, .resize])
        }
        return result
    }

    var canReopen: Bool { true }
    var mutableOptions: [String] { givenOptions.map(\.name) }
    var lastingOptions: [String] { mutableOptions }
    var givenOptions: [NodeFilename.Option] {
        [("prealloc-align", spec.align), ("prealloc-size", spec.size)].compactMap { name, value in
            value.map { NodeFilename.Option(name: name, value: .signed($0)) }
        }
    }

    /// What the file's end is a multiple of.
    var align: Int64 { spec.align ?? 1 << 20 }
    /// How much is provided beyond a write.
    var size: Int64 { spec.size ?? 128 << 20 }

    /// Refuses ends that the node below could not have.
    func check(over file: Node) throws(BlockError) {
        let unit = file.driver.limits.requestAlignment
        guard align % Int64(unit) == 0 else {
            throw BlockError(
                .invalidOption,
                "prealloc-align parameter of preallocate filter is not aligned to underlying node request alignment (\(unit))")
        }
    }

    func makeDriver(_ opening: DriverOpening, on thread: isolated IOThread) async throws(BlockError) -> NodeDriver {
        let file = try opening.required("file")
        try check(over: file.node)
        return PreallocateDriver(file, align: align, size: size)
    }
}
