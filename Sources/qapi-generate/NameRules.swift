/// How things of each kind are spelled.
enum NameRules {
    static func check(_ name: String, metaType: String, at location: SourceLocation) throws(SchemaError) {
        let scalars = Array(name.unicodeScalars)
        let isSpelledRight: Bool
        let rule: String
        switch metaType {
        case "command":
            rule = "lower-case letters, digits, '-' and '_', beginning with a letter"
            isSpelledRight = startsWithLetter(scalars, upper: false) && scalars.allSatisfy { isLower($0) || isSeparator($0) }
        case "event":
            rule = "upper-case letters, digits and '_', beginning with a letter"
            isSpelledRight =
                startsWithLetter(scalars, upper: true) && scalars.allSatisfy { isUpper($0) || isDigit($0) || $0 == "_" }
        case "value":
            rule = "letters, digits, '-' and '_'"
            isSpelledRight = !scalars.isEmpty && scalars.allSatisfy { isLower($0) || isUpper($0) || isSeparator($0) }
        case "member":
            rule = "lower-case letters, digits, '-' and '_', beginning with a letter"
            isSpelledRight = startsWithLetter(scalars, upper: false) && scalars.allSatisfy { isLower($0) || isSeparator($0) }
        default:
            rule = "letters and digits, beginning with a capital"
            isSpelledRight = startsWithLetter(scalars, upper: true) && scalars.allSatisfy { isLower($0) || isUpper($0) }
        }
        guard isSpelledRight else { throw SchemaError(location, "'\(name)' is no name for this: \(rule)") }
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
    private static func isLower(_ scalar: Unicode.Scalar) -> Bool { ("a"..."z").contains(scalar) || isDigit(scalar) }
    private static func isUpper(_ scalar: Unicode.Scalar) -> Bool { ("A"..."Z").contains(scalar) }
    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool { scalar == "-" || scalar == "_" }
    private static func startsWithLetter(_ scalars: [Unicode.Scalar], upper: Bool) -> Bool {
        guard let first = scalars.first else { return false }
        return upper ? isUpper(first) : isLower(first) && !isDigit(first)
    }
}
