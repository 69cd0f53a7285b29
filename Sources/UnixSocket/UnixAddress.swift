import Glibc

/// Where a Unix socket is found.
public enum UnixAddress: Sendable, Hashable, CustomStringConvertible {
    /// A file system path.
    case path(String)
    /// A name in Linux's abstract name space. When `isTight`, the name ends where its text ends, as most programs have it;
    /// otherwise it is filled up with zero bytes.
    case abstract(String, isTight: Bool)

    /// For messages.
    public var description: String {
        switch self {
        case .path(let path): path
        case .abstract(let name, _): "@\(name)"
        }
    }

    /// The longest path, in bytes.
    private static let longest = MemoryLayout<sockaddr_un>.size - MemoryLayout<sa_family_t>.size

    /// Calls `body` with the kernel's form of the address.
    func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) throws(SocketError) -> Result {
        let (name, isTight): ([UInt8], Bool) =
            switch self {
            case .path(let path): (Array(path.utf8), false)
            case .abstract(let name, let isTight): ([0] + Array(name.utf8), isTight)
            }
        guard name.count <= Self.longest else { throw SocketError("UNIX socket path '\(self)' is too long") }
        guard !name.isEmpty, !name.dropFirst().contains(0) else { throw SocketError("UNIX socket path '\(self)' is not a path") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let size = isTight ? MemoryLayout<sa_family_t>.size + name.count : MemoryLayout<sockaddr_un>.size
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(size)) }
        }
    }

    /// Makes a connection to a listening socket and returns its descriptor.
    public func connect() throws(SocketError) -> Int32 {
        let descriptor = try Self.makeSocket()
        if let code = try failure({ Glibc.connect(descriptor, $0, $1) }) {
            close(descriptor)
            throw SocketError("Failed to connect to '\(self)'", code: code)
        }
        return descriptor
    }

    /// As `connect`, without waiting for a place in the backlog.
    /// - Returns: nil when there is none at this moment.
    public func connectNow() throws(SocketError) -> Int32? {
        let descriptor = try Self.makeSocket()
        let flags = setNonBlocking(descriptor)
        if let code = try failure({ Glibc.connect(descriptor, $0, $1) }) {
            close(descriptor)
            if code == EAGAIN { return nil }
            throw SocketError("Failed to connect to '\(self)'", code: code)
        }
        if let flags { _ = fcntl(descriptor, F_SETFL, flags) }
        return descriptor
    }

    /// Whether a descriptor is a Unix socket: whoever connects to one is seen by the kernel.
    public static func isUnixSocket(_ descriptor: Int32) -> Bool {
        var domain: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX
    }

    /// Makes a call with the address; returns `errno` when it fails.
    func failure(_ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) throws(SocketError) -> Int32? {
        try withSocketAddress { address, size in call(address, size) == 0 ? nil : errno }
    }

    /// A new stream socket that programs started later don't inherit.
    static func makeSocket() throws(SocketError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { throw SocketError("Failed to create Unix socket", code: errno) }
        return descriptor
    }
}

/// Makes calls on a descriptor return EAGAIN instead of waiting. Returns the flags it had, or nil when it cannot be done.
@discardableResult
func setNonBlocking(_ descriptor: Int32) -> Int32? {
    let flags = fcntl(descriptor, F_GETFL)
    guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 else { return nil }
    return flags
}

/// Keeps a descriptor from programs that are started later.
func setCloseOnExec(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
}
