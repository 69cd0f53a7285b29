public import JSON

// The schema's built-in types: str, bool, number, any, int and its widths. `int` is Int64, `size` is ByteCount.

extension String: QAPIValue {
    /// Reads a `str`.
    public init(from value: ArgumentValue) throws(ArgumentError) { self = try value.string() }
}

extension Bool: QAPIValue {
    /// Reads a `bool`.
    public init(from value: ArgumentValue) throws(ArgumentError) { self = try value.bool() }
}

extension Double: QAPIValue {
    /// Reads a `number`.
    public init(from value: ArgumentValue) throws(ArgumentError) { self = try value.number() }
}

extension JSONValue: QAPIValue {
    /// Reads an `any`.
    public init(from value: ArgumentValue) throws(ArgumentError) { self = value.any() }
}

extension Int64: QAPIValue {
    /// Reads an `int`.
    public init(from value: ArgumentValue) throws(ArgumentError) { self = try value.int64() }
}

extension UInt64: QAPIValue {
    /// Reads a `uint64`.
    public init(from value: ArgumentValue) throws(ArgumentError) { self = try value.uint64() }
}

extension Int8: QAPIValue {
    /// Reads an `int8`.
    public init(from value: ArgumentValue) throws(ArgumentError) { self = try value.integer(Int8.self) }
    /// Writes the number.
    public func encode(to writer: inout JSONWriter) { writer.value(Int64(self)) }
}

extension Int16: QAPIValue {
    /// Reads an `int16`.
    public init(from value: ArgumentValue) throws(ArgumentError) { self = try value.integer(Int16.self) }
    /// Writes the number.
    public func encode(to writer: inout JSONWriter) { writer.value(Int64(self)) }
}

extension Int32: QAPIValue {
    /// Reads an `int32`.
    public init(from value: ArgumentValue) throws(ArgumentError) { self = try value.integer(Int32.self) }
}

extension UInt8: QAPIValue {
    /// Reads a `uint8`.
    public init(from value: ArgumentValue) throws(ArgumentError) { self = try value.integer(UInt8.self) }
    /// Writes the number.
    public func encode(to writer: inout JSONWriter) { writer.value(UInt64(self)) }
}

extension UInt16: QAPIValue {
    /// Reads a `uint16`.
    public init(from value: ArgumentValue) throws(ArgumentError) { self = try value.integer(UInt16.self) }
    /// Writes the number.
    public func encode(to writer: inout JSONWriter) { writer.value(UInt64(self)) }
}

extension UInt32: QAPIValue {
    /// Reads a `uint32`.
    public init(from value: ArgumentValue) throws(ArgumentError) { self = try value.integer(UInt32.self) }
}

/// The schema's `size`: a number of bytes.
public struct ByteCount: QAPIValue, Hashable, ExpressibleByIntegerLiteral {
    /// The bytes.
    public var value: UInt64

    /// Makes a number of bytes.
    public init(_ value: UInt64) { self.value = value }
    /// Makes a number of bytes.
    public init(integerLiteral value: UInt64) { self.value = value }
    /// Reads a `size`.
    public init(from value: ArgumentValue) throws(ArgumentError) { self.value = try value.size() }
    /// Writes the number.
    public func encode(to writer: inout JSONWriter) { writer.value(value) }
}

extension Array: QAPIValue where Element: QAPIValue {
    /// Reads an array.
    public init(from value: ArgumentValue) throws(ArgumentError) { self = try value.array(of: Element.self) }
}
