/// What a `##` block says about one definition.
struct Documentation: Equatable {
    /// The paragraphs about the definition itself.
    var summary: [String] = []
    /// The text about each member, enumeration value or alternate's branch.
    var members: [String: String] = [:]
    /// The text about each feature.
    var features: [String: String] = [:]
    /// What a command returns.
    var returns: String?

    /// Where the text of the current line belongs.
    private enum Place: Equatable {
        case summary, member(String), feature(String), returns
    }

    /// Parses a block that must begin with `@name:`.
    init(lines: [String], location: SourceLocation, name: String) throws(SchemaError) {
        guard lines.first == "@\(name):" else {
            throw SchemaError(location, "the documentation of '\(name)' must begin with '@\(name):'")
        }
        var place = Place.summary
        var inFeatures = false
        var startsParagraph = true
        for (index, line) in lines.enumerated().dropFirst() {
            let here = SourceLocation(file: location.file, line: location.line + index + 1)
            let text = line.drop { $0 == " " }
            if text.isEmpty {
                startsParagraph = true
                continue
            }
            if line == "Features:" {
                inFeatures = true
                continue
            }
            if line.hasPrefix("Returns: ") {
                place = .returns
                returns = String(line.dropFirst(9))
                continue
            }
            if line.hasPrefix("@"), let colon = line.firstIndex(of: ":"), !line[..<colon].contains(" ") {
                let subject = String(line[line.index(after: line.startIndex)..<colon])
                let description = String(line[line.index(after: colon)...].drop { $0 == " " })
                if inFeatures {
                    guard features.updateValue(description, forKey: subject) == nil else {
                        throw SchemaError(here, "feature '\(subject)' is documented twice")
                    }
                    place = .feature(subject)
                } else {
                    guard members.updateValue(description, forKey: subject) == nil else {
                        throw SchemaError(here, "'\(subject)' is documented twice")
                    }
                    place = .member(subject)
                }
                continue
            }
            guard place == .summary || line.hasPrefix(" ") || place == .returns else {
                throw SchemaError(here, "a line that goes on with the description of a member must be indented")
            }
            append(String(text), to: place, asNewParagraph: startsParagraph)
            startsParagraph = false
        }
        guard !summary.isEmpty else { throw SchemaError(location, "'\(name)' has no description") }
    }

    private mutating func append(_ text: String, to place: Place, asNewParagraph: Bool) {
        switch place {
        case .summary:
            if asNewParagraph || summary.isEmpty { summary.append(text) } else { summary[summary.count - 1] += " " + text }
        case .member(let name): members[name, default: ""] += " " + text
        case .feature(let name): features[name, default: ""] += " " + text
        case .returns: returns = (returns ?? "") + " " + text
        }
    }
}
