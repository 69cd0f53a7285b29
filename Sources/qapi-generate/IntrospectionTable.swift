/// The reply of query-qmp-schema: commands and events first, then the types that they use in the order of their first use.
///
/// Types lose their names to numbers, all integers are `int`, structs come with their bases' members, and a union has a
/// variant for every value of its tag: the members of a value without a branch are the empty object's.
struct IntrospectionTable {
    /// A type on its way into the table.
    private enum TypeKey: Hashable {
        case builtin(BuiltinType)
        indirect case array(TypeKey)
        case named(String)
        /// The arguments of a command or the data of an event that are listed on the spot.
        case arguments(of: String)
        case empty
    }

    private let schema: Schema
    private var queue: [TypeKey] = []
    private var numbers: [TypeKey: Int] = [:]
    private(set) var entries: [String] = []

    /// Makes the entries' JSON texts.
    init(_ schema: Schema) {
        self.schema = schema
        for definition in schema.definitions {
            switch definition.kind {
            case .command(let command):
                var members = [
                    ("arg-type", quoted(use(command.arguments, of: definition.name))),
                    ("ret-type", quoted(use(command.returns.map { key($0) } ?? .empty))),
                ]
                if command.allowsOOB { members.append(("allow-oob", "true")) }
                add(definition.name, "command", features: definition.features, members)
            case .event(let arguments):
                let members = [("arg-type", quoted(use(arguments, of: definition.name)))]
                add(definition.name, "event", features: definition.features, members)
            default: break
            }
        }
        var next = 0
        while next < queue.count {
            addType(queue[next])
            next += 1
        }
    }

    // MARK: Names

    private func key(_ type: TypeReference) -> TypeKey {
        switch type {
        case .builtin(let builtin): .builtin(builtin.jsonType == "int" ? .int : builtin)
        case .array(let element): .array(key(element))
        case .named(let name): .named(name)
        }
    }

    /// Notes that a type is used, and gives its name in the table.
    private mutating func use(_ type: TypeKey) -> String {
        if !queue.contains(type) { queue.append(type) }
        switch type {
        case .builtin(let builtin): return builtin.rawValue
        case .array(let element): return "[\(use(element))]"
        default:
            let number = numbers[type] ?? numbers.count
            numbers[type] = number
            return String(number)
        }
    }

    private mutating func use(_ arguments: Arguments, of name: String) -> String {
        switch arguments {
        case .none: use(.empty)
        case .members: use(.arguments(of: name))
        case .type(let type, _): use(.named(type))
        }
    }

    // MARK: Entries

    private mutating func addType(_ type: TypeKey) {
        let name = use(type)
        switch type {
        case .builtin(let builtin): add(name, "builtin", [("json-type", quoted(builtin.jsonType))])
        case .array(let element): add(name, "array", [("element-type", quoted(use(element)))])
        case .empty: add(name, "object", [("members", "[]")])
        case .arguments(let owner):
            switch schema.definition(owner)?.kind {
            case .command(let command): addObject(name, command.arguments)
            case .event(let arguments): addObject(name, arguments)
            default: break
            }
        case .named(let typeName):
            guard let definition = schema.definition(typeName) else { return }
            addNamed(name, definition)
        }
    }

    private mutating func addObject(_ name: String, _ arguments: Arguments) {
        guard case .members(let members) = arguments else { return }
        add(name, "object", [("members", array(shown(members)))])
    }

    private mutating func shown(_ members: [Member]) -> [String] { members.filter { !$0.isHidden }.map { member($0) } }

    private mutating func addNamed(_ name: String, _ definition: Definition) {
        switch definition.kind {
        case .enumeration(let values):
            let values = values.filter { !$0.isHidden }
            let members = values.map { object([("name", quoted($0.name))] + features($0.features)) }
            add(
                name, "enum", features: definition.features,
                [("members", array(members)), ("values", array(values.map { quoted($0.name) }))])
        case .structure:
            let members = shown(schema.allMembers(of: definition.name))
            add(name, "object", features: definition.features, [("members", array(members))])
        case .union(_, let discriminator, let branches):
            let members = shown(schema.allMembers(of: definition.name))
            let tagType = schema.tagType(ofUnion: definition.name) ?? ""
            // Values with a branch come in the order of the branches, the rest after them.
            let rest = schema.enumValues(of: tagType).map(\.name).filter { value in !branches.contains { $0.tag == value } }
            var variants = branches.map { object([("case", quoted($0.tag)), ("type", quoted(use(.named($0.type))))]) }
            variants += rest.map { object([("case", quoted($0)), ("type", quoted(use(.empty)))]) }
            add(
                name, "object", features: definition.features,
                [("members", array(members)), ("tag", quoted(discriminator)), ("variants", array(variants))])
        case .alternate(let branches):
            let members = branches.map { object([("type", quoted(use(key($0.type))))]) }
            add(name, "alternate", features: definition.features, [("members", array(members))])
        case .command, .event: break
        }
    }

    private mutating func member(_ member: Member) -> String {
        var members = [("name", quoted(member.name)), ("type", quoted(use(key(member.type))))]
        if member.isOptional { members.append(("default", "null")) }
        return object(members + features(member.features))
    }

    private mutating func add(_ name: String, _ metaType: String, features names: [String] = [], _ members: [(String, String)]) {
        entries.append(object([("name", quoted(name)), ("meta-type", quoted(metaType))] + features(names) + members))
    }

    // MARK: JSON. Names and features are plain ASCII without quotes, by the rules for names.

    private func quoted(_ text: String) -> String { "\"\(text)\"" }
    private func array(_ elements: [String]) -> String { "[" + elements.joined(separator: ", ") + "]" }
    private func object(_ members: [(String, String)]) -> String {
        "{" + members.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
    }
    private func features(_ names: [String]) -> [(String, String)] {
        names.isEmpty ? [] : [("features", array(names.map { quoted($0) }))]
    }
}
