/// Swift source text under construction.
struct SwiftText {
    private(set) var text = ""
    private var depth = 0

    /// Adds a line at the current depth.
    mutating func line(_ line: String = "") {
        if !line.isEmpty { text += String(repeating: "    ", count: depth) + line }
        text += "\n"
    }

    /// Adds `head {`, what `body` adds, and `}`; `head {}` when it adds nothing.
    mutating func block(_ head: String, _ body: (inout SwiftText) -> Void) {
        var inner = SwiftText()
        inner.depth = depth + 1
        body(&inner)
        guard !inner.text.isEmpty else { return line("\(head) {}") }
        line("\(head) {")
        text += inner.text
        line("}")
    }

    /// Adds a doc comment, wrapped, with a blank line between paragraphs.
    mutating func documentation(_ paragraphs: [String]) {
        for (index, paragraph) in paragraphs.enumerated() {
            if index > 0 { line("///") }
            var current = ""
            for word in DocumentationText.markdown(paragraph).split(separator: " ") {
                if !current.isEmpty, depth * 4 + 5 + current.count + word.count > 120 {
                    line("/// \(current)")
                    current = ""
                }
                current += (current.isEmpty ? "" : " ") + word
            }
            line("/// \(current)")
        }
    }

    /// Adds the description of a member, made a sentence.
    mutating func documentation(_ description: String) { documentation([DocumentationText.sentence(description)]) }
}

/// Descriptions as they stand in doc comments and on the reference page.
enum DocumentationText {
    /// `@name` becomes code.
    static func markdown(_ text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: false).map { word -> String in
            guard let mark = word.firstIndex(of: "@") else { return String(word) }
            let name = word[word.index(after: mark)...].prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
            guard !name.isEmpty else { return String(word) }
            return word[..<mark] + "`\(name)`" + word[name.endIndex...]
        }.joined(separator: " ")
    }

    /// The description with a capital and a full stop.
    static func sentence(_ text: String) -> String {
        let startsWithName = text.hasPrefix("@")
        let capitalized = startsWithName ? text : text.prefix(1).uppercased() + text.dropFirst()
        return capitalized.hasSuffix(".") ? capitalized : capitalized + "."
    }
}
