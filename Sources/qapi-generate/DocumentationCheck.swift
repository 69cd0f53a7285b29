/// Every member has a description, and every description has its member.
enum DocumentationCheck {
    static func check(_ definition: Definition, at location: SourceLocation) throws(SchemaError) {
        let names: [String]
        var features = definition.features
        switch definition.kind {
        case .enumeration(let values):
            names = values.map(\.name)
            features += values.flatMap(\.features)
        case .structure(_, let members), .alternate(let members), .union(.members(let members), _, _):
            names = members.map(\.name)
            features += members.flatMap(\.features)
        case .union: names = []
        case .command(let command):
            names = memberNames(command.arguments)
            guard (command.returns == nil) == (definition.documentation.returns == nil) else {
                throw SchemaError(
                    location, "'\(definition.name)' needs 'Returns:' in its documentation if and only if it returns something")
            }
        case .event(let arguments): names = memberNames(arguments)
        }
        for name in names where definition.documentation.members[name] == nil {
            throw SchemaError(location, "'\(name)' of '\(definition.name)' has no description")
        }
        for name in definition.documentation.members.keys.sorted() where !names.contains(name) {
            throw SchemaError(location, "'\(definition.name)' has no '\(name)' to describe")
        }
        for name in features where definition.documentation.features[name] == nil {
            throw SchemaError(location, "feature '\(name)' of '\(definition.name)' has no description")
        }
        for name in definition.documentation.features.keys.sorted() where !features.contains(name) {
            throw SchemaError(location, "'\(definition.name)' has no feature '\(name)' to describe")
        }
    }

    private static func memberNames(_ arguments: Arguments) -> [String] {
        if case .members(let members) = arguments { members.map(\.name) } else { [] }
    }
}
