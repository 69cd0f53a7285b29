/// Which types Swift needs, and which of them contain themselves.
struct TypeUse {
    private let schema: Schema
    /// The types that commands and events reach, and those that serve no command, such as the options of a command line.
    /// Not the bases of structs, nor what serves a reply alone that the generator writes itself.
    private(set) var needed: Set<String> = []

    init(_ schema: Schema) {
        self.schema = schema
        addReached()
        let reached = needed
        needed = []
        for definition in schema.definitions {
            if case .command(let command) = definition.kind, !command.hasTypedReply, let returns = command.returns { add(returns) }
        }
        var unwanted = needed
        for definition in schema.definitions {
            switch definition.kind {
            case .structure(let base?, _), .union(.type(let base), _, _): unwanted.insert(base)
            default: break
            }
        }
        needed = reached
        for definition in schema.definitions where !unwanted.contains(definition.name) {
            switch definition.kind {
            case .enumeration, .structure, .union, .alternate: add(.named(definition.name))
            case .command, .event: break
            }
        }
    }

    private mutating func addReached() {
        for definition in schema.definitions {
            switch definition.kind {
            case .command(let command) where command.hasTypedReply:
                add(command.arguments)
                if let returns = command.returns { add(returns) }
            case .event(let arguments):
                add(arguments)
            default: break
            }
        }
    }

    private mutating func add(_ arguments: Arguments) {
        switch arguments {
        case .none: break
        case .members(let members): for member in members { add(member.type) }
        case .type(let name, isBoxed: true): add(.named(name))
        case .type(let name, isBoxed: false): for member in schema.allMembers(of: name) { add(member.type) }
        }
    }

    private mutating func add(_ type: TypeReference) {
        switch type {
        case .builtin: break
        case .array(let element): add(element)
        case .named(let name):
            guard needed.insert(name).inserted else { return }
            for member in schema.allMembers(of: name) { add(member.type) }
            switch schema.definition(name)?.kind {
            case .union(_, _, let branches): for branch in branches { add(.named(branch.type)) }
            case .alternate(let branches): for branch in branches { add(branch.type) }
            default: break
            }
        }
    }

    /// What a value of the type holds in its own memory, so that a cycle would have no end. Arrays hold nothing there.
    private func contents(of name: String, throughChoices: Bool) -> [String] {
        func direct(_ members: [Member]) -> [String] {
            members.compactMap { if case .named(let type) = $0.type { type } else { nil } }
        }
        switch schema.definition(name)?.kind {
        case .structure: return direct(schema.allMembers(of: name))
        case .union(_, _, let branches):
            return direct(schema.allMembers(of: name)) + (throughChoices ? branches.map(\.type) : [])
        case .alternate(let branches): return throughChoices ? direct(branches) : []
        default: return []
        }
    }

    private func reaches(_ goal: String, from start: String, throughChoices: Bool) -> Bool {
        var seen: Set<String> = []
        var queue = contents(of: start, throughChoices: throughChoices)
        while let name = queue.popLast() {
            if name == goal { return true }
            if seen.insert(name).inserted { queue += contents(of: name, throughChoices: throughChoices) }
        }
        return false
    }

    /// Whether the cases of a union or alternate must be indirect, since one of them leads back to it.
    func isIndirectChoice(_ name: String) -> Bool { reaches(name, from: name, throughChoices: true) }

    /// Whether a member of a struct must be stored indirectly, since its type contains the struct with no choice between.
    func isIndirect(_ member: Member, of owner: String) -> Bool {
        guard case .named(let type) = member.type else { return false }
        return type == owner || reaches(owner, from: type, throughChoices: false)
    }
}
