import IOLoop
import Storage

/// Options of `copy-on-read`.
public struct CopyOnReadSpec: Sendable, Equatable {
    /// The node below.
    public var file: ChildSpec
    /// The lowest node whose bytes are kept; nil is all of the chain.
    public var bottom: String?
    /// Makes options.
    public init(file: ChildSpec, bottom: String? = nil) {
        self.file = file
        self.bottom = bottom
    }
}

extension DriverSpec {
    /// Keeps in the node below what is read from its backing files.
    public static func copyOnRead(_ spec: CopyOnReadSpec) -> DriverSpec { DriverSpec(CopyOnReadDefinition(spec: spec)) }
}

/// The driver `copy-on-read`.
struct CopyOnReadDefinition: DriverDefinition {
    let spec: CopyOnReadSpec

    var name: String { "copy-on-read" }
    var isFilter: Bool { true }
    var children: [ChildSlot] { [ChildSlot("file", .filtered, spec.file)] }

    /// It always writes what is there already.
    func permissions(_ child: ChildContext) -> Permissions {
        let passed: LockSet = [.consistentRead, .write, .resize]
        return Permissions(
            held: child.parent.held.intersection(passed).union(.writeUnchanged),
            shared: child.parent.shared.intersection(passed).union(.writeUnchanged))
    }

    func makeDriver(_ opening: DriverOpening, on thread: isolated IOThread) async throws(BlockError) -> NodeDriver {
        let file = try opening.required("file")
        if let bottom = spec.bottom { try CopyOnReadDefinition.check(bottom, below: file.node) }
        return CopyOnReadDriver(file, bottom: spec.bottom)
    }

    /// The bottom node is one of the chain's layers. (QEMU never returns when it is a node elsewhere.)
    private static func check(_ bottom: String, below top: Node) throws(BlockError) {
        var next: Node? = top
        while let node = next {
            if node.name == bottom {
                guard node.driver is FilterDriver else { return }
                throw BlockError(.invalidOption, "Bottom node '\(bottom)' is a filter")
            }
            if let filter = node.driver as? FilterDriver {
                next = filter.child.node
            } else {
                next = node.driver.children.first { $0.name == "backing" }?.node
            }
        }
        throw BlockError(.invalidOption, "Bottom node '\(bottom)' not found")
    }
}
