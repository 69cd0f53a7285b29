/// The value of an option of the form `first,key=value,flag,noflag`, where `,,` stands for a comma within a value.
struct OptionString: Equatable {
    /// Keys and values in the order typed.
    private(set) var pairs: [(key: String, value: String)] = []
    /// What to tell the user about old spellings.
    private(set) var warnings: [String] = []

    static func == (left: OptionString, right: OptionString) -> Bool {
        left.pairs.elementsEqual(right.pairs) { $0.key == $1.key && $0.value == $1.value } && left.warnings == right.warnings
    }

    /// - Parameter implied: the key that the first word has when it has none.
    init(_ text: String, implied: String) {
        for (index, word) in OptionString.words(text).enumerated() {
            if let equals = word.firstIndex(of: "=") {
                pairs.append((String(word[..<equals]), String(word[word.index(after: equals)...])))
            } else if index == 0 {
                pairs.append((implied, word))
            } else {
                let negated = word.hasPrefix("no") && word.count > 2
                let key = negated ? String(word.dropFirst(2)) : word
                let value = negated ? "off" : "on"
                pairs.append((key, value))
                warnings.append("short-form boolean option '\(word)' deprecated\nPlease use \(key)=\(value) instead")
            }
        }
    }

    /// The value of a key: the last one when it was given more than once, as QEMU does.
    subscript(key: String) -> String? { pairs.last { $0.key == key }?.value }

    /// A key whose value is `on` or `off`.
    func flag(_ key: String) throws(StartFailure) -> Bool? {
        switch self[key] {
        case nil: return nil
        case "on": return true
        case "off": return false
        default: throw StartFailure("Parameter '\(key)' expects 'on' or 'off'")
        }
    }

    /// Cuts at single commas and turns double ones into one.
    private static func words(_ text: String) -> [String] {
        guard !text.isEmpty else { return [] }
        var words = [""]
        var characters = text[...]
        while let character = characters.popFirst() {
            if character != "," {
                words[words.count - 1].append(character)
            } else if characters.first == "," {
                characters.removeFirst()
                words[words.count - 1].append(",")
            } else if !characters.isEmpty {
                words.append("")
            }
        }
        return words
    }
}

/// The rule for names that users give to things on the command line.
enum Identifier {
    /// Letters, digits, `-`, `.` and `_`, beginning with a letter.
    static func isValid(_ text: String) -> Bool {
        guard let first = text.utf8.first, isLetter(first) else { return false }
        return text.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
