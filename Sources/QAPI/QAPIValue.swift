public import JSON

/// A value of a type of the schema.
public protocol QAPIValue: Sendable, Equatable, JSONEncodable {
    /// Reads the value, or says in QEMU's words why not.
    init(from value: ArgumentValue) throws(ArgumentError)
}

/// An object with known members.
public protocol QAPIObject: QAPIValue {
    /// Reads the members in the order of the schema. Others may be left over.
    init(members reader: inout ArgumentReader) throws(ArgumentError)

    /// Writes the members that are there, in the order of the schema.
    func encodeMembers(to writer: inout JSONWriter)
}

extension QAPIObject {
    /// Reads an object and refuses members that it does not know.
    public init(from value: ArgumentValue) throws(ArgumentError) {
        var reader = try value.object()
        try self.init(members: &reader)
        try reader.finish()
    }

    /// Writes the object.
    public func encode(to writer: inout JSONWriter) {
        writer.beginObject()
        encodeMembers(to: &writer)
        writer.endObject()
    }
}

/// A string out of a list; the raw values are what stands on the wire.
public protocol QAPIEnum: QAPIValue, CaseIterable, Hashable, RawRepresentable where RawValue == String {}

extension QAPIEnum {
    /// Reads the string.
    public init(from value: ArgumentValue) throws(ArgumentError) {
        let text = try value.string()
        guard let known = Self(rawValue: text) else { throw value.notAccepted(text) }
        self = known
    }

    /// Writes the string.
    public func encode(to writer: inout JSONWriter) { writer.value(rawValue) }
}

/// JSON's null.
public struct QAPINull: QAPIValue, Hashable {
    /// The only value.
    public init() {}
    /// Reads null.
    public init(from value: ArgumentValue) throws(ArgumentError) { try value.null() }
    /// Writes null.
    public func encode(to writer: inout JSONWriter) { writer.null() }
}

/// The reply of a command that returns nothing.
public struct EmptyReply: QAPIObject, Hashable {
    /// The only value.
    public init() {}
    /// Reads no members.
    public init(members reader: inout ArgumentReader) throws(ArgumentError) {}
    /// Writes no members.
    public func encodeMembers(to writer: inout JSONWriter) {}
}

/// Stores a value apart, so that a type may contain itself.
@propertyWrapper
public struct Indirect<Value: Sendable & Equatable>: Sendable, Equatable {
    private indirect enum Storage: Sendable, Equatable {
        case value(Value)
    }

    private var storage: Storage

    /// Stores `wrappedValue`.
    public init(wrappedValue: Value) { storage = .value(wrappedValue) }

    /// The value.
    public var wrappedValue: Value {
        get {
            switch storage {
            case .value(let value): value
            }
        }
        set { storage = .value(newValue) }
    }
}
