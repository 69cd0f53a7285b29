/// Integers as they stand on a command line: with C's prefixes `0x` and `0`, sizes with a suffix.
enum IntegerText {
    /// A signed integer of 64 bits, or nil.
    static func signed(_ text: String) -> Int64? {
        guard let (isNegative, magnitude) = parse(text) else { return nil }
        if isNegative { return magnitude <= UInt64(Int64.max) + 1 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil }
        return Int64(exactly: magnitude)
    }

    /// An unsigned integer of 64 bits, or nil. A negative one wraps around, as C's strtoull has it.
    static func unsigned(_ text: String) -> UInt64? {
        guard let (isNegative, magnitude) = parse(text) else { return nil }
        return isNegative ? 0 &- magnitude : magnitude
    }

    private static func parse(_ text: String) -> (isNegative: Bool, magnitude: UInt64)? {
        var digits = text.utf8.drop { $0 == UInt8(ascii: " ") || (9...13).contains($0) }
        var isNegative = false
        if let sign = digits.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            digits.removeFirst()
        }
        var radix: UInt64 = 10
        if digits.first == UInt8(ascii: "0"), digits.count > 1 {
            radix = 8
            digits.removeFirst()
            if let mark = digits.first, mark | 0x20 == UInt8(ascii: "x") {
                radix = 16
                digits.removeFirst()
            }
        }
        guard !digits.isEmpty else { return nil }
        var magnitude: UInt64 = 0
        for byte in digits {
            guard let digit = digitValue(byte), digit < radix else { return nil }
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: radix)
            let (sum, carry) = product.addingReportingOverflow(digit)
            guard !overflow, !carry else { return nil }
            magnitude = sum
        }
        return (isNegative, magnitude)
    }

    private static func digitValue(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    /// A number of bytes: decimal digits with an optional fraction and one of the suffixes B, K, M, G, T, P, E, or
    /// hexadecimal digits without a suffix.
    static func size(_ text: String) -> UInt64? {
        let bytes = Array(text.utf8)
        if bytes.count > 2, bytes[0] == UInt8(ascii: "0"), bytes[1] | 0x20 == UInt8(ascii: "x") {
            return unsigned(text)
        }
        let whole = bytes.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard !whole.isEmpty, let number = decimal(whole) else { return nil }
        var rest = bytes[whole.endIndex...]
        var fraction = 0.0
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            fraction = Double("0." + String(decoding: digits, as: UTF8.self) + "0") ?? 0
            rest = rest[digits.endIndex...]
        }
        guard rest.count <= 1, let shift = shift(of: rest.first) else { return nil }
        // A fraction of a byte makes no sense.
        guard shift > 0 || fraction == 0 else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
        let (sum, carry) = product.addingReportingOverflow(UInt64(fraction * Double(1 << shift) + 0.5))
        return overflow || carry ? nil : sum
    }

    private static func decimal(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for byte in digits {
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            number = sum
        }
        return number
    }

    /// The power of two of a suffix; bytes without one.
    private static func shift(of suffix: UInt8?) -> UInt64? {
        switch suffix.map({ $0 & ~0x20 }) {
        case nil, UInt8(ascii: "B"): 0
        case UInt8(ascii: "K"): 10
        case UInt8(ascii: "M"): 20
        case UInt8(ascii: "G"): 30
        case UInt8(ascii: "T"): 40
        case UInt8(ascii: "P"): 50
        case UInt8(ascii: "E"): 60
        default: nil
        }
    }
}
