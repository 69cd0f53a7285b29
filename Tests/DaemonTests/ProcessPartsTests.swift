import Dispatch
import Glibc
import Logging
import TestSupport
import Testing

@testable import UnixSocket
@testable import blockjobd

@Suite struct `The process` {
    @Test func `a pidfile excludes others and goes`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("pid")
        let pidfile = try Pidfile(path)
        // The lock belongs to this process, so another process has to try.
        let second = try ChildProcess(try DaemonProgram.blockjobd.path(), ["--pidfile", path], in: directory)
        #expect(try second.waitForExit() == .code(1))
        #expect(second.errors == "blockjobd: cannot create PID file: Cannot lock pid file: Resource temporarily unavailable\n")
        #expect(access(path, F_OK) == 0)
        pidfile.remove()
        #expect(access(path, F_OK) != 0)
    }

    @Test func `a pidfile holds the id and remembers where it is`() throws {
        let directory = try TemporaryDirectory()
        let pidfile = try Pidfile("\(directory.path)/./pid")
        #expect(pidfile.path == directory.file("pid"))
        #expect(String(decoding: try TemporaryDirectory.read(pidfile.path), as: UTF8.self) == "\(getpid())\n")
    }

    @Test(.enabled(if: geteuid() == 0, "only root can make device files"))
    func `what a pidfile's path leads to is removed only if it is a regular file of ours`() throws {
        let directory = try TemporaryDirectory()
        let device = directory.file("null")
        try #require(mknod(device, S_IFCHR | 0o666, 0x103) == 0)
        #expect(throws: StartFailure.self) { try Pidfile(device) }
        #expect(access(device, F_OK) == 0)
        // Another's by now.
        let path = directory.file("pid")
        let pidfile = try Pidfile(path)
        try #require(rename(path, directory.file("moved")) == 0)
        _ = try Pidfile(path)
        pidfile.remove()
        #expect(access(path, F_OK) == 0)
    }

    @Test func `groups are found by name and number, without a name service`() throws {
        #expect(try HostGroup.number("root") == 0)
        #expect(try HostGroup.number("4711") == 4711)
        #expect(throws: StartFailure("Group 'no such group' is not in /etc/group")) { _ = try HostGroup.number("no such group") }
    }

    @Test func `a pidfile that cannot be made says why`() {
        #expect(throws: StartFailure("cannot create PID file: Could not create '/nonexistent/p': No such file or directory")) {
            _ = try Pidfile("/nonexistent/p")
        }
    }

    private typealias Socket = ActivatedSockets.Socket

    @Test func `sockets of the service manager go by name`() throws {
        let sockets = [Socket(descriptor: 3, name: "b"), Socket(descriptor: 4, name: "a")]
        #expect(try PassedSockets.assign(sockets, to: ["a", "b", "c"]) == ["a": 4, "b": 3])
        #expect(throws: StartFailure.self) { _ = try PassedSockets.assign(sockets, to: ["a"]) }
        #expect(throws: StartFailure.self) {
            _ = try PassedSockets.assign([Socket(descriptor: 3, name: "a"), Socket(descriptor: 4, name: "a")], to: ["a", "b"])
        }
    }

    @Test(arguments: [nil, "blockjobd.socket"])
    func `a single socket of any name is the first chardev's`(name: String?) throws {
        let sockets = [Socket(descriptor: 3, name: name)]
        #expect(try PassedSockets.assign(sockets, to: ["x", "y"]) == ["x": 3])
        #expect(throws: StartFailure.self) { _ = try PassedSockets.assign(sockets, to: []) }
    }

    @Test func `the manager's socket gets what is sent`() throws {
        let directory = try TemporaryDirectory()
        let receiver = try NotifySocket(path: directory.file("notify"))
        let notifier = try #require(
            ServiceNotifier(socket: receiver.path, watchdogMicroseconds: "3000000", watchdogProcess: "\(getpid())", process: getpid()))
        notifier.send("READY=1", "STATUS=fine")
        #expect(receiver.receive() == "READY=1\nSTATUS=fine")
        #expect(notifier.watchdogMicroseconds == 3_000_000)
    }

    @Test func `a watchdog of another process is not ours`() {
        #expect(
            ServiceNotifier(socket: "/x", watchdogMicroseconds: "5", watchdogProcess: "1", process: 2)?.watchdogMicroseconds == nil)
        #expect(ServiceNotifier(socket: "/x", watchdogMicroseconds: "5", watchdogProcess: nil, process: 2)?.watchdogMicroseconds == 5)
        #expect(ServiceNotifier(socket: nil, watchdogMicroseconds: nil, watchdogProcess: nil, process: 2) == nil)
        #expect(ServiceNotifier(socket: "relative", watchdogMicroseconds: nil, watchdogProcess: nil, process: 2) == nil)
    }

    @Test func `the watchdog falls silent while its queue is stuck, and goes on afterwards`() async throws {
        try await BlockingWork.shared.run {
            let directory = try TemporaryDirectory()
            let (stuck, alive) = (try NotifySocket(path: directory.file("stuck")), try NotifySocket(path: directory.file("alive")))
            let queues = (DispatchQueue(label: "stuck"), DispatchQueue(label: "alive"))
            let pings = try [(stuck, queues.0), (alive, queues.1)].map { socket, queue in
                let notifier = try #require(
                    ServiceNotifier(socket: socket.path, watchdogMicroseconds: "2000", watchdogProcess: nil, process: getpid()))
                return try #require(notifier.startPinging(from: queue))
            }
            defer { for ping in pings { ping.cancel() } }
            #expect(stuck.receive() == "WATCHDOG=1" && alive.receive() == "WATCHDOG=1")
            let (entered, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            queues.0.async {
                entered.signal()
                gate.wait()
            }
            entered.wait()
            while stuck.hasMessage { _ = stuck.receive() }
            // The other queue's pings tell that time goes by.
            for _ in 0..<20 { #expect(alive.receive() == "WATCHDOG=1") }
            #expect(!stuck.hasMessage)
            gate.signal()
            #expect(stuck.receive() == "WATCHDOG=1")
        }
    }

    @Test func `log lines carry levels that the journal understands`() {
        let journal = StandardErrorLog(label: "blockjobd", level: .info, isJournal: true)
        #expect(journal.line(.warning, "client cut off", ["pid": "7", "bound": "1"]) == "<4>client cut off bound=1 pid=7\n")
        #expect(journal.line(.error, "one\ntwo") == "<3>one\n<3>two\n")
        let plain = StandardErrorLog(label: "blockjobd", level: .info, isJournal: false)
        #expect(plain.line(.warning, "odd") == "blockjobd: warning: odd\n")
        #expect(plain.line(.error, "bad option") == "blockjobd: bad option\n")
    }

    @Test func `words of an error number`() {
        #expect(systemErrorText(ENOENT) == "No such file or directory")
    }
}

/// A datagram socket as a service manager has it.
final class NotifySocket {
    let path: String
    private let descriptor: Int32

    init(path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        try #require(result == 0)
    }

    deinit { close(descriptor) }

    /// Whether a message is there.
    var hasMessage: Bool { isReadable(within: 0) }

    private func isReadable(within milliseconds: Int32) -> Bool {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&poller, 1, milliseconds) == 1
    }

    /// The next message, or nil when none comes before the usual deadline.
    func receive() -> String? {
        guard isReadable(within: Deadline.usual.milliseconds) else { return nil }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
