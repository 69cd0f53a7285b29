import Storage

/// A node's options after inheritance.
public struct NodeOptions: Sendable, Equatable {
    /// Writes are refused.
    public var readOnly = false
    /// Read-only where the file allows no more.
    public var autoReadOnly = false
    /// Others' locks are ignored.
    public var forceShare = false
    /// What becomes of discards.
    public var discard = DiscardMode.ignore
    /// What becomes of writes of zeroes.
    public var detectZeroes = DetectZeroes.off
    /// Past the page cache.
    public var cacheDirect = false
    /// Flushes are ignored.
    public var cacheNoFlush = false
    /// Whether an image's header named the node, or what it is part of.
    var isNamedInHeader = false
    /// Options that were given with nothing in them.
    var emptyOptions: [String] = []

    /// No options.
    public init() {}

    /// What a spec says, completed from its parent's options as a child of this role inherits them.
    init(_ spec: NodeSpec, parent: (options: NodeOptions, role: ChildRole)?) {
        let inherited = parent.map { $0.options.inherited(as: $0.role) } ?? NodeOptions()
        readOnly = spec.readOnly ?? inherited.readOnly
        autoReadOnly = spec.autoReadOnly ?? inherited.autoReadOnly
        forceShare = spec.forceShare ?? inherited.forceShare
        discard = spec.discard ?? inherited.discard
        detectZeroes = spec.detectZeroes
        cacheDirect = spec.cacheDirect ?? inherited.cacheDirect
        cacheNoFlush = spec.cacheNoFlush ?? inherited.cacheNoFlush
        isNamedInHeader = inherited.isNamedInHeader
        emptyOptions = spec.emptyOptions
    }

    /// What a child that says nothing has. A backing file is for reading; each child discards what its parent lets through.
    func inherited(as role: ChildRole) -> NodeOptions {
        var result = NodeOptions()
        result.forceShare = forceShare
        result.cacheDirect = cacheDirect
        result.cacheNoFlush = cacheNoFlush
        result.isNamedInHeader = isNamedInHeader
        result.discard = .unmap
        if role == .backing {
            result.readOnly = true
        } else {
            result.readOnly = readOnly
            result.autoReadOnly = autoReadOnly
        }
        return result
    }

    /// How the node treats its requests.
    var traits: NodeTraits {
        NodeTraits(isReadOnly: readOnly, detectZeroes: detectZeroes, discard: discard, ignoresFlush: cacheNoFlush)
    }

    /// Refuses options that contradict each other, in QEMU's order.
    func check(_ definition: any DriverDefinition) throws(BlockError) {
        guard !forceShare || readOnly else {
            throw BlockError(.invalidOption, "force-share=on can only be used with read-only images")
        }
        try definition.check(self)
        try checkDetectZeroes()
    }

    /// Refuses an option with nothing in it. QEMU does so last, when the node is open.
    func checkEmpty(_ definition: any DriverDefinition) throws(BlockError) {
        guard let option = emptyOptions.first else { return }
        throw BlockError(
            .invalidOption,
            definition.isProtocol
                ? "Block protocol '\(definition.name)' doesn't support the option '\(option)'"
                : "Block format '\(definition.name)' does not support the option '\(option)'")
    }

    /// Zeroes are unmapped only where discards are.
    func checkDetectZeroes() throws(BlockError) {
        guard detectZeroes != .unmap || discard == .unmap else {
            throw BlockError(
                .invalidOption, "setting detect-zeroes to unmap is not allowed without setting discard operation to unmap")
        }
    }
}
