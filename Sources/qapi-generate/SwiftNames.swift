/// Swift's names for the schema's: `job-id` is `jobID`, `query-jobs` is `QueryJobs`, `null-co` is `.nullCo`.
enum SwiftNames {
    /// Words that stay in one case when they aren't the first.
    private static let acronyms: Set<String> = ["id", "io", "aio", "qmp", "oob", "nbd", "cbw"]
    private static let keywords: Set<String> = [
        "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer", "deinit", "do", "else", "enum",
        "extension", "fallthrough", "false", "fileprivate", "for", "func", "guard", "if", "import", "in", "init", "inout", "internal",
        "is", "let", "nil", "operator", "private", "protocol", "public", "repeat", "rethrows", "return", "self", "static", "struct",
        "subscript", "super", "switch", "throw", "throws", "true", "try", "typealias", "var", "where", "while",
    ]

    private static func words(_ name: String) -> [String] {
        name.split { $0 == "-" || $0 == "_" }.map(String.init)
    }

    private static func capitalized(_ word: String) -> String {
        acronyms.contains(word) ? word.uppercased() : word.prefix(1).uppercased() + word.dropFirst()
    }

    /// The name of a property, without quoting.
    static func property(_ name: String) -> String {
        let words = words(name)
        guard let first = words.first else { return name }
        // Not even backquotes make these ordinary names.
        if words.count == 1, first == "self" || first == "init" { return first + "_" }
        return first + words.dropFirst().map(capitalized).joined()
    }

    /// The name of a property or an enumeration's case where it is declared or used after a dot.
    static func quoted(_ name: String) -> String { keywords.contains(name) ? "`\(name)`" : name }

    /// The name of an enumeration's case; one that begins with a digit or a capital is made legal.
    static func enumCase(_ value: String) -> String {
        let name = property(value)
        let lowered = name.prefix(1).lowercased() + name.dropFirst()
        return quoted(lowered.first?.isNumber == true ? "_" + lowered : lowered)
    }

    /// The name of a command's struct.
    static func command(_ name: String) -> String { words(name).map(capitalized).joined() }

    /// The name of an event's struct.
    static func event(_ name: String) -> String {
        words(name.lowercased()).map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined() + "Event"
    }

    /// The name of a type.
    static func type(_ reference: TypeReference) -> String {
        switch reference {
        case .named(let name): name
        case .array(let element): "[\(type(element))]"
        case .builtin(let builtin):
            switch builtin {
            case .str: "String"
            case .bool: "Bool"
            case .number: "Double"
            case .any: "JSONValue"
            case .null: "QAPINull"
            case .int, .int64: "Int64"
            case .int8: "Int8"
            case .int16: "Int16"
            case .int32: "Int32"
            case .uint8: "UInt8"
            case .uint16: "UInt16"
            case .uint32: "UInt32"
            case .uint64: "UInt64"
            case .size: "ByteCount"
            }
        }
    }
}
