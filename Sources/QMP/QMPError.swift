public import JSON

/// What a client reads when a command fails: a class for programs, a sentence for people.
public struct QMPError: Error, Sendable, Hashable {
    /// The few classes that programs decide by.
    public enum Class: String, Sendable, CaseIterable {
        case genericError = "GenericError"
        case commandNotFound = "CommandNotFound"
        case deviceNotActive = "DeviceNotActive"
        case deviceNotFound = "DeviceNotFound"
        case kvmMissingCap = "KVMMissingCap"
    }

    /// The class.
    public let errorClass: Class
    /// The sentence, without a full stop.
    public let desc: String

    /// Makes an error.
    public init(_ errorClass: Class, _ desc: String) {
        self.errorClass = errorClass
        self.desc = desc
    }

    /// The answer to text that is no acceptable JSON.
    public init(_ error: JSONError) { self.init(.genericError, error.description) }

    /// The answer to a command's name that nobody knows.
    public static func notFound(command: String) -> QMPError {
        QMPError(.commandNotFound, "The command \(command) has not been found")
    }

    /// The answer to `exec-oob` of a command that may wait.
    public static func noOutOfBand(command: String) -> QMPError {
        QMPError("The command \(command) does not support OOB")
    }

    /// Makes an error of the generic class.
    public init(_ desc: String) { self.init(.genericError, desc) }
}
