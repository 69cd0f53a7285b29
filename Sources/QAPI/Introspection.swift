public import JSON

/// The reply of query-qmp-schema. Its text is made with the schema and encoded once.
public struct Introspection: JSONEncodable, Sendable, Equatable {
    /// The only value.
    public init() {}

    private static let compact: [UInt8] = Array(
        UnsafeBufferPointer(start: introspectionText.utf8Start, count: introspectionText.utf8CodeUnitCount))

    private static let pretty: [UInt8] = {
        // The generator's own output parses, as a test shows; a client would get the compact text otherwise.
        guard let document = try? JSONDocument(parsing: String(decoding: compact, as: UTF8.self)) else { return compact }
        return document.root.value.encoded(.pretty)
    }()

    /// Writes the table.
    public func encode(to writer: inout JSONWriter) {
        writer.encoded(writer.style == .compact ? Self.compact : Self.pretty)
    }
}
