import Dispatch
import Glibc

/// Tells the service manager how the daemon is doing: the datagrams that sd_notify(3) documents.
struct ServiceNotifier: Sendable {
    private let descriptor: Int32
    private let address: [UInt8]
    /// How often the manager wants to hear `WATCHDOG=1`, in microseconds, or nil when it does not watch.
    let watchdogMicroseconds: UInt64?

    /// From the environment of a service: nil when no manager listens.
    init?(socket: String?, watchdogMicroseconds: String?, watchdogProcess: String?, process: Int32) {
        guard let socket, let first = socket.utf8.first, first == 0x2F || first == 0x40 else { return nil }
        var path = Array(socket.utf8)
        // `@name` is a name in the abstract namespace, whose first byte is zero.
        if first == 0x40 { path[0] = 0 }
        guard path.count < ChardevOptions.pathLimit else { return nil }
        descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        address = path
        let isMeant = watchdogProcess.map { $0 == "\(process)" } ?? true
        let interval = watchdogMicroseconds.flatMap { UInt64($0) } ?? 0
        self.watchdogMicroseconds = isMeant && interval > 0 ? interval : nil
    }

    /// From this process's environment, whose variables are removed.
    /// - Parameter process: the id that the manager knows this process by.
    static func fromEnvironment(process: Int32) -> ServiceNotifier? {
        let names = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]
        let values = names.map { environmentVariable($0) }
        for name in names { unsetenv(name) }
        return ServiceNotifier(socket: values[0], watchdogMicroseconds: values[1], watchdogProcess: values[2], process: process)
    }

    /// Sends `WATCHDOG=1` from `queue`, twice as often as the manager wants, until the source is cancelled: a queue that is stuck falls silent.
    /// - Returns: nil when the manager does not watch.
    func startPinging(from queue: DispatchQueue) -> (any DispatchSourceProtocol)? {
        guard let interval = watchdogMicroseconds else { return nil }
        let source = DispatchSource.makeTimerSource(queue: queue)
        source.schedule(deadline: .now(), repeating: .microseconds(Int(clamping: interval / 2)))
        source.setEventHandler { @Sendable in send("WATCHDOG=1") }
        source.resume()
        return source
    }

    /// Sends assignments, one a line. Never waits: a manager that doesn't read loses a message.
    func send(_ assignments: String...) {
        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: address) }
        let length = MemoryLayout<sockaddr_un>.offset(of: \.sun_path).map { $0 + address.count } ?? 0
        let message = Array(assignments.joined(separator: "\n").utf8)
        _ = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT), $0, socklen_t(length))
            }
        }
    }
}
