/// Writes the structs of commands and events and the table of all of them.
struct SwiftCommands {
    let schema: Schema
    let types: SwiftTypes

    /// Writes a command or an event.
    func write(_ definition: Definition, to swift: inout SwiftText) {
        switch definition.kind {
        case .command(let command):
            write(command, definition, to: &swift)
        case .event(let arguments):
            let hasData = if case .none = arguments { false } else { true }
            write(definition, SwiftNames.event(definition.name), arguments, conformance: "QAPIEvent", to: &swift) { body in
                body.documentation("The name on the wire")
                body.line("public static let name = \"\(definition.name)\"")
                body.documentation("Whether there is data")
                body.line("public static let hasData = \(hasData)")
            }
        default: break
        }
    }

    private func write(_ command: Command, _ definition: Definition, to swift: inout SwiftText) {
        let reply =
            switch command.returns {
            case _ where !command.hasTypedReply: "Introspection"
            case .some(let type): SwiftNames.type(type)
            case .none: "EmptyReply"
            }
        write(definition, SwiftNames.command(definition.name), command.arguments, conformance: "QAPICommand", to: &swift) { body in
            body.documentation(definition.documentation.returns ?? "Nothing")
            body.line("public typealias Reply = \(reply)")
            body.documentation("The name on the wire")
            body.line("public static let name = \"\(definition.name)\"")
            body.documentation("Whether it may be sent out of band")
            body.line("public static let allowOOB = \(command.allowsOOB)")
        }
    }

    private func write(
        _ definition: Definition, _ name: String, _ arguments: Arguments, conformance: String, to swift: inout SwiftText,
        statics: (inout SwiftText) -> Void
    ) {
        swift.line()
        swift.documentation(
            definition.documentation.summary
                + definition.documentation.features.sorted { $0.key < $1.key }.map {
                    DocumentationText.sentence("\($0.key): \($0.value)")
                })
        // A struct that is the whole of a command's arguments is the command.
        if case .type(name, isBoxed: true) = arguments {
            return swift.block("extension \(name): \(conformance)", statics)
        }
        let properties: [SwiftTypes.Property] =
            switch arguments {
            case .none: []
            case .members(let members): types.properties(of: members, owner: name)
            case .type(let type, isBoxed: false): types.properties(of: schema.allMembers(of: type), owner: name)
            case .type: []
            }
        swift.block("public struct \(name): \(conformance)") { body in
            statics(&body)
            body.line()
            if case .type(let type, isBoxed: true) = arguments { return Self.writeBoxed(type, to: &body) }
            SwiftTypes.writeObject(properties, to: &body)
        }
    }

    private static func writeBoxed(_ type: String, to swift: inout SwiftText) {
        swift.documentation("All arguments")
        swift.line("public var arguments: \(type)")
        swift.line()
        swift.documentation("Makes a value from its members")
        swift.line("public init(_ arguments: \(type)) { self.arguments = arguments }")
        swift.line()
        swift.documentation("Reads the members")
        swift.block("public init(members reader: inout ArgumentReader) throws(ArgumentError)") {
            $0.line("arguments = try \(type)(members: &reader)")
        }
        swift.line()
        swift.documentation("Writes the members")
        swift.block("public func encodeMembers(to writer: inout JSONWriter)") { $0.line("arguments.encodeMembers(to: &writer)") }
    }

    /// The names of all commands as query-commands lists them: the last of the schema first.
    func writeTable(to swift: inout SwiftText) {
        let names = schema.definitions.compactMap { if case .command = $0.kind { $0.name } else { nil } }
        swift.line()
        swift.documentation(["What the schema defines."])
        swift.block("public enum SchemaCommands") { body in
            body.documentation("The names of all commands in the order in which query-commands lists them")
            body.line("public static let names: [String] = [")
            for name in names.reversed() { body.line("    \"\(name)\",") }
            body.line("]")
        }
    }
}
