public import Dispatch
import Glibc

/// A socket that clients connect to.
///
/// Confined to the control queue. When descriptors run out, accepting pauses for a moment and clients wait in the
/// kernel's backlog: they are greeted later, and nothing spins.
public final class UnixListener: @unchecked Sendable {
    /// Clients that may wait to be accepted; the kernel cuts it down to `net.core.somaxconn`.
    private static let backlog: Int32 = 65_535
    /// Connections accepted in one turn.
    private static let turnLength = 64
    /// How long accepting pauses when descriptors or memory run out.
    private static let pause = DispatchTimeInterval.milliseconds(100)

    private let descriptor: Int32
    /// The file that is ours to remove, with the identity that it had.
    private let file: (path: String, device: dev_t, inode: ino_t)?
    private let queue: DispatchQueue
    private var watch: Watch?
    private var arrived: (() -> Void)?
    private var accepted: ((Int32) -> Void)?
    private var hasStopped = false

    /// Makes a listening socket. A path that a process left behind when it died is taken over; a path that some process
    /// listens on is refused.
    ///
    /// The path has mode 0600 whatever the umask, or 0660 and the group where one is given. At no moment may anybody else connect.
    public convenience init(_ address: UnixAddress, group: UInt32? = nil, on queue: DispatchQueue) throws(SocketError) {
        let descriptor = try UnixAddress.makeSocket()
        do throws(SocketError) {
            // What the socket has is what its path gets.
            fchmod(descriptor, 0o600)
            try Self.bind(descriptor, to: address)
            if case .path(let path) = address {
                do throws(SocketError) { try Self.setAccess(path, group) } catch {
                    // Nobody will listen there.
                    unlink(path)
                    throw error
                }
            }
            guard listen(descriptor, Self.backlog) == 0 else { throw SocketError("Failed to listen on socket", code: errno) }
        } catch {
            close(descriptor)
            throw error
        }
        self.init(descriptor, file: Self.identity(address), on: queue)
    }

    /// Takes over a socket that listens already, such as one of `ActivatedSockets`. Its path is left alone at the end.
    public convenience init(adopting descriptor: Int32, on queue: DispatchQueue) throws(SocketError) {
        var isListening: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &size) == 0 else {
            throw SocketError("File descriptor '\(descriptor)' is not a socket")
        }
        guard UnixAddress.isUnixSocket(descriptor) else { throw SocketError("File descriptor '\(descriptor)' is not a Unix socket") }
        // A socket that is bound but does not listen yet is fine too.
        if isListening == 0, listen(descriptor, Self.backlog) != 0 {
            throw SocketError("Failed to listen on fd socket", code: errno)
        }
        setCloseOnExec(descriptor)
        self.init(descriptor, file: nil, on: queue)
    }

    private init(_ descriptor: Int32, file: (path: String, device: dev_t, inode: ino_t)?, on queue: DispatchQueue) {
        self.descriptor = descriptor
        self.file = file
        self.queue = queue
        setNonBlocking(descriptor)
    }

    // MARK: Binding

    private static func bind(_ descriptor: Int32, to address: UnixAddress) throws(SocketError) {
        guard let code = try address.failure({ Glibc.bind(descriptor, $0, $1) }) else { return }
        guard code == EADDRINUSE, case .path(let path) = address, isStale(path, address) else {
            throw SocketError("Failed to bind socket to \(address)", code: code)
        }
        unlink(path)
        if let code = try address.failure({ Glibc.bind(descriptor, $0, $1) }) {
            throw SocketError("Failed to bind socket to \(address)", code: code)
        }
    }

    /// The umask may have taken more from the path than it should.
    private static func setAccess(_ path: String, _ group: UInt32?) throws(SocketError) {
        if let group, lchown(path, uid_t.max, group) != 0 {
            throw SocketError("Failed to give socket '\(path)' to group \(group)", code: errno)
        }
        guard chmod(path, group == nil ? 0o600 : 0o660) == 0 else {
            throw SocketError("Failed to set the mode of socket '\(path)'", code: errno)
        }
    }

    /// Whether a socket stands at the path that nobody listens on.
    private static func isStale(_ path: String, _ address: UnixAddress) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return false }
        guard let probe = try? UnixAddress.makeSocket() else { return false }
        defer { close(probe) }
        // Without waiting: a live daemon with a full backlog gives EAGAIN.
        setNonBlocking(probe)
        return (try? address.failure { Glibc.connect(probe, $0, $1) }) == ECONNREFUSED
    }

    private static func identity(_ address: UnixAddress) -> (path: String, device: dev_t, inode: ino_t)? {
        var status = stat()
        guard case .path(let path) = address, lstat(path, &status) == 0 else { return nil }
        return (path, status.st_dev, status.st_ino)
    }

    // MARK: Accepting

    /// Calls `arrived` once, on the control queue, when a client waits to be accepted. It stays in the backlog until `start`.
    ///
    /// Call on the control queue, as `start`.
    public func whenClientArrives(_ arrived: @escaping @Sendable () -> Void) {
        self.arrived = arrived
        watchClients()
    }

    /// Starts accepting. `accepted` gets each new connection's descriptor, on the control queue.
    public func start(_ accepted: @escaping (Int32) -> Void) {
        self.accepted = accepted
        watchClients()
    }

    private func watchClients() {
        guard !hasStopped else { return }
        // They hold each other until `stop`.
        let watch = self.watch ?? PollSet.watch(descriptor, on: queue) { _ in self.clientsWait() }
        self.watch = watch
        watch.want(.input)
    }

    private func clientsWait() {
        if let arrived {
            self.arrived = nil
            arrived()
        }
        if let accepted { acceptSome(accepted) } else { watch?.want([]) }
    }

    private func acceptSome(_ accepted: (Int32) -> Void) {
        for _ in 0..<Self.turnLength {
            guard !hasStopped else { return }
            let client = accept(descriptor, nil, nil)
            if client >= 0 {
                setCloseOnExec(client)
                accepted(client)
                continue
            }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EAGAIN: return
            default: return pauseAccepting()
            }
        }
    }

    private func pauseAccepting() {
        watch?.want([])
        queue.asyncAfter(deadline: .now() + Self.pause) { [weak self] in self?.watchClients() }
    }

    // MARK: End

    /// Accepts no more, closes the socket and removes its path if it is still ours.
    ///
    /// Who must not wait for the control queue calls `removePath()` and leaves the rest to the end of the process.
    public func stop() {
        guard !hasStopped else { return }
        hasStopped = true
        // The path goes at once, so that who sees the daemon end does not see it any more.
        removePath()
        watch?.end()
        watch = nil
        (arrived, accepted) = (nil, nil)
        close(descriptor)
    }

    /// Removes the socket's path if it is still ours. From any thread: it looks at nothing that changes.
    public func removePath() {
        var status = stat()
        guard let file, lstat(file.path, &status) == 0, status.st_dev == file.device, status.st_ino == file.inode else { return }
        unlink(file.path)
    }
}
