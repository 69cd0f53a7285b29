/// Writes the Swift enum that holds what comes with each value of a union's tag.
struct VariantWriter {
    let tagName: String
    let tagType: String
    let values: [EnumValue]
    let branches: [Branch]
    let isIndirect: Bool

    private func payload(of value: EnumValue) -> String? { branches.first { $0.tag == value.name }?.type }

    /// Writes the enum. As an object of its own it reads and writes the tag too.
    func write(name: String, isObject: Bool, to swift: inout SwiftText) {
        let conformances = isObject ? "QAPIObject" : "Sendable, Equatable"
        swift.block("public \(isIndirect ? "indirect " : "")enum \(name): \(conformances)") { body in
            for value in values {
                body.documentation(value.documentation)
                body.line("case \(SwiftNames.enumCase(value.name))\(payload(of: value).map { "(\($0))" } ?? "")")
            }
            body.line()
            body.documentation("The value of `\(tagName)`")
            body.block("public var \(isObject ? SwiftNames.quoted(SwiftNames.property(tagName)) : "tag"): \(tagType)") { tag in
                tag.line("switch self {")
                for value in values {
                    let name = SwiftNames.enumCase(value.name)
                    tag.line("case .\(name): .\(name)")
                }
                tag.line("}")
            }
            body.line()
            if isObject {
                body.documentation("Reads the tag and the members that come with it")
                body.block("public init(members reader: inout ArgumentReader) throws(ArgumentError)") { decoding in
                    decoding.line("let tag: \(tagType) = try reader.required(\"\(tagName)\")")
                    writeDecoding(to: &decoding)
                }
            } else {
                body.documentation("Reads the members that come with `tag`")
                body.block("init(_ tag: \(tagType), members reader: inout ArgumentReader) throws(ArgumentError)") {
                    writeDecoding(to: &$0)
                }
            }
            body.line()
            writeEncoding(isObject: isObject, to: &body)
        }
    }

    private func writeDecoding(to swift: inout SwiftText) {
        swift.line("switch tag {")
        for value in values {
            let name = SwiftNames.enumCase(value.name)
            let payload = payload(of: value).map { "(try \($0)(members: &reader))" } ?? ""
            swift.line("case .\(name): self = .\(name)\(payload)")
        }
        swift.line("}")
    }

    private func writeEncoding(isObject: Bool, to swift: inout SwiftText) {
        swift.documentation(isObject ? "Writes the tag and the members that come with it" : "Writes the members that come with the tag")
        swift.block("\(isObject ? "public " : "")func encodeMembers(to writer: inout JSONWriter)") { body in
            if isObject {
                body.line("writer.member(\"\(tagName)\", \(SwiftNames.quoted(SwiftNames.property(tagName))))")
            }
            body.line("switch self {")
            for value in values where payload(of: value) != nil {
                body.line("case .\(SwiftNames.enumCase(value.name))(let payload): payload.encodeMembers(to: &writer)")
            }
            let empty = values.filter { payload(of: $0) == nil }.map { ".\(SwiftNames.enumCase($0.name))" }
            if !empty.isEmpty { body.line("case \(empty.joined(separator: ", ")): break") }
            body.line("}")
        }
    }
}
