import Glibc

/// Why a socket could not be had: one sentence for a person.
public struct SocketError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The sentence, without a full stop.
    public let description: String
    /// The host's `errno` value, or 0 where no call failed.
    public let code: Int32

    init(_ description: String, code: Int32 = 0) {
        self.description = code == 0 ? description : "\(description): \(String(cString: strerror(code)))"
        self.code = code
    }
}
