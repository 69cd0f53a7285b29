/// Everything that the generator makes of a schema, as texts.
struct GeneratedFiles {
    /// The Swift files by their names, and the reference page.
    private(set) var swift: [(name: String, text: String)] = []
    /// The reference page in Markdown.
    let referencePage: String

    /// Makes the texts; the Swift files import `module`, which has the runtime, unless they are part of it.
    init(_ schema: Schema, importing module: String? = nil) throws(SchemaError) {
        let types = SwiftTypes(schema: schema, use: TypeUse(schema))
        let commands = SwiftCommands(schema: schema, types: types)
        try SwiftNameCheck.check(schema)
        for area in schema.modules {
            var body = SwiftText()
            for definition in area.definitions {
                types.write(definition, to: &body)
                commands.write(definition, to: &body)
            }
            if !body.text.isEmpty { swift.append(Self.file("\(SwiftNames.command(area.name)).swift", body.text, module)) }
        }
        var table = SwiftText()
        commands.writeTable(to: &table)
        swift.append(Self.file("SchemaCommands.swift", table.text, module))
        swift.append(Self.file("IntrospectionText.swift", Self.introspection(schema), module))
        referencePage = ReferencePage(schema).text
    }

    private static func file(_ name: String, _ body: String, _ module: String?) -> (name: String, text: String) {
        let imports = (body.contains("JSONWriter") ? ["JSON"] : []) + (body.contains(": QAPI") ? [module].compactMap { $0 } : [])
        let head = "// swift-format-ignore-file\n// Made from the schema by qapi-generate: `make generate` renews it.\n"
        return (name, head + (imports.isEmpty ? "" : "\n") + imports.map { "public import \($0)\n" }.joined() + body)
    }

    /// The table as a string literal, an entry a line.
    private static func introspection(_ schema: Schema) -> String {
        let entries = IntrospectionTable(schema).entries
        var text = "\n/// The reply of query-qmp-schema.\nlet introspectionText: StaticString = #\"\"\"\n    [\\#\n"
        for (index, entry) in entries.enumerated() {
            text += "    \(entry)\(index + 1 < entries.count ? ", " : "")\\#\n"
        }
        return text + "    ]\n    \"\"\"#\n"
    }
}

/// No two things of a schema get the same name in Swift.
enum SwiftNameCheck {
    static func check(_ schema: Schema) throws(SchemaError) {
        var owners: [String: String] = [:]
        for definition in schema.definitions {
            let name: String
            switch definition.kind {
            case .command(let command):
                name = SwiftNames.command(definition.name)
                // Such a command extends the struct of its arguments.
                if case .type(name, isBoxed: true) = command.arguments { continue }
            case .event: name = SwiftNames.event(definition.name)
            case .enumeration(let values):
                name = definition.name
                try checkUnique(values.map { SwiftNames.enumCase($0.name) }, in: definition)
            default:
                name = definition.name
                try checkUnique(schema.allMembers(of: name).map { SwiftNames.property($0.name) }, in: definition)
            }
            if let other = owners.updateValue(definition.name, forKey: name) {
                throw SchemaError(definition.location, "'\(definition.name)' and '\(other)' are both '\(name)' in Swift")
            }
        }
    }

    private static func checkUnique(_ names: [String], in definition: Definition) throws(SchemaError) {
        var seen: Set<String> = []
        for name in names where !seen.insert(name).inserted {
            throw SchemaError(definition.location, "two members of '\(definition.name)' are both '\(name)' in Swift")
        }
    }
}
