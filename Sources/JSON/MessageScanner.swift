/// Finds where messages end in a stream of bytes, and what can never become one.
///
/// A pure value: it holds no bytes, only where it stands. The owner keeps the bytes from `kept` on and calls `next` again
/// with more of them behind. QMP's framing knows no line ends: a message ends where its brackets close.
///
/// Each bad message gives exactly one error. What is left of it is passed over:
/// - a control character or 0xFE, 0xFF resets the scanner at once, so that a client can force a known state; inside a string
///   it does so only if `{` or another one follows, otherwise it is one bad character of the string;
/// - other stray text inside brackets is passed over until they close, or until a line begins with `{`;
/// - outside of brackets until the line ends or a `{` begins a message.
public struct MessageScanner: Sendable {
    /// What a client may make the daemon hold, per message.
    public struct Limits: Sendable {
        /// Bytes from a message's first to its last.
        public var bytes = 64 << 20
        /// Brackets, strings, numbers, keywords, colons and commas.
        public var tokens = 2 << 20
        /// Open brackets at one time; at most 1,024.
        public var depth = 1024

        /// QMP's limits.
        public init() {}
    }

    /// What was found.
    public enum Finding: Sendable, Hashable {
        /// One value stands at these offsets. Whether it is valid is for the parser to tell.
        case message(Range<Int>)
        /// A bad message was seen and passed over, or begins to be.
        case malformed(JSONError)
    }

    private enum Mode: Equatable {
        case normal
        /// Behind an error, until `depth` brackets have closed; `quote` is the string's that we are in, or 0. `lineStart`
        /// when a message may begin here: at the start of a line, and behind a bad character of a string.
        case skipping(depth: Int, quote: UInt8, escaped: Bool, lineStart: Bool)
        /// Behind a bad message that has closed: closers and separators that are left over belong to it.
        case trailing
    }

    private let limits: Limits
    private var mode = Mode.normal
    private var state = Lexer.State.start
    /// The next byte to look at.
    private var position = 0
    /// The first byte of the message in progress, if one is.
    private var messageStart: Int?
    private var tokenStart = 0
    private var tokens = 0
    private var brackets = BracketStack()

    /// Makes a scanner at the start of a stream.
    public init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// The offset of the first byte that the owner must keep.
    public var kept: Int { messageStart ?? position }

    /// Tells that the owner has dropped the first `count` bytes, at most `kept`.
    public mutating func drop(_ count: Int) {
        precondition(count <= kept)
        position -= count
        tokenStart -= count
        if let start = messageStart { messageStart = start - count }
    }

    /// Scans on. Returns nil when all `bytes` are looked at and none of them ends a message.
    public mutating func next(in bytes: UnsafeRawBufferPointer) -> Finding? {
        while position < bytes.count {
            switch mode {
            case .normal:
                if let finding = scan(bytes) { return finding }
            case .skipping:
                skip(bytes)
            case .trailing:
                trail(bytes)
            }
        }
        if let start = messageStart, position - start >= limits.bytes {
            return fail(JSONError("JSON token size limit exceeded"), closing: nil)
        }
        return nil
    }

    /// Gives up the message in progress, if one is: what is left of it is passed over.
    /// - Returns: what to answer, or nil when no message was in progress.
    public mutating func abandon(_ error: JSONError) -> Finding? {
        messageStart == nil ? nil : fail(error, closing: nil)
    }

    // MARK: Normal bytes

    private mutating func scan(_ bytes: UnsafeRawBufferPointer) -> Finding? {
        let steps = Lexer.steps
        var state = self.state
        var position = self.position
        let end = bytes.count
        defer {
            self.state = state
            self.position = position
        }
        while position < end {
            switch state {
            case .string: position = Lexer.stringRun(bytes, from: position, quote: UInt8(ascii: "\""))
            case .quoted: position = Lexer.stringRun(bytes, from: position, quote: UInt8(ascii: "'"))
            default: break
            }
            guard position < end else { return nil }
            let step = steps[Int(state.rawValue) &* 256 &+ Int(bytes[position])]
            if step < Lexer.endsAfter {
                if state == .start {
                    if step == Lexer.State.start.rawValue {
                        position &+= 1
                        continue
                    }
                    tokenStart = position
                    if messageStart == nil { messageStart = position }
                }
                state = unsafeBitCast(step, to: Lexer.State.self)
                position &+= 1
                continue
            }
            if state == .start {
                tokenStart = position
                if messageStart == nil { messageStart = position }
            }
            if step == Lexer.stray {
                let text = UnsafeRawBufferPointer(rebasing: bytes[tokenStart...position])
                let openQuote: UInt8 = state == .string ? UInt8(ascii: "\"") : state == .quoted ? UInt8(ascii: "'") : 0
                let byte = bytes[position]
                position &+= 1
                self.position = position
                let finding = fail(Lexer.strayError(text), closing: byte, quote: openQuote)
                state = .start
                position = self.position
                return finding
            }
            let token = unsafeBitCast(step & 0x3F, to: Lexer.Token.self)
            if step < Lexer.endsBefore { position &+= 1 }
            state = .start
            self.position = position
            if let finding = finish(token) { return finding }
        }
        return nil
    }

