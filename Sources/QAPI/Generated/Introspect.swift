// swift-format-ignore-file
// Made from the schema by qapi-generate: `make generate` renews it.

public import JSON

/// Describes all commands and events of this daemon with the types of their members. Types have numbers for names,
/// since clients are to start from a command or an event and follow the members.
public struct QueryQMPSchema: QAPICommand {
    /// Commands and events first, then the types that they use.
    public typealias Reply = Introspection
    /// The name on the wire.
    public static let name = "query-qmp-schema"
    /// Whether it may be sent out of band.
    public static let allowOOB = false

    /// Makes a value from its members.
    public init() {}

    /// Reads the members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {}

    /// Writes the members.
    public func encodeMembers(to writer: inout JSONWriter) {}
}
