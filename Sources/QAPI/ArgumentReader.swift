internal import JSON

/// Reads the members of one object in the order of the schema and notes which were asked for.
///
/// Errors come in QEMU's order: members in the order of the schema, whichever way they were sent; what is unexpected last.
public struct ArgumentReader: ~Escapable {
    /// The object; none when a command comes without arguments.
    private let view: JSONView?
    private let path: ArgumentPath
    private let style: ArgumentStyle
    /// The members that were asked for and are there.
    private var read: [String] = []

    @_lifetime(copy view)
    init(_ view: JSONView, path: ArgumentPath, style: ArgumentStyle) {
        self.view = view
        self.path = path
        self.style = style
    }

    /// Reads the arguments of a command that has none.
    @_lifetime(immortal)
    init() {
        self.view = nil
        self.path = .root
        self.style = .json
    }

    /// Reads a member that must be there.
    public mutating func required<Value: QAPIValue>(_ name: String, as type: Value.Type = Value.self) throws(ArgumentError) -> Value {
        guard let value = try optional(name, as: type) else { throw .missing(path.name(of: .member(name), style)) }
        return value
    }

    /// Reads a member that may be missing. A null counts as there.
    public mutating func optional<Value: QAPIValue>(_ name: String, as type: Value.Type = Value.self) throws(ArgumentError) -> Value? {
        guard let view, let member = view.member(name) else { return nil }
        read.append(name)
        return try Value(from: ArgumentValue(member, outer: path, step: .member(name), style: style))
    }

    /// Refuses members that were not asked for.
    public func finish() throws(ArgumentError) {
        guard let view, view.count != read.count else { return }
        try view.forEachMember { (name, _) throws(ArgumentError) in
            if !read.contains(name) { throw .unexpected(path.name(of: .member(name), style)) }
        }
    }
}
