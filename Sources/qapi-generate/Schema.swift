/// A type of the language itself.
enum BuiltinType: String, CaseIterable {
    case str, bool, number, any, null, int, int8, int16, int32, int64, uint8, uint16, uint32, uint64, size

    /// The kind of JSON value that carries it, in introspection's words.
    var jsonType: String {
        switch self {
        case .str: "string"
        case .bool: "boolean"
        case .number: "number"
        case .any: "value"
        case .null: "null"
        default: "int"
        }
    }
}

/// The type of a member, an argument or a reply.
enum TypeReference: Hashable {
    case builtin(BuiltinType)
    case named(String)
    indirect case array(TypeReference)
}

/// A member of an object, or a branch of an alternate.
struct Member {
    var name: String
    var type: TypeReference
    var isOptional = false
    /// Read, so that who uses it gets a true answer, and shown to nobody: what it asks for is not there yet.
    var isHidden = false
    var features: [String] = []
    var documentation = ""
    var location: SourceLocation
}

/// One value of an enumeration.
struct EnumValue {
    var name: String
    /// As that of a member.
    var isHidden = false
    var features: [String]
    var documentation: String
}

/// One value of a union's tag and the struct that comes with it.
struct Branch {
    var tag: String
    var type: String
    var location: SourceLocation
}

/// The arguments of a command or the data of an event.
enum Arguments {
    case none
    /// Members listed on the spot.
    case members([Member])
    /// The members of a struct, or when boxed of a union too.
    case type(String, isBoxed: Bool)
}

/// What a definition defines.
enum DefinitionKind {
    case enumeration([EnumValue])
    case structure(base: String?, members: [Member])
    case union(base: UnionBase, discriminator: String, branches: [Branch])
    case alternate([Member])
    case command(Command)
    case event(Arguments)
}

/// The members that every variant of a union has.
enum UnionBase {
    case members([Member])
    case type(String)
}

/// What is special about a command.
struct Command {
    var arguments: Arguments
    var returns: TypeReference?
    var allowsOOB = false
    /// False for query-qmp-schema alone, whose reply the generator writes itself.
    var hasTypedReply = true
}

/// One definition of a schema.
struct Definition {
    var name: String
    var kind: DefinitionKind
    var features: [String]
    var documentation: Documentation
    var location: SourceLocation
}

/// The definitions of one schema file.
struct Module {
    var name: String
    var title: String?
    var definitions: [Definition]
}

/// A checked schema: every name in it resolves.
struct Schema {
    var modules: [Module]
    private var types: [String: Definition] = [:]

    init(modules: [Module]) {
        self.modules = modules
        for definition in modules.flatMap(\.definitions) { types[definition.name] = definition }
    }

    /// All definitions in the order of introspection.
    var definitions: [Definition] { modules.flatMap(\.definitions) }

    /// The definition called `name`.
    func definition(_ name: String) -> Definition? { types[name] }

    /// Whether a type serves hidden members alone.
    func isHidden(_ name: String) -> Bool {
        let users = definitions.flatMap { ownMembers(of: $0) }.filter { $0.type == .named(name) }
        return !users.isEmpty && users.allSatisfy(\.isHidden)
    }

    private func ownMembers(of definition: Definition) -> [Member] {
        switch definition.kind {
        case .structure(_, let members), .alternate(let members): members
        case .union(.members(let members), _, _): members
        case .command(let command): members(command.arguments)
        case .event(let arguments): members(arguments)
        case .enumeration, .union: []
        }
    }

    private func members(_ arguments: Arguments) -> [Member] {
        if case .members(let members) = arguments { members } else { [] }
    }

    /// All members of a struct with its bases', or those that every variant of a union has.
    func allMembers(of name: String) -> [Member] {
        switch types[name]?.kind {
        case .structure(let base, let members): (base.map { allMembers(of: $0) } ?? []) + members
        case .union(.members(let members), _, _): members
        case .union(.type(let base), _, _): allMembers(of: base)
        default: []
        }
    }

    /// The values of an enumeration.
    func enumValues(of name: String) -> [EnumValue] {
        if case .enumeration(let values) = types[name]?.kind { values } else { [] }
    }

    /// The enumeration that is the type of a union's tag.
    func tagType(ofUnion name: String) -> String? {
        guard case .union(_, let discriminator, _) = types[name]?.kind,
            case .named(let type) = allMembers(of: name).first(where: { $0.name == discriminator })?.type
        else { return nil }
        return type
    }
}
