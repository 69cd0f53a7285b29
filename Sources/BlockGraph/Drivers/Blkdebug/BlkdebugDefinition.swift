import IOLoop
public import Storage

/// Options of `blkdebug`.
public struct BlkdebugSpec: Sendable, Equatable {
    /// The node below.
    public var image: ChildSpec
    /// A file of rules.
    public var config: String?
    /// The rules, those that inject first.
    public var rules: [BlkdebugRule]
    /// Limits that it adds.
    public var limits: BlkdebugDriver.Limits
    /// Permissions that it asks of its child beyond what its parents need.
    public var takes: LockSet
    /// Permissions that it does not share with the child's other parents.
    public var unshares: LockSet
    /// How the rules are shown: option names and values, in their order.
    public var shownRules: [NodeFilename.Option]

    /// Makes options.
    public init(
        image: ChildSpec, config: String? = nil, rules: [BlkdebugRule] = [], limits: BlkdebugDriver.Limits = .init(), takes: LockSet = [],
        unshares: LockSet = [], shownRules: [NodeFilename.Option] = []
    ) {
        self.image = image
        self.config = config
        self.rules = rules
        self.limits = limits
        self.takes = takes
        self.unshares = unshares
        self.shownRules = shownRules
    }
}

extension DriverSpec {
    /// Makes requests fail.
    public static func blkdebug(_ spec: BlkdebugSpec) -> DriverSpec { DriverSpec(BlkdebugDefinition(spec: spec)) }
}

/// The driver `blkdebug`.
struct BlkdebugDefinition: DriverDefinition {
    let spec: BlkdebugSpec

    var name: String { "blkdebug" }
    var isProtocol: Bool { true }
    var isFilter: Bool { true }
    var children: [ChildSlot] { [ChildSlot("image", .filtered, spec.image)] }
    var strongOptions: [NodeFilename.Option] {
        let config = spec.config.map { [NodeFilename.Option(name: "config", value: .string($0))] } ?? []
        return config + shownLimits + spec.shownRules
    }

    /// Its own options stay as they are; what changes is the node's and its child's.
    var canReopen: Bool { true }
    var givenOptions: [NodeFilename.Option] {
        strongOptions + shown(spec.takes, as: "take-child-perms") + shown(spec.unshares, as: "unshare-child-perms")
    }

    private func shown(_ permissions: LockSet, as name: String) -> [NodeFilename.Option] {
        let known: [(LockSet, String)] = [
            (.consistentRead, "consistent-read"), (.write, "write"), (.writeUnchanged, "write-unchanged"), (.resize, "resize"),
        ]
        return known.filter { permissions.contains($0.0) }.enumerated().map {
            .init(name: "\(name).\($0.offset)", value: .string($0.element.1))
        }
    }

    private var shownLimits: [NodeFilename.Option] {
        let values = [
            ("align", spec.limits.align), ("max-transfer", spec.limits.maxTransfer), ("opt-write-zero", spec.limits.optWriteZero),
            ("max-write-zero", spec.limits.maxWriteZero), ("opt-discard", spec.limits.optDiscard),
            ("max-discard", spec.limits.maxDiscard),
        ]
        return values.compactMap { name, value in value.map { .init(name: name, value: .signed($0)) } }
    }

    func exactFilename(over children: () -> [String?]) -> String? {
        guard spec.shownRules.isEmpty, shownLimits.isEmpty, let image = children().first.flatMap({ $0 }) else { return nil }
        return "blkdebug:\(spec.config ?? ""):\(image)"
    }

    func permissions(_ child: ChildContext) -> Permissions {
        var result = child.standard
        result.held.formUnion(spec.takes)
        result.shared.subtract(spec.unshares)
        return result
    }

    func makeDriver(_ opening: DriverOpening, on thread: isolated IOThread) async throws(BlockError) -> NodeDriver {
        let image = try opening.required("image")
        var rules = spec.rules
        if let config = spec.config { rules = try await BlkdebugConfig.read(config, within: opening.fileRoots, on: thread) + rules }
        try check(image.node.driver.limits.requestAlignment)
        return BlkdebugDriver(image, rules: rules, limits: spec.limits)
    }

    /// Every limit is a multiple of those that it must be a multiple of, and below the next one's reach.
    private func check(_ below: Int) throws(BlockError) {
        let limits = spec.limits
        let int32 = Int64(Int32.max)
        if let align = limits.align, align != 0 {
            guard align > 0 else { throw BlkdebugDefinition.negative("align") }
            guard align < int32, align & (align - 1) == 0 else { throw BlkdebugDefinition.unmet("align", align) }
        }
        let align = max(limits.align ?? 0, Int64(below))
        try check("max-transfer", limits.maxTransfer, multipleOf: align)
        try check("opt-write-zero", limits.optWriteZero, multipleOf: align)
        try check("max-write-zero", limits.maxWriteZero, multipleOf: max(align, limits.optWriteZero ?? 0))
        try check("opt-discard", limits.optDiscard, multipleOf: align)
        try check("max-discard", limits.maxDiscard, multipleOf: max(align, limits.optDiscard ?? 0))
    }

    private func check(_ name: String, _ value: Int64?, multipleOf unit: Int64) throws(BlockError) {
        guard let value, value != 0 else { return }
        guard value > 0 else { throw BlkdebugDefinition.negative(name) }
        guard value < Int64(Int32.max), value % unit == 0 else { throw BlkdebugDefinition.unmet(name, value) }
    }

    private static func negative(_ name: String) -> BlockError {
        BlockError(.invalidOption, "Parameter '\(name)' expects a non-negative number below 2^64")
    }

    private static func unmet(_ name: String, _ value: Int64) -> BlockError {
        BlockError(.invalidOption, "Cannot meet constraints with \(name) \(value)")
    }
}
