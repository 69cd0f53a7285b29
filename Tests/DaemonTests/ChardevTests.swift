import Glibc
import TestSupport
import Testing

@testable import UnixSocket
@testable import blockjobd

/// Every way in which a monitor gets its socket, as a client sees it.
@Suite struct `A chardev` {
    private func start(_ chardev: String, in directory: TemporaryDirectory, descriptors: [Int32: Int32] = [:]) throws -> ChildProcess {
        try ChildProcess(
            try DaemonProgram.blockjobd.path(), ["--chardev", "socket,id=c,\(chardev)", "--monitor", "c"], in: directory, name: "daemon",
            descriptors: descriptors)
    }

    /// A listening socket at `path`.
    private func listening(at path: String) throws -> Int32 {
        let descriptor = try UnixAddress.makeSocket()
        try #require(try UnixAddress.path(path).failure { bind(descriptor, $0, $1) } == nil)
        try #require(listen(descriptor, 5) == 0)
        return descriptor
    }

    /// Whether SIGTERM is blocked in a process's first thread.
    private func blocksTermination(_ process: Int32) throws -> Bool {
        let status = String(decoding: try TemporaryDirectory.read("/proc/\(process)/status"), as: UTF8.self)
        let mask = status.split(separator: "\n").first { $0.hasPrefix("SigBlk:") }?.split(separator: "\t").last.flatMap {
            UInt64($0, radix: 16)
        }
        return (mask ?? 0) & 1 << UInt64(SIGTERM - 1) != 0
    }

    /// The whole of a short conversation, to the daemon's end.
    private func converse(_ client: QMPClient, _ process: ChildProcess) throws {
        try client.negotiate()
        #expect(try client.execute("query-jobs").array?.isEmpty == true)
        _ = try client.execute("quit")
        #expect(try process.waitForExit() == .code(0))
        #expect(try client.receive() == nil)
    }

    @Test(arguments: [nil, "0"] as [String?])
    func `makes a socket for its user, or for a group, and for nobody else`(group: String?) throws {
        let directory = try TemporaryDirectory()
        // The shell's umask would let everybody connect.
        let options = group.map { "--x-socket-group=\($0)" } ?? ""
        let process = try ChildProcess(
            "/bin/sh",
            [
                "-c", "umask 000; exec \"$0\" \(options) --chardev socket,id=c,path=s,server=on,wait=off --monitor c",
                try DaemonProgram.blockjobd.path(),
            ], in: directory, name: "daemon")
        let client = try QMPClient(connectingTo: directory.file("s"))
        var status = stat()
        try #require(stat(directory.file("s"), &status) == 0)
        #expect(status.st_mode & 0o777 == (group == nil ? 0o600 : 0o660))
        try converse(client, process)
    }

    @Test func `that connects to a full socket hears signals while it waits`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("s")
        let socket = try UnixAddress.makeSocket()
        try #require(try UnixAddress.path(path).failure { bind(socket, $0, $1) } == nil)
        try #require(listen(socket, 0) == 0)
        var waiting: [Int32] = []
        while let descriptor = try UnixAddress.path(path).connectNow() { waiting.append(descriptor) }
        let process = try start("path=s", in: directory)
        // Signals wait for the daemon from the moment on in which it blocks them.
        while try !blocksTermination(process.id) { sched_yield() }
        process.signal(SIGTERM)
        #expect(try process.waitForExit() == .code(0), "\(process.errors)")
        for descriptor in waiting + [socket] { close(descriptor) }
    }

    @Test func `of a descriptor that is no Unix socket is refused`() throws {
        let tcp = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let process = try start("fd=8", in: try TemporaryDirectory(), descriptors: [8: tcp])
        close(tcp)
        #expect(try process.waitForExit() == .code(1))
        #expect(process.errors.contains("File descriptor '8' is not a Unix socket"), "\(process.errors)")
    }

    @Test func `of a listening descriptor serves any number of clients`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("s")
        let socket = try listening(at: path)
        let process = try start("fd=7,server=on,wait=off", in: directory, descriptors: [7: socket])
        close(socket)
        let (first, second) = (try QMPClient(connectingTo: path), try QMPClient(connectingTo: path))
        try second.negotiate()
        try converse(first, process)
        // Whoever opened the socket removes its path.
        #expect(access(path, F_OK) == 0)
    }

    @Test func `of a connected descriptor serves who is at its other end`() throws {
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
        let client = QMPClient(descriptor: ends[0])
        let process = try start("fd=9", in: try TemporaryDirectory(), descriptors: [9: ends[1]])
        close(ends[1])
        try converse(client, process)
    }

    @Test func `with server=off connects to who listens`() throws {
        let directory = try TemporaryDirectory()
        let socket = try listening(at: directory.file("s"))
        defer { close(socket) }
        let process = try start("path=\(directory.file("s")),server=off", in: directory)
        var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        try #require(poll(&entry, 1, Deadline.usual.milliseconds) == 1, "\(process.errors)")
        let accepted = accept(socket, nil, nil)
        try #require(accepted >= 0)
        try converse(QMPClient(descriptor: accepted), process)
    }

    @Test(arguments: [
        ("fd=77,server=on", "File descriptor '77' is not a socket"), ("fd=0", "File descriptor '0' is not a socket"),
        ("path=nobody,server=off", "Failed to connect to 'nobody': No such file or directory"),
    ])
    func `that cannot be had ends the start`(chardev: String, text: String) throws {
        let process = try start(chardev, in: try TemporaryDirectory())
        #expect(try process.waitForExit() == .code(1))
        #expect(process.errors == "blockjobd: --chardev socket,id=c,\(chardev): \(text)\n")
    }

    @Test func `without descriptors left keeps clients waiting and greets them later`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("s")
        let limit = 64
        let process = try ChildProcess(
            "/bin/bash",
            [
                "-c", "ulimit -n \(limit); exec \"$@\"", "bash", try DaemonProgram.blockjobd.path(), "--chardev",
                "socket,id=c,path=\(path),server=on,wait=off", "--monitor", "c",
            ], in: directory, name: "daemon")
        var early = try (0..<limit).map { _ in try QMPClient(connectingTo: path) }
        let late = try (0..<limit / 2).map { _ in try QMPClient(connectingTo: path) }
        let deadline = Deadline.usual
        while descriptors(of: process) < limit {
            try #require(!deadline.hasPassed && process.exitIfEnded == nil, "\(process.errors)")
            usleep(1000)
        }
        // Who has been accepted notices nothing.
        try early[0].negotiate()
        _ = try early[0].execute("query-jobs")
        early = []
        for client in late { try client.negotiate() }
        #expect(try process.terminate() == .code(0))
    }

    private func descriptors(of process: ChildProcess) -> Int {
        guard let stream = opendir("/proc/\(process.id)/fd") else { return 0 }
        defer { closedir(stream) }
        var count = 0
        while readdir(stream) != nil { count += 1 }
        return count - 2
    }
}

