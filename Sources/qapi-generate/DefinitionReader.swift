/// Turns one expression into a definition. Checks its form; what other definitions it names is checked later.
struct DefinitionReader {
    private static let metaTypes = ["enum", "struct", "union", "alternate", "command", "event"]

    static func read(_ expression: SyntaxExpression) throws(SchemaError) -> Definition {
        let value = expression.value
        let keys = metaTypes.filter { value[$0] != nil }
        guard let metaType = keys.first, keys.count == 1, let nameValue = value[metaType] else {
            throw SchemaError(value.location, "a definition has exactly one of the keys \(metaTypes.joined(separator: ", "))")
        }
        let name = try nameValue.string("'\(metaType)'")
        try NameRules.check(name, metaType: metaType, at: nameValue.location)
        guard let block = expression.documentation else {
            throw SchemaError(value.location, "'\(name)' has no documentation")
        }
        let documentation = try Documentation(lines: block.lines, location: block.location, name: name)
        let reader = DefinitionReader(value: value, name: name, documentation: documentation)
        let kind: DefinitionKind
        switch metaType {
        case "enum": kind = try reader.enumeration()
        case "struct": kind = try reader.structure()
        case "union": kind = try reader.union()
        case "alternate": kind = try reader.alternate()
        case "command": kind = try reader.command()
        default: kind = try reader.event()
        }
        let features = try readFeatures(value["features"])
        let definition = Definition(
            name: name, kind: kind, features: features, documentation: documentation, location: value.location)
        try DocumentationCheck.check(definition, at: block.location)
        return definition
    }

    private let value: SyntaxValue
    private let name: String
    private let documentation: Documentation

    private func data() throws(SchemaError) -> SyntaxValue {
        guard let data = value["data"] else { throw SchemaError(value.location, "'\(name)' has no 'data'") }
        return data
    }

    private func enumeration() throws(SchemaError) -> DefinitionKind {
        try value.requireOnly(["enum", "data", "features"], in: "enum '\(name)'")
        var values: [EnumValue] = []
        for element in try data().list("the data of enum '\(name)'") {
            var features: [String] = []
            var isHidden = false
            let text: String
            if case .object = element.kind {
                try element.requireOnly(["name", "features", "hidden"], in: "a value of enum '\(name)'")
                guard let named = element["name"] else { throw SchemaError(element.location, "a value of enum '\(name)' has no name") }
                text = try named.string("the name of a value")
                features = try Self.readFeatures(element["features"])
                isHidden = try element["hidden"]?.bool("'hidden'") ?? false
            } else {
                text = try element.string("a value of enum '\(name)'")
            }
            try NameRules.check(text, metaType: "value", at: element.location)
            guard !values.contains(where: { $0.name == text }) else {
                throw SchemaError(element.location, "value '\(text)' comes twice in enum '\(name)'")
            }
            values.append(EnumValue(name: text, isHidden: isHidden, features: features, documentation: documentation.members[text] ?? ""))
        }
        return .enumeration(values)
    }

    private func structure() throws(SchemaError) -> DefinitionKind {
        try value.requireOnly(["struct", "data", "base", "features"], in: "struct '\(name)'")
        return .structure(base: try value["base"]?.string("a base"), members: try members(of: data()))
    }

    private func union() throws(SchemaError) -> DefinitionKind {
        try value.requireOnly(["union", "data", "base", "discriminator", "features"], in: "union '\(name)'")
        guard let baseValue = value["base"], let tag = value["discriminator"] else {
            throw SchemaError(value.location, "union '\(name)' needs 'base' and 'discriminator'")
        }
        let base: UnionBase
        if case .string(let type) = baseValue.kind { base = .type(type) } else { base = .members(try members(of: baseValue)) }
        var branches: [Branch] = []
        for (key, branch) in try data().object("the data of union '\(name)'") {
            branches.append(Branch(tag: key, type: try branch.string("a branch of union '\(name)'"), location: branch.location))
        }
        return .union(base: base, discriminator: try tag.string("'discriminator'"), branches: branches)
    }

