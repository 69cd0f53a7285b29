import BlockGraph
import JSON
public import QAPI
public import QMP
import Storage

extension CommandTable {
    /// Objects that clients make, and their properties.
    mutating func registerObjectCommands(on monitor: StorageMonitor) {
        register(ObjectAdd.self, on: monitor) { (command, monitor) throws(QMPError) in
            try monitor.addObject(command.arguments)
            return EmptyReply()
        }
        register(ObjectDel.self, on: monitor) { (command, monitor) throws(QMPError) in
            do throws(BlockError) {
                try monitor.throttleGroups.remove(command.id)
            } catch {
                throw QMPError(error)
            }
            return EmptyReply()
        }
        register(QomGet.self, on: monitor) { (command, monitor) throws(QMPError) in
            try monitor.property(command.property, of: command.path)
        }
        register(QomSet.self, on: monitor, preparing: PropertyChange.init) { (change, monitor) throws(QMPError) in
            try monitor.setProperty(change)
            return EmptyReply()
        }
    }
}

extension StorageMonitor {
    nonisolated fileprivate var throttleGroups: ThrottleGroups { graph.surroundings.throttleGroups }

    /// Makes an object; for `object-add` and for the command line.
    public func addObject(_ options: ObjectOptions) throws(QMPError) {
        guard StorageMonitor.isIdentifier(options.id) else { throw QMPError("Parameter 'id' expects an identifier") }
        switch options.variant {
        case .throttleGroup(let properties):
            var limits = ThrottleRates()
            try limits.apply(properties)
            do throws(BlockError) {
                try throttleGroups.add(options.id, limits: limits)
            } catch {
                throw QMPError(error)
            }
        }
    }

    fileprivate func property(_ name: String, of path: String) throws(QMPError) -> JSONValue {
        let group = try object(path)
        switch name {
        case "type": return .string("throttle-group")
        case "limits": return group.limits.wire
        default: return .integer(try StorageMonitor.property(name).value(in: group.limits))
        }
    }

    fileprivate func setProperty(_ change: PropertyChange) throws(QMPError) {
        let group = try object(change.path)
        switch change.content {
        case .type: throw QMPError("Property 'throttle-group.type' is not writable")
        case .other(let name):
            _ = try StorageMonitor.property(name)
            throw QMPError("Property cannot be set after initialization")
        case .limits(let outcome):
            var limits = group.limits
            try limits.apply(try outcome.get())
            do throws(BlockError) {
                try limits.check()
            } catch {
                throw QMPError(error)
            }
            group.setLimits(limits)
        }
    }

    /// An object by its full path, or by its name alone.
    private func object(_ path: String) throws(QMPError) -> ThrottleGroup {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        let isPlaced = path.hasPrefix("/") ? parts.count == 2 && parts[0] == "objects" : (1...2).contains(parts.count)
        guard isPlaced, parts.count == 1 || parts[0] == "objects", let name = parts.last, let group = throttleGroups.group(String(name))
        else { throw QMPError(.deviceNotFound, "Device '\(path)' not found") }
        return group
    }

    private static func property(_ name: String) throws(QMPError) -> ThrottleProperty {
        guard name.hasPrefix("x-"), let known = ThrottleProperty.all.first(where: { $0.name == name.dropFirst(2) }) else {
            throw QMPError("Property 'throttle-group.\(name)' not found")
        }
        return known
    }

    /// A letter, then letters, digits, `-`, `.` and `_`.
    private static func isIdentifier(_ id: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }
        guard let first = id.utf8.first, isLetter(first) else { return false }
        return id.utf8.allSatisfy {
            isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || "-._".utf8.contains($0)
        }
    }
}

/// What `qom-set` asks for. Its value may be anything, of any size, and is read before the command's turn comes.
private struct PropertyChange: Sendable {
    enum Content {
        case type
        /// The new limits, or why the value is none.
        case limits(Result<ThrottleLimits, QMPError>)
        case other(String)
    }

    let path: String
    let content: Content

    init(_ command: QomSet) {
        path = command.path
        switch command.property {
        case "type": content = .type
        case "limits": content = .limits(Result { () throws(QMPError) in try PropertyChange.limits(command.value) })
        default: content = .other(command.property)
        }
    }

    /// Reads a value as the member `limits`, which is what errors call it.
    private static func limits(_ value: JSONValue) throws(QMPError) -> ThrottleLimits {
        guard case .object = value else { throw QMPError("Invalid parameter type for 'limits', expected: object") }
        let text = JSONValue.object([JSONValue.Member("limits", value)]).encoded(.compact)
        do {
            let document = try JSONDocument(parsing: String(decoding: text, as: UTF8.self))
            var reader = try ArgumentValue(document.root).object()
            return try reader.required("limits")
        } catch let error as ArgumentError {
            throw QMPError(error.description)
        } catch {
            throw QMPError("\(error)")
        }
    }
}
