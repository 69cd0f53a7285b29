import Glibc
import TestSupport
import Testing

@testable import blockjobd

/// The daemon as a process, from its start to its end.
@Suite struct `The daemon's life` {
    private func start(_ arguments: [String], in directory: TemporaryDirectory, environment: [String: String] = [:]) throws -> ChildProcess
    {
        try ChildProcess(try DaemonProgram.blockjobd.path(), arguments, in: directory, name: "daemon", environment: environment)
    }

    /// Waits until a file exists, while the process lives.
    private func wait(for path: String, of process: ChildProcess) throws {
        let deadline = Deadline.usual
        while access(path, F_OK) != 0 {
            try #require(process.exitIfEnded == nil, "\(process.errors)")
            try #require(!deadline.hasPassed)
            usleep(1000)
        }
    }

    @Test func `help and version go to standard output and succeed`() throws {
        let directory = try TemporaryDirectory()
        for (option, beginning) in [("--help", "Usage: blockjobd [options]\n"), ("--version", "blockjobd version ")] {
            let process = try start([option], in: directory)
            #expect(try process.waitForExit() == .code(0))
            #expect(process.output.hasPrefix(beginning))
            #expect(process.errors.isEmpty)
        }
    }

    @Test func `a bad option goes to standard error and fails`() throws {
        let process = try start(["--nope"], in: try TemporaryDirectory())
        #expect(try process.waitForExit() == .code(1))
        #expect(process.errors == "blockjobd: unrecognized option '--nope'\n")
    }

    @Test func `a node that cannot be added ends the start and removes the socket`() throws {
        let directory = try TemporaryDirectory()
        let socket = directory.file("s")
        let process = try start(
            ["--chardev", "socket,id=c,path=\(socket),server=on,wait=off", "--blockdev", "file,node-name=f,filename=/nonexistent"],
            in: directory)
        #expect(try process.waitForExit() == .code(1))
        #expect(
            process.errors
                == "blockjobd: --blockdev file,node-name=f,filename=/nonexistent: Could not open '/nonexistent': No such file or directory\n"
        )
        #expect(access(socket, F_OK) != 0)
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
    func `a signal ends it cleanly`(number: Int32) throws {
        let daemon = try DaemonProcess(.blockjobd)
        let client = try daemon.client()
        daemon.process.signal(number)
        #expect(try daemon.process.waitForExit() == .code(0))
        #expect(try client.receive() == nil)
        #expect(access(daemon.sockets[0], F_OK) != 0)
        #expect(access(daemon.directory.file("pid"), F_OK) != 0)
    }

    @Test func `quit is answered before the end`() throws {
        let daemon = try DaemonProcess(.blockjobd)
        let client = try daemon.client()
        _ = try client.execute("quit")
        #expect(try daemon.process.waitForExit() == .code(0))
        #expect(access(daemon.sockets[0], F_OK) != 0)
    }

    @Test func `nodes of the command line are there, in both forms`() throws {
        let daemon = try DaemonProcess(
            .blockjobd,
            options: [
                "--blockdev", "null-co,node-name=a,size=1048576", "--blockdev", #"{"driver": "raw", "node-name": "b", "file": "a"}"#,
                "--blockdev", "driver=raw,node-name=c,file.driver=null-co,file.size=4096",
            ])
        let client = try daemon.client()
        let nodes = try client.execute("query-named-block-nodes")
        let names = Set((nodes.array ?? []).compactMap { $0["node-name"]?.string })
        #expect(names.isSuperset(of: ["a", "b", "c"]))
    }

    @Test func `with wait, start-up goes on when a client is there, which is greeted once`() throws {
        let directory = try TemporaryDirectory()
        let socket = directory.file("s")
        let process = try start(
            ["--chardev", "socket,id=c,path=\(socket),server=on", "--monitor", "c", "--pidfile", directory.file("pid")], in: directory)
        try wait(for: socket, of: process)
        #expect(access(directory.file("pid"), F_OK) != 0)
        let client = try QMPClient(connectingTo: socket)
        try client.negotiate()
        try wait(for: directory.file("pid"), of: process)
        // Had there been a second greeting, it would be taken for the reply.
        #expect(try client.execute("query-jobs").array?.isEmpty == true)
        let second = try QMPClient(connectingTo: socket)
        try second.negotiate()
        #expect(try process.terminate() == .code(0))
    }

