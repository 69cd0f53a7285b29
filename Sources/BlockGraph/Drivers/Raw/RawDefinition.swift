import IOLoop
import ImageFormats
import Storage

/// Options of `raw`.
public struct RawSpec: Sendable, Equatable {
    /// Where the image begins in the file; nil is 0.
    public var offset: UInt64?
    /// The image's length; nil is up to the file's end.
    public var size: UInt64?
    /// The node that holds the image.
    public var file: ChildSpec
    /// Makes options.
    public init(file: ChildSpec, offset: UInt64? = nil, size: UInt64? = nil) {
        self.file = file
        self.offset = offset
        self.size = size
    }
}

extension DriverSpec {
    /// A raw image in another node.
    public static func raw(_ spec: RawSpec) -> DriverSpec { DriverSpec(RawDefinition(spec: spec)) }

    /// The file of a raw image; nil for other drivers.
    public var rawFile: ChildSpec? { (definition as? RawDefinition)?.spec.file }
}

/// The driver `raw`.
struct RawDefinition: DriverDefinition {
    let spec: RawSpec
    /// Whether nobody said that the image is raw.
    var isProbed = false

    var name: String { "raw" }
    var children: [ChildSlot] { [ChildSlot("file", isWindow ? .data : .filtered, spec.file)] }
    private var isWindow: Bool { spec.offset ?? 0 > 0 || spec.size != nil }

    var strongOptions: [NodeFilename.Option] {
        [("offset", spec.offset), ("size", spec.size)].compactMap { name, value in
            value.map { NodeFilename.Option(name: name, value: .integer($0)) }
        }
    }

    var canReopen: Bool { true }
    var mutableOptions: [String] { ["offset", "size"] }

    /// Refuses a window that no file can hold.
    func check() throws(BlockError) {
        for (name, value) in [("offset", spec.offset), ("size", spec.size)] {
            guard let value, value > UInt64(Int64.max) else { continue }
            throw BlockError(.invalidOption, "Parameter '\(name)' expects a non-negative number below 2^64")
        }
    }

    /// The image's length is its file's, so writing needs no right to resize unless a parent wants to.
    func permissions(_ child: ChildContext) -> Permissions {
        var result = child.standard
        result.held.subtract([.write, .resize])
        result.held.formUnion(child.parent.held.intersection([.write, .resize]))
        return result
    }

    func makeDriver(_ opening: DriverOpening, on thread: isolated IOThread) async throws(BlockError) -> NodeDriver {
        let file = try opening.required("file")
        let layout = try RawLayout(offset: spec.offset ?? 0, size: spec.size, fileLength: file.node.length)
        return isProbed ? ProbedRawDriver(file, layout: layout) : RawDriver(file, layout: layout)
    }
}
