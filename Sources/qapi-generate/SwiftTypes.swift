/// Writes enums, structs, unions and alternates.
struct SwiftTypes {
    let schema: Schema
    let use: TypeUse

    /// Writes a type, if anything needs it.
    func write(_ definition: Definition, to swift: inout SwiftText) {
        guard use.needed.contains(definition.name) else { return }
        swift.line()
        swift.documentation(definition.documentation.summary)
        switch definition.kind {
        case .enumeration(let values): write(definition.name, values, to: &swift)
        case .structure:
            let properties = properties(of: schema.allMembers(of: definition.name), owner: definition.name)
            swift.block("public struct \(definition.name): QAPIObject") { Self.writeObject(properties, to: &$0) }
        case .union: write(union: definition, to: &swift)
        case .alternate(let branches): write(alternate: definition.name, branches, to: &swift)
        case .command, .event: break
        }
    }

    // MARK: Objects

    /// A stored property that reads and writes one member, or the variant part of a union.
    struct Property {
        var name: String
        var type: String
        var isOptional = false
        var isIndirect = false
        var documentation: String
        /// The member's name on the wire, nil for the variant part.
        var wireName: String?
        /// For the variant part: the tag's name on the wire and its type.
        var tag: (wireName: String, type: String)?
    }

    func properties(of members: [Member], owner: String) -> [Property] {
        members.map { member in
            Property(
                name: SwiftNames.property(member.name), type: SwiftNames.type(member.type), isOptional: member.isOptional,
                isIndirect: use.isIndirect(member, of: owner), documentation: member.documentation, wireName: member.name)
        }
    }

    /// Writes stored properties, the memberwise initialiser, decoding and encoding.
    static func writeObject(_ properties: [Property], to swift: inout SwiftText) {
        for property in properties {
            swift.documentation(property.documentation)
            let wrapper = property.isIndirect ? "@Indirect " : ""
            swift.line("\(wrapper)public var \(SwiftNames.quoted(property.name)): \(property.type)\(property.isOptional ? "?" : "")")
        }
        if !properties.isEmpty { swift.line() }
        writeMemberwise(properties, to: &swift)
        swift.line()
        swift.documentation("Reads the members")
        swift.block("public init(members reader: inout ArgumentReader) throws(ArgumentError)") { body in
            for property in properties where property.tag != nil {
                body.line("let tag: \(property.tag?.type ?? "")")
            }
            for property in properties {
                if let tag = property.tag {
                    body.line("tag = try reader.required(\"\(tag.wireName)\")")
                } else {
                    let name = SwiftNames.quoted(property.name)
                    body.line(
                        "\(name == property.name ? "" : "self.")\(name) = try reader.\(property.isOptional ? "optional" : "required")"
                            + "(\"\(property.wireName ?? "")\")")
                }
            }
            // The variant's members come after all that the variants have in common, wherever the tag stands.
            for property in properties where property.tag != nil {
                body.line("\(property.name) = try Variant(tag, members: &reader)")
            }
        }
        swift.line()
        swift.documentation("Writes the members")
        swift.block("public func encodeMembers(to writer: inout JSONWriter)") { body in
            for property in properties {
                if let tag = property.tag {
                    body.line("writer.member(\"\(tag.wireName)\", \(property.name).tag)")
                } else {
                    body.line(
                        "writer.member(\"\(property.wireName ?? "")\", \(property.isOptional ? "ifPresent: " : "")\(SwiftNames.quoted(property.name)))"
                    )
                }
            }
            for property in properties where property.tag != nil { body.line("\(property.name).encodeMembers(to: &writer)") }
        }
    }

    private static func writeMemberwise(_ properties: [Property], to swift: inout SwiftText) {
        swift.documentation("Makes a value from its members")
        guard !properties.isEmpty else { return swift.line("public init() {}") }
        swift.line("public init(")
        for (index, property) in properties.enumerated() {
            let type = property.type + (property.isOptional ? "? = nil" : "")
            swift.line("    \(SwiftNames.quoted(property.name)): \(type)\(index + 1 < properties.count ? "," : "")")
        }
        swift.block(")") { body in
            for property in properties {
                let name = SwiftNames.quoted(property.name)
                body.line("self.\(name) = \(name)")
            }
        }
    }

    // MARK: Enumerations

    private func write(_ name: String, _ values: [EnumValue], to swift: inout SwiftText) {
        swift.block("public enum \(name): String, QAPIEnum") { body in
            for value in values {
                body.documentation(value.documentation)
                body.line("case \(SwiftNames.enumCase(value.name)) = \"\(value.name)\"")
            }
        }
    }

    // MARK: Unions

    private func write(union definition: Definition, to swift: inout SwiftText) {
        guard case .union(_, let discriminator, let branches) = definition.kind, let tagType = schema.tagType(ofUnion: definition.name)
        else { return }
        let common = schema.allMembers(of: definition.name)
        let isIndirect = use.isIndirectChoice(definition.name)
        let choice = VariantWriter(
            tagName: discriminator, tagType: tagType, values: schema.enumValues(of: tagType), branches: branches, isIndirect: isIndirect)
        if common.count == 1 {
            return choice.write(name: definition.name, isObject: true, to: &swift)
        }
        swift.block("public struct \(definition.name): QAPIObject") { body in
            let all = properties(of: common, owner: definition.name).map { property -> Property in
                guard property.wireName == discriminator else { return property }
                return Property(
                    name: "variant", type: "Variant", documentation: property.documentation + ", with the members that come with it",
                    tag: (discriminator, tagType))
            }
            Self.writeObject(all, to: &body)
            body.line()
            let tagProperty = SwiftNames.property(discriminator)
            body.documentation(common.first { $0.name == discriminator }?.documentation ?? "")
            body.line("public var \(SwiftNames.quoted(tagProperty)): \(tagType) { variant.tag }")
            body.line()
            body.documentation("The members that come with each value of `\(discriminator)`")
            choice.write(name: "Variant", isObject: false, to: &body)
        }
    }

    // MARK: Alternates

    private func write(alternate name: String, _ branches: [Member], to swift: inout SwiftText) {
        swift.block("public \(use.isIndirectChoice(name) ? "indirect " : "")enum \(name): QAPIValue") { body in
            for branch in branches {
                body.documentation(branch.documentation)
                body.line("case \(SwiftNames.enumCase(branch.name))(\(SwiftNames.type(branch.type)))")
            }
            body.line()
            body.documentation("Chooses by the JSON type")
            body.block("public init(from value: ArgumentValue) throws(ArgumentError)") { decoding in
                decoding.line("switch value.kind {")
                for branch in branches {
                    guard let kind = AlternateKind.kind(of: branch.type, in: schema) else { continue }
                    let cases =
                        switch kind {
                        case .number:
                            branch.type == .builtin(.number) ? ".integer, .unsigned, .double" : ".integer, .unsigned"
                        default: ".\(kind.rawValue)"
                        }
                    decoding.line(
                        "case \(cases): self = .\(SwiftNames.enumCase(branch.name))(try \(SwiftNames.type(branch.type))(from: value))")
                }
                decoding.line("default: throw value.matchesNo(alternate: \"\(name)\")")
                decoding.line("}")
            }
            body.line()
            body.documentation("Writes the branch's value")
            body.block("public func encode(to writer: inout JSONWriter)") { encoding in
                encoding.line("switch self {")
                for branch in branches {
                    encoding.line("case .\(SwiftNames.enumCase(branch.name))(let value): value.encode(to: &writer)")
                }
                encoding.line("}")
            }
        }
    }
}
