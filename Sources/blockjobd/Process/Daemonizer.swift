import CProcess
import Glibc

/// Going to the background while the process that was started waits for the outcome.
///
/// Before anything has a thread, `begin` forks twice. The first process stays until the last says that it is ready, or is gone, and
/// exits with 0 or 1; until then all three share standard error, so that the user reads why a start has failed.
struct Daemonizer {
    private let pipe: Int32

    /// Forks. Returns in the process that becomes the daemon only.
    static func begin() throws(StartFailure) -> Daemonizer {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw StartFailure("cannot make a pipe", errno: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
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
        return Daemonizer(pipe: ends[1])
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
    func finish() throws(StartFailure) {
        guard chdir("/") == 0 else { throw StartFailure("not able to chdir to /", errno: errno) }
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { throw StartFailure("cannot open /dev/null", errno: errno) }
        for descriptor in Int32(0)...2 { dup2(null, descriptor) }
        close(null)
        _ = writeAll([0], to: pipe)
        close(pipe)
    }
}
