public import JSON

/// The lines that go to clients. Each ends in CRLF.
public enum Envelope {
    /// The first line of every session.
    /// - Parameter version: what `query-version` returns.
    public static func greeting(version: some JSONEncodable, _ style: JSONWriter.Style) -> [UInt8] {
        line(style) { writer in
            writer.name("QMP")
            writer.beginObject()
            writer.member("version", version)
            writer.member("capabilities", [Capability.oob.rawValue])
            writer.endObject()
        }
    }

    /// A successful reply. `value` and `id` are JSON text in `style`.
    static func success(_ value: [UInt8], id: [UInt8]?, _ style: JSONWriter.Style) -> [UInt8] {
        line(style, reserving: value.count + (id?.count ?? 0) + 32) { writer in
            writer.name("return")
            writer.encoded(value)
            if let id {
                writer.name("id")
                writer.encoded(id)
            }
        }
    }

    /// A successful reply that returns an empty object. `id` is JSON text in `style`.
    static func success(id: [UInt8]?, _ style: JSONWriter.Style) -> [UInt8] {
        line(style, reserving: (id?.count ?? 0) + 32) { writer in
            writer.name("return")
            writer.beginObject()
            writer.endObject()
            if let id {
                writer.name("id")
                writer.encoded(id)
            }
        }
    }

    /// A failed reply. `id` is JSON text in `style`.
    static func failure(_ error: QMPError, id: [UInt8]?, _ style: JSONWriter.Style) -> [UInt8] {
        line(style) { writer in
            if let id {
                writer.name("id")
                writer.encoded(id)
            }
            writer.name("error")
            writer.beginObject()
            writer.member("class", error.errorClass.rawValue)
            writer.member("desc", error.desc)
            writer.endObject()
        }
    }

    static func line(
        _ style: JSONWriter.Style, reserving capacity: Int = 128, _ members: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter(style, reserving: capacity)
        writer.beginObject()
        members(&writer)
        writer.endObject()
        writer.terminate(with: "\r\n")
        return writer.bytes
    }
}

/// The time of an event: since 1970, by the wall clock.
public struct EventTime: Sendable, Hashable {
    /// Whole seconds.
    public var seconds: Int64
    /// The rest, below 1,000,000.
    public var microseconds: Int64

    /// Makes a time.
    public init(seconds: Int64, microseconds: Int64) {
        self.seconds = seconds
        self.microseconds = microseconds
    }
}

/// An event as the bytes that every client gets. Encoded at most once for each style.
public struct EncodedEvent: Sendable {
    private let compact: [UInt8]
    private let pretty: [UInt8]?

    /// Encodes an event.
    /// - Parameter data: the event's data, or nil for an event without.
    /// - Parameter withPretty: whether some client wants the pretty style.
    public init(_ name: String, data: (any JSONEncodable)?, at time: EventTime, withPretty: Bool) {
        compact = Self.encode(name, data, time, .compact)
        pretty = withPretty ? Self.encode(name, data, time, .pretty) : nil
    }

    /// The line in `style`.
    public func bytes(_ style: JSONWriter.Style) -> [UInt8] {
        style == .pretty ? pretty ?? compact : compact
    }

    private static func encode(_ name: String, _ data: (any JSONEncodable)?, _ time: EventTime, _ style: JSONWriter.Style) -> [UInt8] {
        Envelope.line(style, reserving: 256) { writer in
            writer.name("timestamp")
            writer.beginObject()
            writer.member("seconds", time.seconds)
            writer.member("microseconds", time.microseconds)
            writer.endObject()
            writer.member("event", name)
            if let data {
                writer.name("data")
                data.encode(to: &writer)
            }
        }
    }
}