    @Test func `a signal while it waits for its first client ends it`() throws {
        let directory = try TemporaryDirectory()
        let socket = directory.file("s")
        let process = try start(["--chardev", "socket,id=c,path=\(socket),server=on", "--monitor", "c"], in: directory)
        try wait(for: socket, of: process)
        #expect(try process.terminate() == .code(0))
        #expect(access(socket, F_OK) != 0)
    }

    @Test func `the socket of a living daemon is refused, that of a killed one taken over`() throws {
        let first = try DaemonProcess(.blockjobd)
        let option = ["--chardev", "socket,id=c,path=\(first.sockets[0]),server=on,wait=off"]
        let refused = try start(option, in: first.directory)
        #expect(try refused.waitForExit() == .code(1))
        #expect(refused.errors.hasSuffix("Failed to bind socket to \(first.sockets[0]): Address already in use\n"))
        _ = try first.client()
        first.process.kill()
        let second = try DaemonProcess(.blockjobd, in: try TemporaryDirectory(), monitors: 0, options: option + ["--monitor", "c"])
        let client = try QMPClient(connectingTo: first.sockets[0])
        try client.negotiate()
        #expect(try second.process.terminate() == .code(0))
    }

    @Test func `daemonize returns when the daemon serves`() throws {
        let directory = try TemporaryDirectory()
        let parent = try start(
            ["--chardev", "socket,id=c,path=s,server=on,wait=off", "--monitor", "c", "--pidfile", "pid", "--daemonize"], in: directory)
        #expect(try parent.waitForExit() == .code(0))
        let text = String(decoding: try directory.contents(of: "pid"), as: UTF8.self)
        let daemon = try #require(Int32(text.dropLast()))
        #expect(daemon != parent.id)
        #expect(getsid(daemon) != getsid(0))
        let client = try QMPClient(connectingTo: directory.file("s"))
        try client.negotiate()
        _ = try client.execute("quit")
        let deadline = Deadline.usual
        while kill(daemon, 0) == 0 && !deadline.hasPassed { usleep(1000) }
        #expect(access(directory.file("pid"), F_OK) != 0)
        #expect(access(directory.file("s"), F_OK) != 0)
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGKILL])
    func `a daemon that waits for its first client ends with the process that was started`(signal: Int32) throws {
        let directory = try TemporaryDirectory()
        // Every process holds one end until it has gone.
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        let parent = try ChildProcess(
            try DaemonProgram.blockjobd.path(),
            ["--daemonize", "--chardev", "socket,id=c,path=s,server=on,wait=on", "--monitor", "c", "--pidfile", "pid"], in: directory,
            descriptors: [9: ends[1]])
        close(ends[1])
        let socket = directory.file("s")
        try wait(for: socket, of: parent)
        parent.signal(signal)
        #expect(try parent.waitForExit() == .signal(signal))
        var holders = pollfd(fd: ends[0], events: 0, revents: 0)
        #expect(poll(&holders, 1, 5000) == 1 && holders.revents & Int16(POLLHUP) != 0, "the daemon goes on; \(parent.errors)")
        #expect(access(socket, F_OK) != 0)
    }

    @Test(.enabled(if: Backtracer.path != nil, "the compiler has no backtracer")) func `a trap says where it was`() throws {
        let directory = try TemporaryDirectory()
        let process = try start(
            ["--chardev", "socket,id=c,path=s,server=on,wait=off", "--monitor", "c", "--pidfile", "pid"], in: directory)
        try wait(for: directory.file("pid"), of: process)
        // As the processor does for a trap; sent from outside the daemon lives on.
        process.signal(SIGILL)
        let deadline = Deadline.after(seconds: 60)
        while !process.errors.contains("Backtrace took") {
            try #require(!deadline.hasPassed, "\(process.errors)")
            usleep(10_000)
        }
        #expect(process.errors.contains("Program crashed: Illegal instruction"))
        #expect(process.errors.contains("Thread 0 \"blockjobd\" crashed:"))
        process.kill()
    }

    @Test func `daemonize tells of a failed start`() throws {
        let directory = try TemporaryDirectory()
        let parent = try start(["--daemonize", "--blockdev", "raw,node-name=n,file=nosuch"], in: directory)
        #expect(try parent.waitForExit() == .code(1))
        #expect(
            parent.errors
                == "blockjobd: --blockdev raw,node-name=n,file=nosuch: Cannot find device='nosuch' nor node-name='nosuch'\n")
    }

    @Test func `a disk that hangs holds the end up until the deadline only`() throws {
        let daemon = try DaemonProcess(
            .blockjobd,
            options: [
                "--x-shutdown-deadline", "1", "--blockdev", "null-co,node-name=slow,size=1048576,latency-ns=3600000000000", "--blockdev",
                "null-co,node-name=target,size=1048576",
            ])
        let client = try daemon.client()
        _ = try client.execute("blockdev-backup", #"{"job-id": "j", "device": "slow", "target": "target", "sync": "full"}"#)
        #expect(try daemon.process.terminate() == .code(1))
        #expect(daemon.process.errors.contains("exiting without the disks that hang"))
        #expect(access(daemon.directory.file("pid"), F_OK) != 0)
        #expect(access(daemon.sockets[0], F_OK) != 0)
    }

    @Test func `what the end waits for is told`() throws {
        let daemon = try DaemonProcess(
            .blockjobd,
            options: [
                "--x-shutdown-deadline", "8", "--blockdev", "null-co,node-name=slow,size=1048576,latency-ns=3600000000000", "--blockdev",
                "null-co,node-name=target,size=1048576",
            ])
        let client = try daemon.client()
        _ = try client.execute("blockdev-backup", #"{"job-id": "j", "device": "slow", "target": "target", "sync": "full"}"#)
        #expect(try daemon.process.terminate() == .code(1))
        // The job is given up before its disk is; which of both is seen depends on how quick the machine is.
        let errors = daemon.process.errors
        let lines = errors.split(separator: "\n").filter { $0.contains("the end waits for ") }
        #expect(lines.contains { $0.contains("job 'j'") || $0.contains("'slow'") }, "\(errors)")
    }

    @Test func `standard input and output carry a monitor`() throws {
        let directory = try TemporaryDirectory()
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let process = try ChildProcess(
            try DaemonProgram.blockjobd.path(), ["--chardev", "stdio,id=c", "--monitor", "c"], in: directory, name: "daemon", input: ends[0]
        )
        close(ends[0])
        defer { close(ends[1]) }
        let text = #"{"execute": "qmp_capabilities"} {"execute": "quit"}"#
        #expect(write(ends[1], text, text.utf8.count) == text.utf8.count)
        #expect(try process.waitForExit() == .code(0))
        let lines = process.output.split(separator: "\r\n")
        #expect(lines.count == 3)
        #expect(lines.first?.hasPrefix(#"{"QMP": "#) == true)
        #expect(lines.dropFirst().allSatisfy { $0 == #"{"return": {}}"# })
    }

    @Test func `the service manager hears that it is ready, alive and stopping`() throws {
        let directory = try TemporaryDirectory()
        let manager = try NotifySocket(path: directory.file("notify"))
        let process = try start(
            ["--chardev", "socket,id=c,path=s,server=on,wait=off", "--monitor", "c"], in: directory,
            environment: ["NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000"])
        var messages: [String] = []
        while messages.filter({ $0 == "WATCHDOG=1" }).count < 3 || !messages.contains(where: { $0.hasPrefix("READY=1\n") }) {
            messages.append(try #require(manager.receive(), "\(messages) \(process.errors)"))
        }
        process.signal(SIGTERM)
        var last = ""
        while !last.hasPrefix("STOPPING=1\n") { last = try #require(manager.receive()) }
        #expect(last.contains("SIGTERM"))
        #expect(try process.waitForExit() == .code(0))
    }

    @Test func `a socket that systemd passes is served under its name`() throws {
        let directory = try TemporaryDirectory()
        let socket = directory.file("s")
        let activate = try #require(DaemonProgram.find("systemd-socket-activate"), "install the package systemd")
        let process = try ChildProcess(
            activate,
            [
                "--listen=\(socket)", "--fdname=m", try DaemonProgram.blockjobd.path(), "--chardev",
                "socket,id=other,path=o,server=on,wait=off",
                "--chardev", "socket,id=m,server=on,wait=off", "--monitor", "m",
            ], in: directory, name: "activate")
        try wait(for: socket, of: process)
        let client = try QMPClient(connectingTo: socket)
        try client.negotiate()
        _ = try client.execute("quit")
        #expect(try process.waitForExit() == .code(0))
        // The path belongs to the manager, which keeps listening on it.
        #expect(access(socket, F_OK) == 0)
    }
}
