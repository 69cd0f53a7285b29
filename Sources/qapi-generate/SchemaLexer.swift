/// Cuts a schema file into tokens. Comments vanish, except for the `##` blocks that document a definition.
struct SchemaLexer {
    /// One token.
    enum Token: Equatable {
        /// One of `{ } [ ] : ,`.
        case punctuation(Character)
        /// A string in single quotes, without them.
        case string(String)
        /// `true` or `false`.
        case bool(Bool)
        /// The lines between two `##` lines, without their `# `.
        case documentation([String])
        case end

        var description: String {
            switch self {
            case .punctuation(let character): "'\(character)'"
            case .string(let text): "string '\(text)'"
            case .bool(let flag): "\(flag)"
            case .documentation: "a documentation block"
            case .end: "the end of the file"
            }
        }
    }

    private let file: String
    private let lines: [Substring]
    private var lineIndex = 0
    private var rest: Substring

    init(file: String, text: String) {
        self.file = file
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        rest = lines.first ?? ""
    }

    /// The line that the last token began on.
    private(set) var location = SourceLocation(file: "", line: 0)

    /// Takes the next token.
    mutating func next() throws(SchemaError) -> Token {
        while true {
            while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
            location = SourceLocation(file: file, line: lineIndex + 1)
            guard let first = rest.first else {
                guard nextLine() else { return .end }
                continue
            }
            switch first {
            case "#":
                if rest == "##" { return try documentation() }
                rest = ""
            case "{", "}", "[", "]", ":", ",":
                rest.removeFirst()
                return .punctuation(first)
            case "'":
                return try string()
            default:
                return try keyword()
            }
        }
    }

    private mutating func nextLine() -> Bool {
        guard lineIndex + 1 < lines.count else { return false }
        lineIndex += 1
        rest = lines[lineIndex]
        return true
    }

    private mutating func documentation() throws(SchemaError) -> Token {
        let start = location
        var block: [String] = []
        while nextLine() {
            if rest == "##" {
                rest = ""
                return .documentation(block)
            }
            if rest == "#" {
                block.append("")
            } else if rest.hasPrefix("# ") {
                block.append(String(rest.dropFirst(2)))
            } else {
                throw SchemaError(
                    SourceLocation(file: file, line: lineIndex + 1), "a line of a documentation block must begin with '# '")
            }
        }
        throw SchemaError(start, "documentation block without its closing '##'")
    }

    private mutating func string() throws(SchemaError) -> Token {
        rest.removeFirst()
        guard let end = rest.firstIndex(of: "'") else { throw SchemaError(location, "string without its closing quote") }
        let text = rest[..<end]
        guard text.unicodeScalars.allSatisfy({ $0.isASCII && $0.value >= 0x20 && $0 != "\\" }) else {
            throw SchemaError(location, "strings are plain ASCII without escapes")
        }
        rest = rest[rest.index(after: end)...]
        return .string(String(text))
    }

    private mutating func keyword() throws(SchemaError) -> Token {
        let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        switch word {
        case "true", "false":
            rest = rest.dropFirst(word.count)
            return .bool(word == "true")
        default:
            throw SchemaError(location, "stray '\(word.isEmpty ? rest.prefix(1) : word)'")
        }
    }
}
