/// Docs/QMP-Reference.md: every command, event and type, by the files of the schema.
struct ReferencePage {
    private let schema: Schema
    private(set) var text = """
        # QMP reference

        Made by `qapi-generate` from `Sources/QAPI/Schema`; don't edit, run `make generate`. Names, members and types are those of
        QEMU 10.1; what begins with `x-` is blockjobd's own. A member in italics may be left out.

        """

    init(_ schema: Schema) {
        self.schema = schema
        for module in schema.modules where !module.definitions.isEmpty {
            text += "\n## \(module.title ?? module.name)\n"
            for definition in module.definitions where !schema.isHidden(definition.name) { write(definition) }
        }
    }

    private mutating func write(_ definition: Definition) {
        let documentation = definition.documentation
        text += "\n### \(definition.name)\n\n*\(Self.kindName(definition.kind))*"
        if case .command(let command) = definition.kind, command.allowsOOB { text += ", allowed out of band" }
        for feature in definition.features { text += ", \(feature)" }
        text += "\n"
        for paragraph in documentation.summary { text += "\n\(DocumentationText.markdown(paragraph))\n" }
        writeDetails(definition)
        for (feature, description) in documentation.features.sorted(by: { $0.key < $1.key }) {
            text += "\nFeature `\(feature)`: \(DocumentationText.markdown(DocumentationText.sentence(description)))\n"
        }
    }

    private mutating func writeDetails(_ definition: Definition) {
        switch definition.kind {
        case .enumeration(let values):
            writeTable("value", values.filter { !$0.isHidden }.map { ("`\($0.name)`", nil, $0.documentation) })
        case .structure:
            writeTable(schema.allMembers(of: definition.name))
        case .union(_, let discriminator, let branches):
            writeTable(schema.allMembers(of: definition.name))
            text += "\n"
            for branch in branches { text += "- with `\(discriminator)` `\(branch.tag)`: the members of \(link(branch.type))\n" }
        case .alternate(let branches):
            writeTable("branch", branches.map { ($0.name, name($0.type), $0.documentation) })
        case .command(let command):
            write(command.arguments, "Arguments")
            if let returns = command.returns {
                let description = DocumentationText.markdown(DocumentationText.sentence(definition.documentation.returns ?? ""))
                text += "\nReturns \(name(returns)). \(description)\n"
            }
        case .event(let arguments):
            write(arguments, "Data")
        }
    }

    private mutating func write(_ arguments: Arguments, _ what: String) {
        switch arguments {
        case .none: break
        case .members(let members): writeTable(members)
        case .type(let type, _): text += "\n\(what): the members of \(link(type)).\n"
        }
    }

    private mutating func writeTable(_ members: [Member]) {
        writeTable(
            "member",
            members.filter { !$0.isHidden }.map { member in
                let name = member.isOptional ? "*`\(member.name)`*" : "`\(member.name)`"
                let marks = member.features.isEmpty ? "" : " (\(member.features.joined(separator: ", ")))"
                return (name, self.name(member.type), member.documentation + marks)
            })
    }

    private mutating func writeTable(_ head: String, _ rows: [(String, String?, String)]) {
        guard let first = rows.first else { return }
        let hasTypes = first.1 != nil
        text += "\n| \(head) |\(hasTypes ? " type |" : "") |\n| --- |\(hasTypes ? " --- |" : "") --- |\n"
        for (name, type, description) in rows {
            text += "| \(name) |\(type.map { " \($0) |" } ?? "") \(DocumentationText.markdown(description)) |\n"
        }
    }

    private func name(_ type: TypeReference) -> String {
        switch type {
        case .builtin(let builtin): builtin.rawValue
        case .array(let element): "array of \(name(element))"
        case .named(let name): link(name)
        }
    }

    private func link(_ type: String) -> String { "[\(type)](#\(type.lowercased()))" }

    private static func kindName(_ kind: DefinitionKind) -> String {
        switch kind {
        case .enumeration: "enumeration"
        case .structure: "object"
        case .union: "object with variants"
        case .alternate: "one of several types"
        case .command: "command"
        case .event: "event"
        }
    }
}
