import Glibc

/// A running daemon with QMP monitors on Unix sockets in a temporary directory.
///
/// Both programs are started with the same options, `--chardev socket,...` and `--monitor` for every socket, then the caller's own. The
/// temporary directory is the daemon's working directory. The daemon is ready when it has written its pidfile: the reference
/// hangs, or greets twice, when a client connects earlier.
public final class DaemonProcess {
    /// Where the sockets and the test's files are.
    public let directory: TemporaryDirectory
    /// The process.
    public let process: ChildProcess
    /// The paths of the monitors' sockets.
    public let sockets: [String]

    /// Starts a daemon and waits until it is ready.
    /// - Parameters:
    ///   - monitors: how many sockets to listen on, each with a monitor of its own.
    ///   - options: further command-line options.
    ///   - fileSizeLimit: no file may grow beyond so many bytes; a write that would fails with EFBIG, which is how tests get write errors.
    public init(
        _ program: DaemonProgram, in directory: TemporaryDirectory? = nil, monitors: Int = 1, options: [String] = [],
        fileSizeLimit: Int? = nil, environment: [String: String] = [:]
    ) throws(WireFailure) {
        let place: TemporaryDirectory
        if let directory { place = directory } else { place = try TemporaryDirectory() }
        self.directory = place
        let paths = (0..<monitors).map { place.file("qmp\($0).sock") }
        sockets = paths
        let pidfile = place.file("pid")
        var arguments: [String] = []
        for (index, path) in paths.enumerated() {
            arguments += ["--chardev", "socket,path=\(path),server=on,wait=off,id=c\(index)", "--monitor", "chardev=c\(index)"]
        }
        arguments += options + ["--pidfile", pidfile]
        var command = [try program.path()] + arguments
        if let fileSizeLimit {
            // Ignoring the signal, which the program inherits, makes the limit an ordinary error.
            command = ["/bin/bash", "-c", "trap '' XFSZ; ulimit -f \(fileSizeLimit / 1024); exec \"$@\"", "bash"] + command
        }
        process = try ChildProcess(command[0], Array(command.dropFirst()), in: place, name: program.rawValue, environment: environment)
        let deadline = Deadline.usual
        while access(pidfile, F_OK) != 0 {
            if let exit = process.exitIfEnded {
                throw WireFailure("\(program.rawValue) \(arguments) ended at once (\(exit)); its standard error:\n\(process.errors)")
            }
            guard !deadline.hasPassed else {
                throw WireFailure("\(program.rawValue) \(arguments) is not ready in time; its standard error:\n\(process.errors)")
            }
            usleep(1000)
        }
        if program == .reference { waitUntilAsleep(deadline) }
    }

    /// Waits until every thread of the daemon sleeps: the reference writes its pidfile before its monitor thread has taken the sockets over.
    private func waitUntilAsleep(_ deadline: Deadline) {
        var calm = 0
        while calm < 2, !deadline.hasPassed {
            calm = process.allThreadsSleep ? calm + 1 : 0
            usleep(500)
        }
    }

    /// Connects a client that has not negotiated: the greeting is the first thing that it will receive.
    public func connect(monitor: Int = 0) throws(WireFailure) -> QMPClient {
        try QMPClient(connectingTo: sockets[monitor])
    }

    /// Connects a client and negotiates.
    public func client(monitor: Int = 0, enable: [String] = []) throws(WireFailure) -> QMPClient {
        let client = try connect(monitor: monitor)
        try client.negotiate(enable: enable)
        return client
    }
}
