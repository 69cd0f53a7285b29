/// How arguments are written down, which decides about scalars and about the names in messages.
public enum ArgumentStyle: Sendable {
    /// JSON: numbers and truth values are what they are; an element is `list[0]`.
    case json
    /// `key=value,...` from a command line: every scalar is a string; an element is `list.0`.
    case keyval
}

/// The way from the arguments to an object or array inside them; spelled out only when something is wrong.
indirect enum ArgumentPath: Sendable {
    case root
    case inside(ArgumentPath, ArgumentStep)

    /// Levels of objects and arrays on the way.
    var depth: Int {
        var depth = 0
        var path = self
        while case .inside(let outer, _) = path {
            depth += 1
            path = outer
        }
        return depth
    }

    /// The full name of what lies `step` further, such as `file.filename` or `actions[0].type`.
    func name(of step: ArgumentStep, _ style: ArgumentStyle) -> String {
        var steps = [step]
        var path = self
        while case .inside(let outer, let step) = path {
            steps.append(step)
            path = outer
        }
        var name = ""
        for step in steps.reversed() {
            switch step {
            case .root: break
            case .member(let member): name += name.isEmpty ? member : ".\(member)"
            case .element(let index): name += style == .json ? "[\(index)]" : (name.isEmpty ? "\(index)" : ".\(index)")
            }
        }
        return name.isEmpty ? "<anonymous>" : name
    }
}

/// One step of an `ArgumentPath`.
enum ArgumentStep: Sendable {
    /// No step: the arguments as a whole.
    case root
    case member(String)
    case element(Int)

    /// The name that messages about a value, rather than its type, use: QEMU gives the last member's name alone, and
    /// `null` for an element.
    var shortName: String {
        if case .member(let name) = self { name } else { "null" }
    }
}