    /// Accounts for a token that ended before `position`.
    @inline(__always)
    private mutating func finish(_ token: Lexer.Token) -> Finding? {
        tokens &+= 1
        if tokens > limits.tokens { return fail(JSONError("JSON token count limit exceeded"), closing: nil, opened: opens(token)) }
        switch token {
        case .beginObject, .beginArray:
            if brackets.depth >= limits.depth {
                return fail(JSONError("JSON nesting depth limit exceeded"), closing: nil, opened: 1)
            }
            brackets.push(isArray: token == .beginArray)
            return nil
        case .endObject, .endArray:
            // A bracket that closes another kind of bracket ends a bad message; the parser will say what is wrong.
            if brackets.depth > 0, brackets.pop() != (token == .endArray) { return finishMismatched() }
        default:
            break
        }
        return brackets.depth == 0 ? finishMessage() : nil
    }

    private func opens(_ token: Lexer.Token) -> Int {
        switch token {
        case .beginObject, .beginArray: 1
        case .endObject, .endArray: -1
        default: 0
        }
    }

    private mutating func finishMessage() -> Finding {
        let range = (messageStart ?? position)..<position
        messageStart = nil
        tokens = 0
        guard range.count < limits.bytes else { return .malformed(JSONError("JSON token size limit exceeded")) }
        return .message(range)
    }

    private mutating func finishMismatched() -> Finding {
        let depth = brackets.depth
        brackets = BracketStack()
        mode = depth > 0 ? .skipping(depth: depth, quote: 0, escaped: false, lineStart: false) : .trailing
        return finishMessage()
    }

    // MARK: Behind an error

    /// Gives up the message in progress. `closing` is the stray text's last byte, which may have a meaning for what follows.
    private mutating func fail(_ error: JSONError, closing: UInt8?, quote: UInt8 = 0, opened: Int = 0) -> Finding {
        var quote = quote
        if closing == nil {
            if state == .string || state == .stringEscape { quote = UInt8(ascii: "\"") }
            if state == .quoted || state == .quotedEscape { quote = UInt8(ascii: "'") }
        }
        let depth = max(0, brackets.depth + opened)
        let escaped = closing == nil && (state == .stringEscape || state == .quotedEscape)
        messageStart = nil
        tokens = 0
        brackets = BracketStack()
        state = .start
        mode = .skipping(depth: depth, quote: quote, escaped: escaped, lineStart: false)
        if let closing { skip(closing, resettable: true) }
        return .malformed(error)
    }

    private mutating func skip(_ bytes: UnsafeRawBufferPointer) {
        while position < bytes.count, mode != .normal, mode != .trailing {
            let byte = bytes[position]
            if case .skipping(let depth, let quote, let escaped, let lineStart) = mode {
                let resets = byte >= 0xFE || isReset(byte)
                // A reset, and a message that begins: look at this byte as at a message's first.
                if resets && (quote == 0 || lineStart) || byte == UInt8(ascii: "{") && (lineStart || quote == 0 && depth == 0) {
                    mode = .normal
                    return
                }
                if resets {
                    mode = .skipping(depth: depth, quote: quote, escaped: escaped, lineStart: true)
                    position += 1
                    continue
                }
            }
            position += 1
            skip(byte, resettable: false)
            // What is left of a long string goes at once.
            if case .skipping(_, let quote, false, false) = mode, quote != 0 {
                position = Lexer.stringRun(bytes, from: position, quote: quote)
            }
        }
    }

    /// Passes over one byte. `resettable` when the byte was reported already.
    private mutating func skip(_ byte: UInt8, resettable: Bool) {
        guard case .skipping(var depth, var quote, var escaped, var lineStart) = mode else { return }
        if resettable, byte >= 0xFE || isReset(byte) {
            // Inside a string it is more likely a bad character than a reset; a message may begin behind it nevertheless.
            mode = quote == 0 ? .normal : .skipping(depth: depth, quote: quote, escaped: false, lineStart: true)
            return
        }
        switch byte {
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
            if depth == 0 {
                mode = .normal
                return
            }
            (quote, escaped, lineStart) = (0, false, true)
        case UInt8(ascii: " "), UInt8(ascii: "\t"):
            escaped = false
        default:
            lineStart = false
            if quote != 0 {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == quote {
                    quote = 0
                }
            } else {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "'"):
                    quote = byte
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    if depth == 1 {
                        mode = .trailing
                        return
                    }
                    depth = max(0, depth - 1)
                default:
                    break
                }
            }
        }
        mode = .skipping(depth: depth, quote: quote, escaped: escaped, lineStart: lineStart)
    }

    /// A control character that is no white space.
    private func isReset(_ byte: UInt8) -> Bool {
        byte < 0x20 && byte != UInt8(ascii: "\n") && byte != UInt8(ascii: "\r") && byte != UInt8(ascii: "\t")
    }

    private mutating func trail(_ bytes: UnsafeRawBufferPointer) {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: " "), UInt8(ascii: "\t"):
                position += 1
            default:
                mode = .normal
                return
            }
        }
    }
}

/// The kinds of the open brackets, innermost last.
private struct BracketStack: Sendable {
    private(set) var depth = 0
    private var kinds = InlineArray<16, UInt64>(repeating: 0)

    mutating func push(isArray: Bool) {
        let bit: UInt64 = 1 << UInt64(depth & 63)
        if isArray { kinds[depth >> 6] |= bit } else { kinds[depth >> 6] &= ~bit }
        depth += 1
    }

    /// Closes the innermost and tells whether it is an array.
    mutating func pop() -> Bool {
        depth -= 1
        return kinds[depth >> 6] & (1 << UInt64(depth & 63)) != 0
    }
}
