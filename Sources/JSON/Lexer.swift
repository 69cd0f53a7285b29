/// The token rules of QMP's JSON as one table, shared by the scanner, which frames messages, and by the tree parser.
///
/// They are RFC 8259's with two additions: strings may stand in single quotes, and any run of lower-case letters is a
/// keyword whose meaning is judged later. Numbers and keywords end before the byte that cannot belong to them; every
/// other token ends with its last byte.
enum Lexer {
    /// What the bytes of the token in progress amount to.
    enum State: UInt8, CaseIterable {
        case start, string, stringEscape, quoted, quotedEscape
        case sign, zero, digits, point, fraction, exponent, exponentSign, exponentDigits
        case keyword
    }

    /// A finished token.
    enum Token: UInt8 {
        case beginObject, endObject, beginArray, endArray, colon, comma
        case string, integer, float, keyword
    }

    /// What a byte does in a state: below `endsAfter` the next state, otherwise a token's end or an error.
    typealias Step = UInt8
    /// The byte is the token's last; the low bits are the `Token`.
    static let endsAfter: Step = 0x40
    /// The token ended before the byte; the low bits are the `Token`.
    static let endsBefore: Step = 0x80
    /// No token continues like this; the byte belongs to the stray text.
    static let stray: Step = 0xFF

    /// `steps[state * 256 + byte]`. Made once and never freed.
    nonisolated(unsafe) static let steps: UnsafePointer<Step> = makeSteps()

    private static func makeSteps() -> UnsafePointer<Step> {
        let table = UnsafeMutablePointer<Step>.allocate(capacity: State.allCases.count * 256)
        table.initialize(repeating: stray, count: State.allCases.count * 256)
        func set(_ state: State, _ bytes: some Sequence<UInt8>, _ step: Step) {
            for byte in bytes { table[Int(state.rawValue) * 256 + Int(byte)] = step }
        }
        func set(_ state: State, _ bytes: some Sequence<UInt8>, to next: State) { set(state, bytes, next.rawValue) }
        func set(_ state: State, _ bytes: some Sequence<UInt8>, last token: Token) { set(state, bytes, endsAfter | token.rawValue) }
        let digit = UInt8(ascii: "0")...UInt8(ascii: "9")
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let text = UInt8(0x20)...0xFD

        set(.start, " \t\r\n".utf8, to: .start)
        set(.start, "\"".utf8, to: .string)
        set(.start, "'".utf8, to: .quoted)
        set(.start, "-".utf8, to: .sign)
        set(.start, "0".utf8, to: .zero)
        set(.start, digit.dropFirst(), to: .digits)
        set(.start, letters, to: .keyword)
        set(.start, "{".utf8, last: .beginObject)
        set(.start, "}".utf8, last: .endObject)
        set(.start, "[".utf8, last: .beginArray)
        set(.start, "]".utf8, last: .endArray)
        set(.start, ":".utf8, last: .colon)
        set(.start, ",".utf8, last: .comma)

        set(.string, text, to: .string)
        set(.string, "\\".utf8, to: .stringEscape)
        set(.string, "\"".utf8, last: .string)
        set(.stringEscape, text, to: .string)
        set(.quoted, text, to: .quoted)
        set(.quoted, "\\".utf8, to: .quotedEscape)
        set(.quoted, "'".utf8, last: .string)
        set(.quotedEscape, text, to: .quoted)

        set(.sign, "0".utf8, to: .zero)
        set(.sign, digit.dropFirst(), to: .digits)
        set(.zero, 0...255, endsBefore | Token.integer.rawValue)
        set(.zero, digit, stray)
        set(.zero, ".".utf8, to: .point)
        set(.digits, 0...255, endsBefore | Token.integer.rawValue)
        set(.digits, digit, to: .digits)
        set(.digits, ".".utf8, to: .point)
        set(.digits, "eE".utf8, to: .exponent)
        set(.point, digit, to: .fraction)
        set(.fraction, 0...255, endsBefore | Token.float.rawValue)
        set(.fraction, digit, to: .fraction)
        set(.fraction, "eE".utf8, to: .exponent)
        set(.exponent, "+-".utf8, to: .exponentSign)
        set(.exponent, digit, to: .exponentDigits)
        set(.exponentSign, digit, to: .exponentDigits)
        set(.exponentDigits, 0...255, endsBefore | Token.float.rawValue)
        set(.exponentDigits, digit, to: .exponentDigits)

        set(.keyword, 0...255, endsBefore | Token.keyword.rawValue)
        set(.keyword, letters, to: .keyword)
        return UnsafePointer(table)
    }

    /// The first position from `start` whose byte may end or break a string in `quote`, or starts an escape.
    @inline(__always)
    static func stringRun(_ bytes: UnsafeRawBufferPointer, from start: Int, quote: UInt8) -> Int {
        WordScan.first(bytes, from: start, to: bytes.count) { word in
            WordScan.below(word, 0x20) | WordScan.impossible(word) | WordScan.equal(word, quote) | WordScan.equal(word, 0x5C)
        } isSpecial: { byte in
            byte < 0x20 || byte >= 0xFE || byte == quote || byte == 0x5C
        }
    }

    /// The error for text that is no token. The text is shown up to its first NUL and for at most 1,024 bytes.
    static func strayError(_ text: UnsafeRawBufferPointer) -> JSONError {
        .parse("stray '\(String(decoding: text.prefix(1024).prefix { $0 != 0 }, as: UTF8.self))'")
    }
}
