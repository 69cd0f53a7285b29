/// Decodes the inside of a JSON string literal as QMP's reference does.
///
/// Characters must be Unicode's: no surrogates by themselves, no noncharacters, no overlong forms. U+0000 is allowed,
/// escaped or as the bytes C0 80.
enum StringDecoder {
    /// Decodes a literal with its quotes.
    static func decode(_ literal: UnsafeRawBufferPointer) throws(JSONError) -> [UInt8] {
        let end = literal.count - 1
        var text: [UInt8] = []
        text.reserveCapacity(literal.count)
        var position = 1
        while position < end {
            let run = asciiRun(literal, from: position, to: end)
            text.append(contentsOf: literal[position..<run])
            position = run
            guard position < end else { break }
            if literal[position] == UInt8(ascii: "\\") {
                position = try escape(literal, at: position, into: &text)
            } else {
                let (scalar, length) = scalar(literal, at: position, end: end)
                guard let scalar else { throw .parse("invalid UTF-8 sequence in string") }
                append(scalar, to: &text)
                position += length
            }
        }
        return text
    }

    private static func asciiRun(_ literal: UnsafeRawBufferPointer, from start: Int, to end: Int) -> Int {
        WordScan.first(literal, from: start, to: end) { word in
            WordScan.notASCII(word) | WordScan.equal(word, 0x5C)
        } isSpecial: { byte in
            byte >= 0x80 || byte == 0x5C
        }
    }

    /// Decodes the escape at `start` and returns what follows it.
    private static func escape(_ literal: UnsafeRawBufferPointer, at start: Int, into text: inout [UInt8]) throws(JSONError) -> Int {
        let letter = literal[start + 1]
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): return try unicodeEscape(literal, at: start, into: &text)
        default: throw .parse("invalid escape sequence in string")
        }
        return start + 2
    }

    private static func unicodeEscape(
        _ literal: UnsafeRawBufferPointer, at start: Int, into text: inout [UInt8]
    ) throws(JSONError) -> Int {
        var scalar = unit(literal, at: start)
        var end = start + 6
        if let high = scalar, (0xD800...0xDBFF).contains(high), hasEscape(literal, at: end) {
            if let low = unit(literal, at: end), (0xDC00...0xDFFF).contains(low) {
                scalar = 0x1_0000 + (high & 0x3FF) << 10 + low & 0x3FF
                end += 6
            } else {
                scalar = nil
            }
        }
        guard let scalar, isCharacter(scalar) else {
            let shown = String(decoding: literal[start..<min(end, literal.count)], as: UTF8.self)
            throw .parse("\(shown) is not a valid Unicode character")
        }
        append(scalar, to: &text)
        return end
    }

    private static func hasEscape(_ literal: UnsafeRawBufferPointer, at position: Int) -> Bool {
        position + 1 < literal.count && literal[position] == UInt8(ascii: "\\") && literal[position + 1] == UInt8(ascii: "u")
    }

    /// The four digits of the `\u` escape at `start`.
    private static func unit(_ literal: UnsafeRawBufferPointer, at start: Int) -> UInt32? {
        guard start + 6 <= literal.count else { return nil }
        var unit: UInt32 = 0
        for byte in literal[(start + 2)..<(start + 6)] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    /// The scalar that starts at `position` with a byte of 0x80 or more, if the sequence is valid.
    private static func scalar(_ literal: UnsafeRawBufferPointer, at position: Int, end: Int) -> (UInt32?, length: Int) {
        let lead = literal[position]
        let (length, smallest): (Int, UInt32) =
            switch lead {
            case 0xC0..<0xE0: (2, 0x80)
            case 0xE0..<0xF0: (3, 0x800)
            case 0xF0..<0xF8: (4, 0x1_0000)
            default: (0, 0)
            }
        guard length > 0, position + length <= end else { return (nil, 1) }
        var scalar = UInt32(lead) & (0x7F >> UInt32(length))
        for byte in literal[(position + 1)..<(position + length)] {
            guard byte & 0xC0 == 0x80 else { return (nil, 1) }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        let isLongNul = scalar == 0 && length == 2
        return (isCharacter(scalar) && (scalar >= smallest || isLongNul) ? scalar : nil, length)
    }

    private static func isCharacter(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0xD800...0xDFFF, 0xFDD0...0xFDEF: false
        default: scalar <= 0x10_FFFF && scalar & 0xFFFE != 0xFFFE
        }
    }

    private static func append(_ scalar: UInt32, to text: inout [UInt8]) {
        // Callers have checked that this is a character.
        guard let scalar = Unicode.Scalar(scalar) else { return }
        text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
}
