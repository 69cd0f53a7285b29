/// Why arguments cannot be read: one sentence in QEMU's words, fit for the `desc` of a GenericError.
public struct ArgumentError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The sentence, without a full stop.
    public let description: String

    /// Makes an error from a complete sentence.
    public init(_ description: String) { self.description = description }

    static func missing(_ name: String) -> ArgumentError { ArgumentError("Parameter '\(name)' is missing") }
    static func unexpected(_ name: String) -> ArgumentError { ArgumentError("Parameter '\(name)' is unexpected") }
    static func wrongType(_ name: String, expected: String) -> ArgumentError {
        ArgumentError("Invalid parameter type for '\(name)', expected: \(expected)")
    }
    static func expects(_ name: String, _ what: String) -> ArgumentError { ArgumentError("Parameter '\(name)' expects \(what)") }
    static func notAccepted(_ name: String, _ value: String) -> ArgumentError {
        ArgumentError("Parameter '\(name)' does not accept value '\(value)'")
    }
}
