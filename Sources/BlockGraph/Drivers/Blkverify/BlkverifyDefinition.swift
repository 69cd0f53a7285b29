import IOLoop
import Storage

/// Options of `blkverify`.
public struct BlkverifySpec: Sendable, Equatable {
    /// The node that is tested.
    public var test: ChildSpec
    /// The node that is right.
    public var raw: ChildSpec
    /// Makes options.
    public init(test: ChildSpec, raw: ChildSpec) {
        self.test = test
        self.raw = raw
    }
}

extension DriverSpec {
    /// Compares two nodes.
    public static func blkverify(_ spec: BlkverifySpec) -> DriverSpec { DriverSpec(BlkverifyDefinition(spec: spec)) }
}

/// The driver `blkverify`.
struct BlkverifyDefinition: DriverDefinition {
    let spec: BlkverifySpec

    var name: String { "blkverify" }
    var isProtocol: Bool { true }
    var isFilter: Bool { true }
    var children: [ChildSlot] { [ChildSlot("raw", .filtered, spec.raw), ChildSlot("test", .data, spec.test)] }

    func exactFilename(over children: () -> [String?]) -> String? {
        let children = children()
        guard children.count == 2, let raw = children[0], let test = children[1] else { return nil }
        return "blkverify:\(raw):\(test)"
    }

    func makeDriver(_ opening: DriverOpening, on thread: isolated IOThread) async throws(BlockError) -> NodeDriver {
        BlkverifyDriver(raw: try opening.required("raw"), test: try opening.required("test"))
    }
}
