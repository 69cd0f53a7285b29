import Glibc

/// The sockets that a service manager opened for this process (`sd_listen_fds`).
public enum ActivatedSockets {
    /// One of them.
    public struct Socket: Sendable, Hashable {
        /// The descriptor.
        public let descriptor: Int32
        /// The name given in `FileDescriptorName=`, or nil when it has none.
        public let name: String?
    }

    /// The first descriptor that is passed, by convention.
    private static let first: Int32 = 3

    /// Reads what was passed, from the process's environment, and removes it there so that children don't mistake it for
    /// theirs. Call once, before there is a second thread.
    public static func take() -> [Socket] {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        let sockets = read(
            process: variable("LISTEN_PID"), count: variable("LISTEN_FDS"), names: variable("LISTEN_FDNAMES"), ownProcess: getpid())
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) }
        for socket in sockets { setCloseOnExec(socket.descriptor) }
        return sockets
    }

    /// Reads the three variables.
    static func read(process: String?, count: String?, names: String?, ownProcess: pid_t) -> [Socket] {
        guard let process, let count, pid_t(process) == ownProcess, let count = Int32(count), (1...1024).contains(count) else { return [] }
        let names = names.map { $0.split(separator: ":", omittingEmptySubsequences: false) } ?? []
        return (0..<count).map { index in
            // `unknown` is what systemd says for a socket without a name.
            let name = Int(index) < names.count ? String(names[Int(index)]) : ""
            return Socket(descriptor: first + index, name: name.isEmpty || name == "unknown" ? nil : name)
        }
    }
}
