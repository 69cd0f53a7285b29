/// A value that knows its JSON form.
public protocol JSONEncodable {
    /// Writes exactly one JSON value.
    func encode(to writer: inout JSONWriter)
}

extension JSONEncodable {
    /// The value's JSON text in `style`.
    public func encoded(_ style: JSONWriter.Style = .compact) -> [UInt8] {
        var writer = JSONWriter(style)
        encode(to: &writer)
        return writer.bytes
    }
}

extension Bool: JSONEncodable {
    /// Writes `true` or `false`.
    public func encode(to writer: inout JSONWriter) { writer.value(self) }
}

extension Int: JSONEncodable {
    /// Writes the decimal digits.
    public func encode(to writer: inout JSONWriter) { writer.value(Int64(self)) }
}

extension Int32: JSONEncodable {
    /// Writes the decimal digits.
    public func encode(to writer: inout JSONWriter) { writer.value(Int64(self)) }
}

extension Int64: JSONEncodable {
    /// Writes the decimal digits.
    public func encode(to writer: inout JSONWriter) { writer.value(self) }
}

extension UInt32: JSONEncodable {
    /// Writes the decimal digits.
    public func encode(to writer: inout JSONWriter) { writer.value(UInt64(self)) }
}

extension UInt64: JSONEncodable {
    /// Writes the decimal digits.
    public func encode(to writer: inout JSONWriter) { writer.value(self) }
}

extension Double: JSONEncodable {
    /// Writes the number with up to 17 significant digits.
    public func encode(to writer: inout JSONWriter) { writer.value(self) }
}

extension String: JSONEncodable {
    /// Writes the quoted and escaped text.
    public func encode(to writer: inout JSONWriter) { writer.value(self) }
}

extension Array: JSONEncodable where Element: JSONEncodable {
    /// Writes an array of the elements' forms.
    public func encode(to writer: inout JSONWriter) {
        writer.beginArray()
        for element in self { element.encode(to: &writer) }
        writer.endArray()
    }
}
