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

    func makeDriver(_ opening: DriverOpening, on thread: isolated IOThread) async throws(BlockError) -> NodeDriver {
        PreallocateDriver(try opening.required("file"), align: spec.align ?? 1 << 20, size: spec.size ?? 128 << 20)
    }
}
