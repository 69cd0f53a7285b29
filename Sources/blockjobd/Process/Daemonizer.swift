import CProcess
import Glibc

/// Going to the background while the process that was started waits for the outcome.
///
/// Before anything has a thread, `begin` forks twice. The first process stays until the last says that it is ready, or is gone, and
/// exits with 0 or 1; until then all three share standard error, so that the user reads why a start has failed. Until then the first also
/// stands for the daemon: when somebody ends it, by whatever signal, the daemon sees the end of `socket` and ends, too.
struct Daemonizer {
    /// A connection to the process that was started.
    let socket: Int32

    /// Forks. Returns in the process that becomes the daemon only.
    static func begin() throws(StartFailure) -> Daemonizer {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw StartFailure("cannot make a pair of sockets", errno: errno)
        }
        let child = cprocess_fork()
        guard child >= 0 else { throw StartFailure("cannot fork", errno: errno) }
        if child > 0 {
            close(ends[1])
            _exit(waitForReadiness(ends[0]))
        }
        close(ends[0])
        setsid()
        let daemon = cprocess_fork()
        guard daemon >= 0 else { throw StartFailure("cannot fork", errno: errno) }
        if daemon > 0 { _exit(0) }
        umask(0o027)
        for number in [SIGTSTP, SIGTTOU, SIGTTIN] { signal(number, SIG_IGN) }
        return Daemonizer(socket: ends[1])
    }

    /// The exit code of the process that was started: 0 once the daemon has written its byte, 1 when it ended without.
    private static func waitForReadiness(_ descriptor: Int32) -> Int32 {
        var status: UInt8 = 1
        while true {
            let count = read(descriptor, &status, 1)
            if count < 0 && errno == EINTR { continue }
            return count == 1 && status == 0 ? 0 : 1
        }
    }

    /// Leaves the directory and the terminal behind, and lets the first process exit with 0. Call once.
    /// - Throws: also when the first process has gone, whose user then does not want the daemon.
    func finish() throws(StartFailure) {
        guard chdir("/") == 0 else { throw StartFailure("not able to chdir to /", errno: errno) }
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { throw StartFailure("cannot open /dev/null", errno: errno) }
        for descriptor in Int32(0)...2 { dup2(null, descriptor) }
        close(null)
        guard writeAll([0], to: socket) else { throw StartFailure("the process that was started has gone", errno: errno) }
    }
}
