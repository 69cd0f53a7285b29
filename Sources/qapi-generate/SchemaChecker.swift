/// Turns parsed files into a schema in which every name resolves and every union and alternate can be decoded.
struct SchemaChecker {
    private let schema: Schema

    static func check(_ files: [SchemaFile]) throws(SchemaError) -> Schema {
        var modules: [Module] = []
        var seen: [String: SourceLocation] = [:]
        for file in files {
            var module = Module(name: file.module, title: file.title, definitions: [])
            for expression in file.expressions {
                let definition = try DefinitionReader.read(expression)
                if let first = seen[definition.name] {
                    throw SchemaError(definition.location, "'\(definition.name)' is already defined in \(first.file):\(first.line)")
                }
                guard BuiltinType(rawValue: definition.name) == nil else {
                    throw SchemaError(definition.location, "'\(definition.name)' is a built-in type")
                }
                seen[definition.name] = definition.location
                module.definitions.append(definition)
            }
            modules.append(module)
        }
        let checker = SchemaChecker(schema: Schema(modules: modules))
        for definition in checker.schema.definitions { try checker.check(definition) }
        return checker.schema
    }

    private func check(_ definition: Definition) throws(SchemaError) {
        switch definition.kind {
        case .enumeration: break
        case .structure(let base, let members):
            try check(members)
            if let base {
                try checkBase(base, of: definition)
                let inherited = schema.allMembers(of: base)
                try checkNoClash(members, with: inherited, in: definition.name)
            }
        case .union(let base, let discriminator, let branches):
            try checkUnion(definition, base, discriminator, branches)
        case .alternate(let branches):
            try check(branches)
            try checkAlternate(definition, branches)
        case .command(let command):
            try check(command.arguments, of: definition)
            if let returns = command.returns { try checkReturns(returns, of: definition) }
        case .event(let arguments):
            try check(arguments, of: definition)
        }
    }

    private func check(_ members: [Member]) throws(SchemaError) {
        for member in members { try check(member.type, at: member.location) }
    }

    private func check(_ type: TypeReference, at location: SourceLocation) throws(SchemaError) {
        switch type {
        case .builtin: break
        case .array(let element):
            if case .array = element { throw SchemaError(location, "an array of arrays needs a struct in between") }
            try check(element, at: location)
        case .named(let name):
            switch schema.definition(name)?.kind {
            case .enumeration, .structure, .union, .alternate: break
            case .command, .event: throw SchemaError(location, "'\(name)' is no type")
            case nil: throw SchemaError(location, "there is no type '\(name)'")
            }
        }
    }

    private func checkBase(_ base: String, of definition: Definition) throws(SchemaError) {
        var name: String? = base
        while let current = name {
            guard case .structure(let next, _) = schema.definition(current)?.kind else {
                throw SchemaError(definition.location, "the base '\(current)' of '\(definition.name)' is no struct")
            }
            guard current != definition.name else { throw SchemaError(definition.location, "'\(definition.name)' is its own base") }
            name = next
        }
    }

    private func checkNoClash(_ members: [Member], with others: [Member], in name: String) throws(SchemaError) {
        for member in members where others.contains(where: { $0.name == member.name }) {
            throw SchemaError(member.location, "'\(name)' has two members '\(member.name)'")
        }
    }

    private func checkUnion(
        _ definition: Definition, _ base: UnionBase, _ discriminator: String, _ branches: [Branch]
    ) throws(SchemaError) {
        switch base {
        case .members(let members): try check(members)
        case .type(let name): try checkBase(name, of: definition)
        }
        let common = schema.allMembers(of: definition.name)
        guard let tag = common.first(where: { $0.name == discriminator }), !tag.isOptional,
            case .named(let tagType) = tag.type, case .enumeration(let values) = schema.definition(tagType)?.kind
        else {
            throw SchemaError(
                definition.location,
                "the discriminator '\(discriminator)' of union '\(definition.name)' must be a member that is there always and is an enum")
        }
        guard !branches.isEmpty else { throw SchemaError(definition.location, "union '\(definition.name)' has no branch") }
        for branch in branches {
            guard values.contains(where: { $0.name == branch.tag }) else {
                throw SchemaError(branch.location, "'\(tagType)' has no value '\(branch.tag)'")
            }
            guard case .structure = schema.definition(branch.type)?.kind else {
                throw SchemaError(branch.location, "branch '\(branch.tag)' of union '\(definition.name)' must be a struct")
            }
            try checkNoClash(schema.allMembers(of: branch.type), with: common, in: definition.name)
        }
    }

    private func checkAlternate(_ definition: Definition, _ branches: [Member]) throws(SchemaError) {
        var kinds: [String: String] = [:]
        for branch in branches {
            guard let kind = AlternateKind.kind(of: branch.type, in: schema) else {
                throw SchemaError(branch.location, "branch '\(branch.name)' of alternate '\(definition.name)' cannot be told from others")
            }
            if let other = kinds.updateValue(branch.name, forKey: kind.rawValue) {
                throw SchemaError(
                    branch.location, "alternate '\(definition.name)' cannot tell branch '\(branch.name)' from '\(other)'")
            }
        }
    }

    private func check(_ arguments: Arguments, of definition: Definition) throws(SchemaError) {
        switch arguments {
        case .none: break
        case .members(let members): try check(members)
        case .type(let name, let isBoxed):
            switch (schema.definition(name)?.kind, isBoxed) {
            case (.structure, _), (.union, true): break
            default:
                throw SchemaError(
                    definition.location, "the data of '\(definition.name)' must be a struct\(isBoxed ? " or a union" : "")")
            }
        }
    }

    /// Commands of QEMU's that return no object.
    private static let returnsAnything: Set<String> = ["qom-get"]

    private func checkReturns(_ type: TypeReference, of definition: Definition) throws(SchemaError) {
        try check(type, at: definition.location)
        guard !Self.returnsAnything.contains(definition.name) else { return }
        var element = type
        if case .array(let inner) = type { element = inner }
        if case .named(let name) = element {
            switch schema.definition(name)?.kind {
            case .structure, .union: return
            default: break
            }
        }
        throw SchemaError(definition.location, "'\(definition.name)' must return an object or an array of objects")
    }
}

/// The kinds of JSON values that an alternate tells its branches by.
enum AlternateKind: String {
    case object, string, bool, number, null, array

    static func kind(of type: TypeReference, in schema: Schema) -> AlternateKind? {
        switch type {
        case .array: .array
        case .builtin(.str): .string
        case .builtin(.bool): .bool
        case .builtin(.null): .null
        case .builtin(.any): nil
        case .builtin: .number
        case .named(let name):
            switch schema.definition(name)?.kind {
            case .enumeration: .string
            case .structure, .union: .object
            default: nil
            }
        }
    }
}
