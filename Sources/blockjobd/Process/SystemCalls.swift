import CProcess
import Glibc

/// The C library's words for an error number.
func systemErrorText(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    return text(ofNullTerminated: buffer)
}

/// The text in a buffer that a C function has filled.
func text(ofNullTerminated buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// The value of an environment variable that is set and not empty.
func environmentVariable(_ name: String) -> String? {
    guard let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty else { return nil }
    return value
}

/// Writes everything, going on after interruptions and short writes.
/// - Returns: whether all bytes were taken.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var done = 0
    while done < bytes.count {
        let count = bytes.withUnsafeBytes { buffer in
            buffer.baseAddress.map { write(descriptor, $0 + done, buffer.count - done) } ?? 0
        }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return false }
        done += count
    }
    return true
}

/// Calls that every daemon makes once, before it has threads.
enum ProcessSetup {
    /// Opens /dev/null in the place of a missing standard descriptor, so that no image or socket ever gets number 0, 1 or 2 and
    /// receives what is meant for standard error.
    static func fillStandardDescriptors() {
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
            // open takes the lowest free number: this very one, since all below are in use by now.
            guard open("/dev/null", O_RDWR) == descriptor else { return }
        }
    }

    /// Raises the soft limit of open files to the hard one: every client and every image needs a descriptor.
    static func raiseOpenFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Lets the control plane's threads, which Dispatch starts and which inherit this, have a processor as soon as they wake up, though copies
    /// keep every one busy: the loops' threads ask for longer slices.
    static func wakePromptly() {
        cprocess_set_slice(100_000)
    }

    /// Has Dispatch keep to itself what it cannot do without privileges: it says at each start that it may not raise a thread's priority.
    static func quietDispatch() { setenv("LIBDISPATCH_LOG", "NO", 0) }

    /// A client that goes away while it is written to is an error of that write, not the end of the daemon.
    static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }
}
