internal import JSON

/// The objects and strings of a `key=value,...` text before it is known which objects are arrays.
struct KeyvalTree {
    private enum Node {
        case string(String)
        case tree(KeyvalTree)
    }

    private var members: [(key: String, node: Node)] = []

    /// Refuses a path that leads to or through a string.
    func checkObject(at path: [String]) throws(ArgumentError) {
        var tree = self
        for (depth, key) in path.enumerated() {
            switch tree.members.first(where: { $0.key == key })?.node {
            case nil: return
            case .tree(let inner): tree = inner
            case .string: throw Self.inconsistent(path[...depth])
            }
        }
    }

    /// Sets the string at `path`, whose objects come into being on the way; the last one given counts.
    mutating func put(_ value: String, at path: [String]) throws(ArgumentError) {
        try put(value, at: path[...], of: path)
    }

    private mutating func put(_ value: String, at rest: ArraySlice<String>, of path: [String]) throws(ArgumentError) {
        guard let key = rest.first else { return }
        let index = members.firstIndex { $0.key == key }
        if rest.count == 1 {
            guard let index else { return members.append((key, .string(value))) }
            if case .tree = members[index].node { throw Self.inconsistent(path[...]) }
            members[index].node = .string(value)
            return
        }
        var inner = KeyvalTree()
        if let index {
            guard case .tree(let tree) = members[index].node else { throw Self.inconsistent(path[...rest.startIndex]) }
            inner = tree
        }
        try inner.put(value, at: rest.dropFirst(), of: path)
        if let index { members[index].node = .tree(inner) } else { members.append((key, .tree(inner))) }
    }

    private static func inconsistent(_ path: ArraySlice<String>) -> ArgumentError {
        ArgumentError("Parameters '\(path.joined(separator: ".")).*' used inconsistently")
    }

    /// The tree as a value: an object whose keys are all numbers is an array. `path` ends with a dot or is empty.
    func value(path: String) throws(ArgumentError) -> JSONValue {
        var values: [JSONValue.Member] = []
        for (key, node) in members {
            switch node {
            case .string(let text): values.append(.init(key, .string(text)))
            case .tree(let tree): values.append(.init(key, try tree.value(path: "\(path)\(key).")))
            }
        }
        let indexes = values.map { Self.index($0.name) }
        guard indexes.contains(where: { $0 != nil }) else { return .object(values) }

        var elements = [JSONValue?](repeating: nil, count: values.count)
        var greatest = 0
        for (index, member) in zip(indexes, values) {
            guard let index else { throw ArgumentError("Parameters '\(path)*' used inconsistently") }
            greatest = max(greatest, index)
            if index < elements.count { elements[index] = member.value }
        }
        var array: [JSONValue] = []
        for index in 0...min(greatest, elements.count) {
            guard index < elements.count, let element = elements[index] else {
                throw ArgumentError("Parameter '\(path)\(index)' missing")
            }
            array.append(element)
        }
        return .array(array)
    }

    /// The number that `key` is; one too great for any array is the greatest.
    private static func index(_ key: String) -> Int? {
        guard key.utf8.allSatisfy(Keyval.isDigit), !key.isEmpty else { return nil }
        return Int(key) ?? Int.max
    }
}