    private func alternate() throws(SchemaError) -> DefinitionKind {
        try value.requireOnly(["alternate", "data", "features"], in: "alternate '\(name)'")
        let branches = try members(of: data())
        guard !branches.isEmpty else { throw SchemaError(value.location, "alternate '\(name)' has no branch") }
        if let optional = branches.first(where: \.isOptional) {
            throw SchemaError(optional.location, "branch '\(optional.name)' of an alternate cannot be optional")
        }
        return .alternate(branches)
    }

    private func command() throws(SchemaError) -> DefinitionKind {
        try value.requireOnly(
            ["command", "data", "returns", "boxed", "allow-oob", "gen", "features"], in: "command '\(name)'")
        var command = Command(arguments: try arguments())
        if let returns = value["returns"] { command.returns = try Self.readType(returns) }
        if let flag = value["allow-oob"] { command.allowsOOB = try flag.bool("'allow-oob'") }
        if let flag = value["gen"] { command.hasTypedReply = try flag.bool("'gen'") }
        guard command.hasTypedReply || name == "query-qmp-schema" else {
            throw SchemaError(value.location, "'gen': false is for query-qmp-schema alone")
        }
        return .command(command)
    }

    private func event() throws(SchemaError) -> DefinitionKind {
        try value.requireOnly(["event", "data", "boxed", "features"], in: "event '\(name)'")
        return .event(try arguments())
    }

    private func arguments() throws(SchemaError) -> Arguments {
        let isBoxed = try value["boxed"]?.bool("'boxed'") ?? false
        guard let data = value["data"] else {
            guard !isBoxed else { throw SchemaError(value.location, "'boxed' needs 'data'") }
            return .none
        }
        if case .string(let type) = data.kind { return .type(type, isBoxed: isBoxed) }
        guard !isBoxed else { throw SchemaError(data.location, "'boxed' needs the name of a type as 'data'") }
        let members = try members(of: data)
        return members.isEmpty ? .none : .members(members)
    }

    private func members(of object: SyntaxValue) throws(SchemaError) -> [Member] {
        var members: [Member] = []
        for (key, value) in try object.object("the members of '\(name)'") {
            let isOptional = key.hasPrefix("*")
            var member = Member(name: isOptional ? String(key.dropFirst()) : key, type: .builtin(.any), location: value.location)
            try NameRules.check(member.name, metaType: "member", at: value.location)
            guard !members.contains(where: { $0.name == member.name }) else {
                throw SchemaError(value.location, "member '\(member.name)' comes twice in '\(name)'")
            }
            member.isOptional = isOptional
            if case .object = value.kind {
                try value.requireOnly(["type", "features", "hidden"], in: "member '\(member.name)'")
                guard let type = value["type"] else { throw SchemaError(value.location, "member '\(member.name)' has no type") }
                member.type = try Self.readType(type)
                member.features = try Self.readFeatures(value["features"])
                member.isHidden = try value["hidden"]?.bool("'hidden'") ?? false
                guard member.isOptional || !member.isHidden else {
                    throw SchemaError(value.location, "member '\(member.name)' is hidden and must be optional")
                }
            } else {
                member.type = try Self.readType(value)
            }
            member.documentation = documentation.members[member.name] ?? ""
            members.append(member)
        }
        return members
    }

    private static func readType(_ value: SyntaxValue) throws(SchemaError) -> TypeReference {
        if case .list(let elements) = value.kind {
            guard let element = elements.first, elements.count == 1 else {
                throw SchemaError(value.location, "the type of an array is a list with one type")
            }
            return .array(try readType(element))
        }
        let name = try value.string("a type")
        return BuiltinType(rawValue: name).map { .builtin($0) } ?? .named(name)
    }

    private static func readFeatures(_ value: SyntaxValue?) throws(SchemaError) -> [String] {
        guard let value else { return [] }
        var features: [String] = []
        for element in try value.list("'features'") {
            if case .object = element.kind {
                try element.requireOnly(["name"], in: "a feature")
                guard let name = element["name"] else { throw SchemaError(element.location, "a feature has no name") }
                features.append(try name.string("the name of a feature"))
            } else {
                features.append(try element.string("a feature"))
            }
        }
        return features
    }
}
