/// A strict JSON parser for what a daemon sends: RFC 8259, and `inf`, which the reference makes of a number beyond a double.
public struct WireParser {
    private let bytes: [UInt8]
    private var position = 0

    /// Parses one whole value.
    /// - Throws: `WireFailure` telling the first byte that is not JSON.
    public static func parse(_ bytes: some Sequence<UInt8>) throws(WireFailure) -> WireValue {
        var parser = WireParser(bytes: Array(bytes))
        let value = try parser.value()
        parser.skipSpace()
        guard parser.position == parser.bytes.count else { throw parser.failure("text after the value") }
        return value
    }

    /// Parses one whole value.
    /// - Throws: `WireFailure` telling the first byte that is not JSON.
    public static func parse(_ text: String) throws(WireFailure) -> WireValue {
        try parse(text.utf8)
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private func failure(_ what: String) -> WireFailure {
        WireFailure("not JSON at byte \(position), \(what): \(String(decoding: bytes.prefix(400), as: UTF8.self))")
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func expect(_ text: StaticString, _ value: WireValue) throws(WireFailure) -> WireValue {
        let wanted = Array("\(text)".utf8)
        guard bytes[position...].starts(with: wanted) else { throw failure("a keyword was expected") }
        position += wanted.count
        return value
    }

    private mutating func value() throws(WireFailure) -> WireValue {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "n"): return try expect("null", .null)
        case UInt8(ascii: "t"): return try expect("true", .bool(true))
        case UInt8(ascii: "f"): return try expect("false", .bool(false))
        case UInt8(ascii: "i"): return try expect("inf", .number("inf"))
        default: return try number()
        }
    }

    private mutating func object() throws(WireFailure) -> WireValue {
        position += 1
        var members: [WireValue.Member] = []
        skipSpace()
        if next == UInt8(ascii: "}") {
            position += 1
            return .object([])
        }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure("a member's name was expected") }
            let name = try string()
            skipSpace()
            guard next == UInt8(ascii: ":") else { throw failure("a colon was expected") }
            position += 1
            members.append((name, try value()))
            if try endOfList(UInt8(ascii: "}")) { return .object(members) }
        }
    }

    private mutating func array() throws(WireFailure) -> WireValue {
        position += 1
        var elements: [WireValue] = []
        skipSpace()
        if next == UInt8(ascii: "]") {
            position += 1
            return .array([])
        }
        while true {
            elements.append(try value())
            if try endOfList(UInt8(ascii: "]")) { return .array(elements) }
        }
    }

    private mutating func endOfList(_ end: UInt8) throws(WireFailure) -> Bool {
        skipSpace()
        guard let byte = next, byte == end || byte == UInt8(ascii: ",") else { throw failure("a separator was expected") }
        position += 1
        return byte == end
    }

    private mutating func number() throws(WireFailure) -> WireValue {
        let start = position
        while let byte = next, "+-.0123456789eE".utf8.contains(byte) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard position > start, Double(text) != nil else { throw failure("a value was expected") }
        return .number(text)
    }

    private mutating func string() throws(WireFailure) -> String {
        position += 1
        var units: [UInt16] = []
        while let byte = next, byte != UInt8(ascii: "\"") {
            position += 1
            guard byte >= 0x20, byte < 0x7F else { throw failure("output is pure ASCII without control characters") }
            guard byte == UInt8(ascii: "\\") else {
                units.append(UInt16(byte))
                continue
            }
            guard let escape = next else { break }
            position += 1
            switch escape {
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0C)
            case UInt8(ascii: "n"): units.append(0x0A)
            case UInt8(ascii: "r"): units.append(0x0D)
            case UInt8(ascii: "t"): units.append(0x09)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(UInt16(escape))
            case UInt8(ascii: "u"):
                let digits = String(decoding: bytes[position...].prefix(4), as: UTF8.self)
                guard digits.utf8.count == 4, let unit = UInt16(digits, radix: 16) else { throw failure("bad \\u escape") }
                units.append(unit)
                position += 4
            default: throw failure("unknown escape")
            }
        }
        guard next != nil else { throw failure("a string has no end") }
        position += 1
        return String(decoding: units, as: UTF16.self)
    }
}
