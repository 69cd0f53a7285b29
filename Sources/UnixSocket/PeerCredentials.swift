import Glibc

/// Who is at the other end of a Unix socket, as the kernel saw it when the connection was made.
public struct PeerCredentials: Sendable, Hashable {
    /// The process.
    public let process: Int32
    /// Its effective user.
    public let user: UInt32
    /// Its effective group.
    public let group: UInt32

    /// Reads them; nil when the descriptor is no Unix socket.
    public init?(descriptor: Int32) {
        // The kernel's `struct ucred`: three 32-bit words.
        var words: [UInt32] = [0, 0, 0]
        var size = socklen_t(12)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &words, &size) == 0, size == 12 else { return nil }
        process = Int32(bitPattern: words[0])
        user = words[1]
        group = words[2]
    }
}
