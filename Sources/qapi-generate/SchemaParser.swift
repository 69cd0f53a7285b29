/// Parses a schema file and everything that it includes.
///
/// Files come out in the order of their first mention, an including file before what it includes, each once.
struct SchemaParser {
    /// Gives the text of a file, or nil when there is none.
    typealias Loader = (_ path: String) -> String?

    private let load: Loader
    private var files: [SchemaFile] = []
    private var paths: [String] = []

    private init(load: @escaping Loader) { self.load = load }

    /// Parses the file at `path`; includes are relative to the file that names them.
    static func parse(path: String, load: @escaping Loader) throws(SchemaError) -> [SchemaFile] {
        var parser = SchemaParser(load: load)
        try parser.parse(path: path, includedFrom: SourceLocation(file: path, line: 0))
        return parser.files
    }

    private mutating func parse(path: String, includedFrom origin: SourceLocation) throws(SchemaError) {
        guard !paths.contains(path) else { return }
        guard let text = load(path) else { throw SchemaError(origin, "cannot read '\(path)'") }
        paths.append(path)
        let index = files.count
        let fileName = path.split(separator: "/").last.map(String.init) ?? path
        let module = fileName.hasSuffix(".json") ? String(fileName.dropLast(5)) : fileName
        files.append(SchemaFile(module: module, title: nil, expressions: []))

        var cursor = try TokenCursor(SchemaLexer(file: path, text: text))
        while cursor.token != .end {
            var documentation: (lines: [String], location: SourceLocation)?
            if case .documentation(let lines) = cursor.token {
                let location = cursor.location
                try cursor.advance()
                if let title = lines.first, title.hasPrefix("= ") {
                    files[index].title = String(title.dropFirst(2))
                    continue
                }
                documentation = (lines, location)
                guard cursor.token == .punctuation("{") else {
                    throw SchemaError(location, "documentation block without a definition after it")
                }
            }
            let value = try cursor.value()
            guard case .object = value.kind else { throw SchemaError(value.location, "expected a definition, not \(value.kindName)") }
            if let include = value["include"] {
                try value.requireOnly(["include"], in: "an include")
                guard documentation == nil else { throw SchemaError(value.location, "an include has no documentation") }
                let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
                try parse(path: directory + include.string("'include'"), includedFrom: include.location)
            } else {
                files[index].expressions.append(SyntaxExpression(value: value, documentation: documentation))
            }
        }
    }
}

/// The current token and the recursive descent over values.
private struct TokenCursor {
    private var lexer: SchemaLexer
    private(set) var token: SchemaLexer.Token

    init(_ lexer: SchemaLexer) throws(SchemaError) {
        var lexer = lexer
        token = try lexer.next()
        self.lexer = lexer
    }

    var location: SourceLocation { lexer.location }

    mutating func advance() throws(SchemaError) { token = try lexer.next() }

    private mutating func take(_ character: Character) throws(SchemaError) -> Bool {
        guard token == .punctuation(character) else { return false }
        try advance()
        return true
    }

    private func unexpected(_ expected: String) -> SchemaError {
        SchemaError(location, "expected \(expected), got \(token.description)")
    }

    mutating func value() throws(SchemaError) -> SyntaxValue {
        let start = location
        switch token {
        case .string(let text):
            try advance()
            return SyntaxValue(kind: .string(text), location: start)
        case .bool(let flag):
            try advance()
            return SyntaxValue(kind: .bool(flag), location: start)
        case .punctuation("["):
            return SyntaxValue(kind: .list(try list()), location: start)
        case .punctuation("{"):
            return SyntaxValue(kind: .object(try object()), location: start)
        default:
            throw unexpected("a value")
        }
    }

    private mutating func list() throws(SchemaError) -> [SyntaxValue] {
        try advance()
        var elements: [SyntaxValue] = []
        if try take("]") { return elements }
        repeat { elements.append(try value()) } while try take(",")
        guard try take("]") else { throw unexpected("',' or ']'") }
        return elements
    }

    private mutating func object() throws(SchemaError) -> [(key: String, value: SyntaxValue)] {
        try advance()
        var members: [(key: String, value: SyntaxValue)] = []
        if try take("}") { return members }
        repeat {
            guard case .string(let key) = token else { throw unexpected("a key") }
            let keyLocation = location
            guard !members.contains(where: { $0.key == key }) else { throw SchemaError(keyLocation, "key '\(key)' comes twice") }
            try advance()
            guard try take(":") else { throw unexpected("':'") }
            members.append((key, try value()))
        } while try take(",")
        guard try take("}") else { throw unexpected("',' or '}'") }
        return members
    }
}