@Suite struct `An out-of-band command` {
    @Test func `is answered while the command before it waits for a disk that hangs`() throws {
        let daemon = try DaemonProcess(
            .blockjobd,
            options: [
                "--blockdev", "null-co,node-name=slow,size=1048576,latency-ns=3600000000000", "--blockdev",
                "null-co,node-name=target,size=1048576",
            ])
        let client = try daemon.client(enable: ["oob"])
        _ = try client.execute("blockdev-backup", #"{"job-id": "j", "device": "slow", "target": "target", "sync": "full"}"#)
        try client.send(
            #"{"execute": "quit", "id": 1} {"exec-oob": "query-jobs", "id": 2} {"exec-oob": "query-version", "id": 3}"#)
        var replies: [Int] = []
        while replies.count < 3, let message = try client.receive() {
            if message.isReply, let id = message.value["id"]?.integer { replies.append(Int(id)) }
        }
        #expect(replies == [2, 3, 1])
    }
}

@Suite struct `A kernel that refuses io_uring` {
    /// Has io_uring_setup fail with an errno, then becomes the daemon.
    private static let launcher = """
        import ctypes, os, struct, sys
        rule = lambda code, yes, no, k: struct.pack("HBBI", code, yes, no, k)
        rules = rule(0x20, 0, 0, 0) + rule(0x15, 0, 1, 425) + rule(6, 0, 0, 0x50000 | int(sys.argv[1])) + rule(6, 0, 0, 0x7fff0000)
        text = ctypes.create_string_buffer(rules)
        class Program(ctypes.Structure):
            _fields_ = [("count", ctypes.c_ushort), ("rules", ctypes.c_void_p)]
        program = Program(4, ctypes.cast(text, ctypes.c_void_p))
        libc = ctypes.CDLL(None)
        if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(program), 0, 0): sys.exit("no seccomp")
        os.execv(sys.argv[2], sys.argv[2:])
        """

    @Test(arguments: [
        (EPERM, "io_uring is forbidden here"), (ENOSYS, "the kernel has no io_uring that is complete enough"),
        (ENOMEM, "no memory may be locked for io_uring"),
    ])
    func `gets threads, and jobs run`(code: Int32, reason: String) throws {
        let directory = try TemporaryDirectory()
        let python = try #require(DaemonProgram.find("python3"), "install the package python3")
        try directory.makeFile("src.raw", size: 3 << 20, pattern: 0x5A)
        try directory.makeFile("tgt.raw", size: 3 << 20, pattern: 0)
        let path = directory.file("s")
        let process = try ChildProcess(
            python,
            [
                "-c", Self.launcher, "\(code)", try DaemonProgram.blockjobd.path(), "--x-log-level", "info", "--blockdev",
                "file,node-name=src,filename=src.raw", "--blockdev", "file,node-name=tgt,filename=tgt.raw,cache.direct=on", "--chardev",
                "socket,id=c,path=\(path),server=on,wait=off", "--monitor", "c",
            ], in: directory, name: "daemon")
        let client = try QMPClient(connectingTo: path)
        try client.negotiate()
        #expect(process.errors.contains("requests go through threads (\(reason))"))
        _ = try client.execute("blockdev-backup", #"{"job-id": "j", "device": "src", "target": "tgt", "sync": "full"}"#)
        try client.waitForEvent("BLOCK_JOB_COMPLETED") { $0["error"] == nil }
        try client.waitForJob("j", "null")
        #expect(try directory.contents(of: "tgt.raw") == directory.contents(of: "src.raw"))
        _ = try client.execute("quit")
        #expect(try process.waitForExit() == .code(0))
    }
}
