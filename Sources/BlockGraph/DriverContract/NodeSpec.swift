/// Everything that `blockdev-add` can say about a node: typed, checked where it is opened.
public struct NodeSpec: Sendable, Equatable {
    /// The node-name; nil lets the graph make one, which a root node may not.
    public var nodeName: String?
    /// What the node is.
    public var driver: DriverSpec
    /// nil inherits from the parent, or is false.
    public var readOnly: Bool?
    /// Read-only where the file allows no more; nil inherits, or is false.
    public var autoReadOnly: Bool?
    /// Ignore other users' locks; only for reading. nil inherits, or is false.
    public var forceShare: Bool?
    /// nil is `ignore` for a root node, and `unmap` for an inline child, whose parent has the say.
    public var discard: DiscardMode?
    /// What becomes of writes of zeroes.
    public var detectZeroes: DetectZeroes
    /// cache.direct: past the page cache. nil inherits, or is false.
    public var cacheDirect: Bool?
    /// cache.no-flush: flushes are ignored. nil inherits, or is false.
    public var cacheNoFlush: Bool?
    /// Options that were given with nothing in them, such as `cache: {}`. QEMU has no option left then that a driver could know, and says so.
    public var emptyOptions: [String] = []

    /// Makes a spec; what is not given has the default of `blockdev-add`.
    public init(
        nodeName: String? = nil, driver: DriverSpec, readOnly: Bool? = nil, autoReadOnly: Bool? = nil, forceShare: Bool? = nil,
        discard: DiscardMode? = nil, detectZeroes: DetectZeroes = .off, cacheDirect: Bool? = nil, cacheNoFlush: Bool? = nil
    ) {
        self.nodeName = nodeName
        self.driver = driver
        self.readOnly = readOnly
        self.autoReadOnly = autoReadOnly
        self.forceShare = forceShare
        self.discard = discard
        self.detectZeroes = detectZeroes
        self.cacheDirect = cacheDirect
        self.cacheNoFlush = cacheNoFlush
    }

    /// The existing nodes that it builds on, at any depth.
    var namedChildren: [String] {
        (driver.definition.children + driver.definition.lateChildren).flatMap { slot -> [String] in
            switch slot.content {
            case .child(.named(let name)): [name]
            case .child(.inline(let spec)): spec.namedChildren
            case .header: []
            }
        }
    }

    /// What it reaches by name in the daemon beside files, at any depth, in words for a refusal.
    var references: [String] {
        let slots = driver.definition.children + driver.definition.lateChildren
        return driver.definition.references
            + slots.flatMap { slot -> [String] in
                switch slot.content {
                case .child(.named(let name)): ["node '\(name)'"]
                case .child(.inline(let spec)): spec.references
                case .header: []
                }
            }
    }
}

/// A driver and its own options: one definition, boxed. Each driver's folder adds a function here that makes its own: `.raw(...)`.
public struct DriverSpec: Sendable, Equatable {
    /// What the driver is and how its node is made.
    public let definition: any DriverDefinition

    /// Boxes a definition.
    public init(_ definition: any DriverDefinition) { self.definition = definition }

    /// The name on the wire.
    public var name: String { definition.name }

    /// Whether both are the same driver with the same options.
    public static func == (left: DriverSpec, right: DriverSpec) -> Bool { left.definition.isEqual(to: right.definition) }
}

/// A child: a node that exists, or one to be opened for its parent alone.
public indirect enum ChildSpec: Sendable, Equatable {
    /// The node of this name.
    case named(String)
    /// Opened with the parent, gone with it.
    case inline(NodeSpec)
}
