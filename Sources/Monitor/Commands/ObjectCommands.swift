import BlockGraph
import JSON
public import QAPI
public import QMP
import Storage

extension CommandTable {
    /// Objects that clients make, and their properties.
    mutating func registerObjectCommands(on monitor: StorageMonitor) {
        register(ObjectAdd.self, on: monitor) { command, monitor in try monitor.addObject(command.arguments) }
        register(ObjectDel.self, on: monitor) { command, monitor in try monitor.throttleGroups.remove(command.id) }
        register(QomGet.self, on: monitor) { command, monitor in try monitor.property(command.property, of: command.path) }
        register(QomSet.self, on: monitor, preparing: PropertyChange.init) { change, monitor in
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
                // The name of every object's first property.
                guard options.id != "type" else { throw ThrottleGroups.duplicate(options.id) }
                try throttleGroups.add(options.id, limits: limits)
            } catch {
                throw QMPError(error)
            }
        }
    }

    private var tree: ObjectTree { ObjectTree(groups: throttleGroups, chardevs: surroundings.chardevs) }

    fileprivate func property(_ name: String, of path: String) throws(QMPError) -> JSONValue {
        let object = try tree.object(path)
        if let value = object.value(name) { return value }
        guard case .throttleGroup(let group) = object else { throw object.unknown(name) }
        if name == "limits" { return group.limits.wire }
        return .integer(try StorageMonitor.property(name).value(in: group.limits))
    }

    fileprivate func setProperty(_ change: PropertyChange) throws(QMPError) {
        let object = try tree.object(change.path)
        let name = change.property
        guard object.value(name) == nil else { throw QMPError("Property '\(object.type).\(name)' is not writable") }
        guard case .throttleGroup(let group) = object else { throw object.unknown(name) }
        guard let asked = change.limits else {
            _ = try StorageMonitor.property(name)
            throw QMPError("Property cannot be set after initialization")
        }
        var limits = group.limits
        try limits.apply(try asked.get())
        do throws(BlockError) {
            try limits.check()
        } catch {
            throw QMPError(error)
        }
        group.setLimits(limits)
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
    let path: String
    let property: String
    /// The new limits, or why the value is none; nil for another property.
    let limits: Result<ThrottleLimits, QMPError>?

    init(_ command: QomSet) {
        path = command.path
        property = command.property
        limits = property == "limits" ? Result { () throws(QMPError) in try PropertyChange.limits(command.value) } : nil
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
