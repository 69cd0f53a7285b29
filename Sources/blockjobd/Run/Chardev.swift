import Glibc
import UnixSocket

/// A chardev that is open and waits for its monitor.
enum Chardev {
    case listener(UnixListener)
    /// A connected socket.
    case socket(Int32)
    case standardStreams

    /// Opens what the option asks for.
    /// - Parameters:
    ///   - passed: the descriptor that the service manager has passed for this chardev; it goes before what the option says.
    ///   - isDaemon: whether the daemon will leave its directory and its standard streams.
    ///   - socketGroup: whose group may connect to a socket that is made.
    /// - Returns: nil where a server has no place for one more client at this moment.
    static func open(
        _ options: ChardevOptions, passed: Int32?, isDaemon: Bool, socketGroup: UInt32?, on executor: QueueExecutor
    ) throws(StartFailure) -> Chardev? {
        if isDaemon, let number = options.descriptors.first(where: { $0 <= 2 }), options.backend != .standardStreams {
            throw StartFailure("cannot use file descriptor '\(number)', a standard stream, with -daemonize")
        }
        do {
            switch options.backend {
            case .listen(let address, _):
                return .listener(try listener(passed.map { .descriptor($0) } ?? address, options.id, isDaemon, socketGroup, executor))
            case .connect(.path(let path)): return try UnixAddress.path(path).connectNow().map { .socket($0) }
            case .connect(.descriptor(let number)): return .socket(try connected(number))
            case .connect(.passed): throw StartFailure("chardev: socket: 'path' or 'fd' is needed to connect")
            case .standardStreams:
                guard !isDaemon else { throw StartFailure("cannot use stdio with -daemonize") }
                return .standardStreams
            }
        } catch let error as SocketError {
            throw StartFailure(error.description)
        } catch let error as StartFailure {
            throw error
        } catch {
            throw StartFailure("\(error)")
        }
    }

    private static func listener(
        _ address: ChardevOptions.Address, _ id: String, _ isDaemon: Bool, _ socketGroup: UInt32?, _ executor: QueueExecutor
    ) throws -> UnixListener {
        switch address {
        case .path(let path):
            // The socket is removed in the end, when a daemon is in another directory.
            return try UnixListener(.path(isDaemon ? absolute(path) : path), group: socketGroup, on: executor.queue)
        case .descriptor(let number): return try UnixListener(adopting: number, on: executor.queue)
        case .passed:
            throw StartFailure("chardev: socket: 'path' or 'fd' is needed, or a socket that the service manager passes as '\(id)'")
        }
    }

    private static func connected(_ number: Int32) throws(StartFailure) -> Int32 {
        var kind: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(number, SOL_SOCKET, SO_TYPE, &kind, &size) == 0, kind == Int32(SOCK_STREAM.rawValue) else {
            throw StartFailure("File descriptor '\(number)' is not a socket")
        }
        guard UnixAddress.isUnixSocket(number) else { throw StartFailure("File descriptor '\(number)' is not a Unix socket") }
        return number
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let directory = getcwd(nil, 0) else { return path }
        defer { free(directory) }
        return "\(String(cString: directory))/\(path)"
    }

    /// Closes a chardev that no monitor has taken.
    func close() {
        switch self {
        case .listener(let listener): listener.stop()
        case .socket(let descriptor): Glibc.close(descriptor)
        case .standardStreams: break
        }
    }
}
