import IOLoop
import Storage

/// Options of `throttle`.
public struct ThrottleSpec: Sendable, Equatable {
    /// The node below.
    public var file: ChildSpec
    /// The group that the node belongs to.
    public var group: String
    /// Makes options.
    public init(file: ChildSpec, group: String) {
        self.file = file
        self.group = group
    }
}

extension DriverSpec {
    /// Holds requests back as a group's limits say.
    public static func throttle(_ spec: ThrottleSpec) -> DriverSpec { DriverSpec(ThrottleDefinition(spec: spec)) }
}

/// The driver `throttle`.
struct ThrottleDefinition: DriverDefinition {
    let spec: ThrottleSpec

    var name: String { "throttle" }
    var isFilter: Bool { true }
    var holdsRequests: Bool { true }
    var children: [ChildSlot] { [ChildSlot("file", .filtered, spec.file)] }
    var references: [String] { ["throttle group '\(spec.group)'"] }
    var strongOptions: [NodeFilename.Option] { [.init(name: "throttle-group", value: .string(spec.group))] }

    var canReopen: Bool { true }
    var mutableOptions: [String] { ["throttle-group"] }

    func makeDriver(_ opening: DriverOpening, on thread: isolated IOThread) async throws(BlockError) -> NodeDriver {
        let file = try opening.required("file")
        let groups = opening.surroundings.throttleGroups
        return ThrottleDriver(file, group: try groups.existing(spec.group), of: groups)
    }
}
