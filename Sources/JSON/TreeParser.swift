internal import CJansson

/// Parses what jansson cannot: single quotes, integers beyond 64 bits with a sign, and everything whose refusal must be
/// described in the words of QMP's reference. Builds the same tree as jansson does.
///
/// QEMU finds errors in two steps, and so does this: first every token of the text, then the grammar.
struct TreeParser {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var depth = 0

    private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Parses exactly one value. The caller owns the tree.
    static func parse(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> Node {
        try checkTokens(bytes)
        var parser = TreeParser(bytes)
        guard let first = parser.nextToken() else { throw JSONError("Expecting a JSON value") }
        let tree = try parser.value(first)
        guard parser.nextToken() == nil else { throw JSONError("Expecting at most one JSON value") }
        return tree
    }

    /// A node that is freed unless it is taken.
    final class Node {
        private var pointer: UnsafeMutablePointer<json_t>?
        init(_ pointer: UnsafeMutablePointer<json_t>?) { self.pointer = pointer }
        deinit { json_decref(pointer) }

        /// Hands the node over.
        func take() -> UnsafeMutablePointer<json_t>? {
            defer { pointer = nil }
            return pointer
        }

        /// The node, still owned by this object.
        var borrowed: UnsafeMutablePointer<json_t>? { pointer }
    }

    // MARK: Tokens

    private struct Token {
        let kind: Lexer.Token
        let range: Range<Int>
    }

    private static func checkTokens(_ bytes: UnsafeRawBufferPointer) throws(JSONError) {
        var parser = TreeParser(bytes)
        var depth = 0
        while let token = try parser.lex() {
            switch token.kind {
            case .beginObject, .beginArray: depth += 1
            case .endObject, .endArray: depth -= 1
            default: break
            }
            if depth > MessageScanner.Limits().depth { throw JSONError("JSON nesting depth limit exceeded") }
        }
    }

    /// The next token of text that `checkTokens` has passed.
    private mutating func nextToken() -> Token? {
        (try? lex()) ?? nil
    }

    private mutating func lex() throws(JSONError) -> Token? {
        var state = Lexer.State.start
        var start = position
        while position < bytes.count {
            if state == .string { position = Lexer.stringRun(bytes, from: position, quote: UInt8(ascii: "\"")) }
            if state == .quoted { position = Lexer.stringRun(bytes, from: position, quote: UInt8(ascii: "'")) }
            guard position < bytes.count else { break }
            let step = Lexer.steps[Int(state.rawValue) * 256 + Int(bytes[position])]
            if state == .start { start = position }
            if step == Lexer.stray { throw Lexer.strayError(UnsafeRawBufferPointer(rebasing: bytes[start...position])) }
            if step < Lexer.endsBefore { position += 1 }
            if let next = Lexer.State(rawValue: step) {
                state = next
            } else if let kind = Lexer.Token(rawValue: step & 0x3F) {
                return Token(kind: kind, range: start..<position)
            }
        }
        switch state {
        case .start: return nil
        case .zero, .digits: return Token(kind: .integer, range: start..<position)
        case .fraction, .exponentDigits: return Token(kind: .float, range: start..<position)
        case .keyword: return Token(kind: .keyword, range: start..<position)
        default: throw Lexer.strayError(UnsafeRawBufferPointer(rebasing: bytes[start..<position]))
        }
    }

    private mutating func required() throws(JSONError) -> Token {
        guard let token = nextToken() else { throw .parse("premature EOI") }
        return token
    }

    // MARK: Grammar

    private mutating func value(_ token: Token) throws(JSONError) -> Node {
        switch token.kind {
        case .beginObject: return try object()
        case .beginArray: return try array()
        case .string: return Node(try string(token.range).withUnsafeBufferPointer(makeString))
        case .integer: return try integer(token.range)
        case .float: return try float(token.range)
        case .keyword: return try keyword(token.range)
        case .endObject, .endArray, .colon, .comma: throw .parse("expecting value")
        }
    }

    private mutating func object() throws(JSONError) -> Node {
        let object = Node(json_object())
        var token = try required()
        if token.kind == .endObject { return object }
        while true {
            try pair(token, into: object)
            token = try required()
            if token.kind == .endObject { return object }
            guard token.kind == .comma else { throw .parse("expected separator in dict") }
            token = try required()
        }
    }

    private mutating func pair(_ token: Token, into object: Node) throws(JSONError) {
        guard token.kind == .string else {
            _ = try value(token)
            throw .parse("key is not a string in object")
        }
        let name = try string(token.range)
        guard try required().kind == .colon else { throw .parse("missing : in object pair") }
        let member = try value(try required())
        let isNew = name.withUnsafeBytes { name in
            name.withMemoryRebound(to: CChar.self) { name in
                guard json_object_getn(object.borrowed, name.baseAddress ?? emptyText, name.count) == nil else { return false }
                json_object_setn_new_nocheck(object.borrowed, name.baseAddress ?? emptyText, name.count, member.take())
                return true
            }
        }
        guard isNew else { throw .parse("duplicate key") }
    }

    private mutating func array() throws(JSONError) -> Node {
        let array = Node(json_array())
        var token = try required()
        if token.kind == .endArray { return array }
        while true {
            json_array_append_new(array.borrowed, try value(token).take())
            token = try required()
            if token.kind == .endArray { return array }
            guard token.kind == .comma else { throw .parse("expected separator in list") }
            token = try required()
        }
    }

    // MARK: Scalars

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private func keyword(_ range: Range<Int>) throws(JSONError) -> Node {
        switch text(range) {
        case "true": return Node(json_true())
        case "false": return Node(json_false())
        case "null": return Node(json_null())
        case let word: throw .parse(String("invalid keyword '\(word)'".prefix(1023)))
        }
    }

    private func integer(_ range: Range<Int>) throws(JSONError) -> Node {
        let digits = text(range)
        if let number = Int64(digits) { return Node(json_integer(number)) }
        if UInt64(digits) != nil {
            return Node(([BigInteger.mark] + bytes[range]).withUnsafeBufferPointer(makeString))
        }
        return try float(range)
    }

    private func float(_ range: Range<Int>) throws(JSONError) -> Node {
        let text = text(range)
        guard let number = Double(text), number.isFinite else {
            throw .parse("number '\(text.prefix(40))' is out of range")
        }
        return Node(json_real(number))
    }

    private func string(_ range: Range<Int>) throws(JSONError) -> [UInt8] {
        try StringDecoder.decode(UnsafeRawBufferPointer(rebasing: bytes[range]))
    }
}

/// What jansson takes for a string of no bytes; a null pointer would be an error to it.
private nonisolated(unsafe) let emptyText: UnsafePointer<CChar> = {
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
    text.initialize(to: 0)
    return UnsafePointer(text)
}()

private func makeString(_ utf8: UnsafeBufferPointer<UInt8>) -> UnsafeMutablePointer<json_t>? {
    utf8.withMemoryRebound(to: CChar.self) { json_stringn_nocheck($0.baseAddress ?? emptyText, $0.count) }
}
