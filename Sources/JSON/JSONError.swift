/// Why bytes are no acceptable JSON: one sentence in the words that QMP clients know.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The sentence, fit for QMP's `desc`, without a full stop.
    public let description: String

    /// Makes an error from a complete sentence.
    public init(_ description: String) { self.description = description }

    /// Makes a parse error: `JSON parse error, ` and what is wrong.
    static func parse(_ what: String) -> JSONError { JSONError("JSON parse error, \(what)") }
}
