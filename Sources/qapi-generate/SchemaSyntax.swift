/// A value of the schema language with the line that it begins on.
struct SyntaxValue {
    indirect enum Kind {
        case string(String)
        case bool(Bool)
        case list([SyntaxValue])
        case object([(key: String, value: SyntaxValue)])
    }

    var kind: Kind
    var location: SourceLocation

    /// What the value is, for messages.
    var kindName: String {
        switch kind {
        case .string: "a string"
        case .bool: "a truth value"
        case .list: "a list"
        case .object: "an object"
        }
    }

    /// The member called `key`, if this is an object that has it.
    subscript(key: String) -> SyntaxValue? {
        guard case .object(let members) = kind else { return nil }
        return members.first { $0.key == key }?.value
    }

    func string(_ what: String) throws(SchemaError) -> String {
        guard case .string(let text) = kind else { throw SchemaError(location, "\(what) must be a string, not \(kindName)") }
        return text
    }

    func bool(_ what: String) throws(SchemaError) -> Bool {
        guard case .bool(let flag) = kind else { throw SchemaError(location, "\(what) must be true or false, not \(kindName)") }
        return flag
    }

    func list(_ what: String) throws(SchemaError) -> [SyntaxValue] {
        guard case .list(let elements) = kind else { throw SchemaError(location, "\(what) must be a list, not \(kindName)") }
        return elements
    }

    func object(_ what: String) throws(SchemaError) -> [(key: String, value: SyntaxValue)] {
        guard case .object(let members) = kind else { throw SchemaError(location, "\(what) must be an object, not \(kindName)") }
        return members
    }

    /// Refuses members of an object that are not in `known`.
    func requireOnly(_ known: [String], in what: String) throws(SchemaError) {
        for (key, value) in try object(what) where !known.contains(key) {
            throw SchemaError(value.location, "\(what) has an unknown key '\(key)'")
        }
    }
}

/// One top-level expression of a schema file with the documentation block before it.
struct SyntaxExpression {
    var value: SyntaxValue
    var documentation: (lines: [String], location: SourceLocation)?
}

/// One schema file, parsed.
struct SchemaFile {
    /// The file's name without directory and `.json`.
    var module: String
    /// What the file's documentation block `= Title` says.
    var title: String?
    var expressions: [SyntaxExpression]
}
