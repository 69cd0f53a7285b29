public import JSON

/// A command of the schema: its name, its arguments as stored properties, and the type of its reply.
public protocol QAPICommand: QAPIObject {
    /// What `return` holds.
    associatedtype Reply: JSONEncodable & Sendable

    /// The name on the wire.
    static var name: String { get }
    /// Whether it may be sent with `exec-oob`: then its handler must never wait for a disk.
    static var allowOOB: Bool { get }
}

extension QAPICommand {
    /// Reads the command's arguments and refuses what it does not know.
    public static func decode(_ arguments: JSONView, style: ArgumentStyle = .json) throws(ArgumentError) -> Self {
        try Self(from: ArgumentValue(arguments, style: style))
    }

    /// The command without arguments, or the error that says which one is missing.
    public static func decodeWithoutArguments() throws(ArgumentError) -> Self {
        var reader = ArgumentReader()
        return try Self(members: &reader)
    }
}

/// An event of the schema: its name, and its data as stored properties.
public protocol QAPIEvent: QAPIObject {
    /// The name on the wire.
    static var name: String { get }
    /// Whether the event has data at all; without, `data` is left out.
    static var hasData: Bool { get }
}
