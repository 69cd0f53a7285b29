import BlockGraph
import JSON
import QMP

/// The objects of the daemon by their paths: two containers at the root, with the clients' objects and the chardevs.
struct ObjectTree {
    /// One of them.
    enum Object {
        case container(path: String, children: [String])
        case chardev(ChardevObject)
        case throttleGroup(ThrottleGroup)

        /// The name of its type, with which messages about its properties begin.
        var type: String {
            switch self {
            case .container: "container"
            case .chardev(let chardev):
                switch chardev.kind {
                case .path, .descriptor: "chardev-socket"
                case .standardStreams: "chardev-stdio"
                }
            case .throttleGroup: "throttle-group"
            }
        }
    }

    let groups: ThrottleGroups
    let chardevs: [ChardevObject]

    /// The object of a path: an absolute one leads from the root, another one is the end of a path that only one object has.
    /// - Throws: `DeviceNotFound`.
    func object(_ path: String) throws(QMPError) -> Object {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        let places: [[String]] = path.hasPrefix("/") ? [parts] : parts.isEmpty ? [] : paths(endingWith: parts)
        guard places.count == 1, let found = object(at: places[0]) else { throw QMPError(.deviceNotFound, "Device '\(path)' not found") }
        return found
    }

    private func paths(endingWith parts: [String]) -> [[String]] {
        [parts, ["objects"] + parts, ["chardevs"] + parts].filter { object(at: $0) != nil }
    }

    private func object(at parts: [String]) -> Object? {
        switch (parts.count, parts.first) {
        case (0, _): .container(path: "/", children: ["objects", "chardevs"])
        case (1, "objects"?): .container(path: "/objects/", children: groups.names)
        case (1, "chardevs"?): .container(path: "/chardevs/", children: chardevs.map(\.id))
        case (2, "objects"?): groups.group(parts[1]).map { .throttleGroup($0) }
        case (2, "chardevs"?): chardevs.first { $0.id == parts[1] }.map { .chardev($0) }
        default: nil
        }
    }
}

extension ObjectTree.Object {
    /// The value of a property that is not a throttle group's own; nil when there is none of this name.
    func value(_ name: String) -> JSONValue? {
        if name == "type" { return .string(type) }
        switch self {
        case .container(let path, let children): return children.contains(name) ? .string(path + name) : nil
        case .chardev(let chardev): return chardev.value(name)
        case .throttleGroup: return nil
        }
    }

    /// There is no such property.
    func unknown(_ name: String) -> QMPError { QMPError("Property '\(type).\(name)' not found") }
}

extension ChardevObject {
    fileprivate func value(_ name: String) -> JSONValue? {
        switch (name, kind) {
        case ("connected", .path(_, let isConnected)), ("connected", .descriptor(_, let isConnected)): .bool(isConnected())
        case ("addr", .path(let path, _)):
            .object([JSONValue.Member("path", .string(path)), JSONValue.Member("type", .string("unix"))])
        case ("addr", .descriptor(let number, _)):
            .object([JSONValue.Member("str", .string(String(number))), JSONValue.Member("type", .string("fd"))])
        default: nil
        }
    }
}
