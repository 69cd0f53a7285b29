/// A JSON value as it came over the wire, read by the tests' own parser, so that the code under test never judges itself.
///
/// Numbers keep their text: a test can tell `1` from `1.0`. `==` compares by structure (the order of members does not count)
/// and numbers by value.
public indirect enum WireValue: Sendable, Equatable {
    /// One member of an object, in the order of the wire.
    public typealias Member = (name: String, value: WireValue)

    case null
    case bool(Bool)
    /// The number's text, unchanged.
    case number(String)
    case string(String)
    case array([WireValue])
    case object([Member])

    /// The member of an object, or nil when this is no object or has no such member.
    public subscript(name: String) -> WireValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The element of an array, or nil when this is no array or the index is outside it.
    public subscript(index: Int) -> WireValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    /// The text of a string, or nil.
    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The value of an integer number, or nil.
    public var integer: Int? {
        if case .number(let text) = self { Int(text) } else { nil }
    }

    /// The value of a boolean, or nil.
    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The elements of an array, or nil.
    public var array: [WireValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members of an object in the order of the wire, or nil.
    public var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The value at a path such as `return[0].device`, or nil. A bare name is a member, `[n]` an element, `count` of an array its length.
    public func at(_ path: String) -> WireValue? {
        var value = self
        for step in path.split(whereSeparator: { $0 == "." || $0 == "[" }) {
            if step.hasSuffix("]") {
                guard let index = Int(step.dropLast()), let next = value[index] else { return nil }
                value = next
            } else if step == "count", let elements = value.array {
                value = .number(String(elements.count))
            } else {
                guard let next = value[String(step)] else { return nil }
                value = next
            }
        }
        return value
    }

    /// Whether both mean the same: members in any order, numbers by value.
    public static func == (left: WireValue, right: WireValue) -> Bool {
        left.canonical == right.canonical
    }

    /// The value written so that equal values give equal text: members sorted, numbers by value.
    public var canonical: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let text):
            if Int64(text) != nil || UInt64(text) != nil { text } else { Double(text).map { "\($0)" } ?? text }
        case .string(let text): WireValue.quoted(text)
        case .array(let elements): "[" + elements.map(\.canonical).joined(separator: ", ") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.name < $1.name }.map { WireValue.quoted($0.name) + ": " + $0.value.canonical }
                .joined(separator: ", ") + "}"
        }
    }

    /// The value as the monitor writes it: one line, `", "` and `": "` between things, pure ASCII, members and numbers as they came.
    public var wireText: String {
        switch self {
        case .number(let text): text
        case .array(let elements): "[" + elements.map(\.wireText).joined(separator: ", ") + "]"
        case .object(let members):
            "{" + members.map { WireValue.quoted($0.name) + ": " + $0.value.wireText }.joined(separator: ", ") + "}"
        case .null, .bool, .string: canonical
        }
    }

    /// A JSON string in the monitor's style: the short escapes, everything else that is not printable ASCII as `\uXXXX` in upper case.
    public static func quoted(_ text: String) -> String {
        var result = "\""
        for unit in text.utf16 {
            switch unit {
            case 0x22: result += "\\\""
            case 0x5C: result += "\\\\"
            case 0x08: result += "\\b"
            case 0x0C: result += "\\f"
            case 0x0A: result += "\\n"
            case 0x0D: result += "\\r"
            case 0x09: result += "\\t"
            case 0x20..<0x7F: result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            default:
                let digits = String(unit, radix: 16, uppercase: true)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return result + "\""
    }
}
