public import JSON

/// One value in the arguments of a command, and where it stands.
public struct ArgumentValue: ~Escapable {
    /// Objects and arrays may be nested so deep inside of the arguments. The recursion of generated initialisers ends here, not the thread's stack.
    public static let maximumDepth = 100
    /// The longest string of an argument, in bytes: names, paths and URIs are far shorter. What is done with one, up to the refusal that repeats it, then
    /// holds nobody up.
    public static let longestString = 64 << 10

    let view: JSONView
    let outer: ArgumentPath
    let step: ArgumentStep
    let style: ArgumentStyle

    /// The arguments as a whole.
    @_lifetime(copy view)
    public init(_ view: JSONView, style: ArgumentStyle = .json) {
        self.init(view, outer: .root, step: .root, style: style)
    }

    @_lifetime(copy view)
    init(_ view: JSONView, outer: ArgumentPath, step: ArgumentStep, style: ArgumentStyle) {
        self.view = view
        self.outer = outer
        self.step = step
        self.style = style
    }

    /// The full name, for messages.
    var name: String { outer.name(of: step, style) }

    /// The JSON type, by which an alternate chooses.
    public var kind: JSONView.Kind { view.kind }

    /// The error that says that the value has the wrong type.
    public func wrongType(expected: String) -> ArgumentError { .wrongType(name, expected: expected) }

    /// The error of an alternate: the value has none of its types. Names the member alone, as QEMU does.
    public func matchesNo(alternate: String) -> ArgumentError { .wrongType(step.shortName, expected: alternate) }

    /// The error that says that the value is none of an enumeration's.
    public func notAccepted(_ value: String) -> ArgumentError { .notAccepted(step.shortName, value) }

    // MARK: Containers

    /// Opens an object for reading its members.
    @_lifetime(copy self)
    public func object() throws(ArgumentError) -> ArgumentReader {
        guard view.kind == .object else { throw wrongType(expected: "object") }
        return ArgumentReader(view, path: try inside(), style: style)
    }

    /// Reads an array.
    public func array<Element: QAPIValue>(of type: Element.Type) throws(ArgumentError) -> [Element] {
        guard view.kind == .array else { throw wrongType(expected: "array") }
        let path = try inside()
        var elements: [Element] = []
        elements.reserveCapacity(view.count)
        try view.forEachElement { (index, element) throws(ArgumentError) in
            elements.append(try Element(from: ArgumentValue(element, outer: path, step: .element(index), style: style)))
        }
        return elements
    }

    /// The path to what is inside of this value.
    private func inside() throws(ArgumentError) -> ArgumentPath {
        if case .root = step { return outer }
        guard outer.depth < Self.maximumDepth else { throw ArgumentError("Parameter '\(step.shortName)' is nested too deeply") }
        return .inside(outer, step)
    }

    // MARK: Scalars

    /// Reads a string of at most `longestString` bytes.
    public func string() throws(ArgumentError) -> String {
        if let text = view.string {
            guard text.utf8.count <= Self.longestString else {
                throw ArgumentError("Parameter '\(step.shortName)' is longer than \(Self.longestString) bytes")
            }
            return text
        }
        switch (style, view.kind) {
        case (.keyval, .object), (.keyval, .array): throw ArgumentError("Parameters '\(name).*' are unexpected")
        default: throw wrongType(expected: "string")
        }
    }

    /// Reads a truth value.
    public func bool() throws(ArgumentError) -> Bool {
        guard style == .keyval else {
            guard let flag = view.bool else { throw wrongType(expected: "boolean") }
            return flag
        }
        switch try string() {
        case "on", "yes", "true", "y": return true
        case "off", "no", "false", "n": return false
        default: throw .expects(name, "'on' or 'off'")
        }
    }

    /// Reads a number that fits a double.
    public func number() throws(ArgumentError) -> Double {
        guard style == .keyval else {
            guard let number = view.double else { throw wrongType(expected: "number") }
            return number
        }
        guard let number = Double(try string()), number.isFinite else { throw wrongType(expected: "number") }
        return number
    }

    /// Reads null.
    public func null() throws(ArgumentError) {
        guard view.kind == .null else { throw wrongType(expected: "null") }
    }

    /// Reads whatever there is.
    public func any() -> JSONValue { view.value }
}
