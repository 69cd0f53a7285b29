import Glibc
import TestSupport
import Testing

/// What a start promises to who started it and to who connects.
@Suite struct `A start` {
    /// Whether this process can take /proc away from a child.
    private static let canHideProc: Bool = {
        guard let directory = try? TemporaryDirectory(), let child = try? withoutProc("/bin/true", [], in: directory) else { return false }
        return (try? child.waitForExit()) == .code(0)
    }()

    private static func withoutProc(_ program: String, _ arguments: [String], in directory: TemporaryDirectory) throws(WireFailure)
        -> ChildProcess
    {
        let script = "umount -l /proc && [ ! -e /proc/self ] && exec \"$@\""
        return try ChildProcess("unshare", ["--mount", "/bin/sh", "-c", script, "sh", program] + arguments, in: directory, name: "daemon")
    }

    @Test(.enabled(if: canHideProc, "only root can take /proc away")) func `needs no /proc to see its options, to serve and to end`() throws
    {
        let directory = try TemporaryDirectory()
        // Dispatch looks into /proc when there is work for its pools at the moment of its look, which seldom happens.
        for _ in 0..<10 { try Self.playWithoutProc(in: directory) }
        let refused = try Self.withoutProc(try DaemonProgram.blockjobd.path(), ["--nope"], in: directory)
        #expect(try refused.waitForExit() == .code(1))
        #expect(refused.errors.contains("--nope"), "\(refused.errors)")
    }

    private static func playWithoutProc(in directory: TemporaryDirectory) throws {
        let process = try withoutProc(
            try DaemonProgram.blockjobd.path(),
            ["--blockdev", "null-co,node-name=n,size=1048576", "--chardev", "socket,id=c,path=s,server=on,wait=off", "--monitor", "c"],
            in: directory)
        // A start that fails says so, and is not waited for.
        let client: QMPClient
        do {
            client = try QMPClient(connectingTo: directory.file("s"), deadline: .after(seconds: 60))
        } catch {
            throw WireFailure("\(error); \(String(describing: process.exitIfEnded)); \(process.errors)")
        }
        try client.negotiate()
        let nodes = try client.execute("query-named-block-nodes").array
        #expect(nodes?.compactMap { $0["node-name"]?.string } == ["n"])
        #expect(try process.terminate() == .code(0), "\(process.errors)")
    }

    @Test func `raises the soft limit of open files to the hard one`() throws {
        let directory = try TemporaryDirectory()
        let process = try ChildProcess(
            "/bin/bash",
            [
                "-c", "ulimit -Sn 64; ulimit -Hn 500; exec \"$@\"", "bash", try DaemonProgram.blockjobd.path(), "--chardev",
                "socket,id=c,path=s,server=on,wait=off", "--monitor", "c",
            ], in: directory, name: "daemon")
        let client = try QMPClient(connectingTo: directory.file("s"))
        try client.negotiate()
        let limits = String(decoding: try TemporaryDirectory.read("/proc/\(process.id)/limits"), as: UTF8.self)
        let line = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max open files") })
        #expect(line.split(separator: " ").dropFirst(3).prefix(2) == ["500", "500"])
        #expect(try process.terminate() == .code(0))
    }

    @Test func `in the background forks while there is one thread and no ring, and returns when the daemon serves`() async throws {
        try await BlockingWork.shared.run {
            let directory = try TemporaryDirectory()
            let parent = try ChildProcess(
                try DaemonProgram.blockjobd.path(),
                ["--chardev", "socket,id=c,path=s,server=on", "--monitor", "c", "--pidfile", "pid", "--daemonize"], in: directory,
                name: "daemon")
            let deadline = Deadline.usual
            // Start-up has come to where it waits for a client: all threads and rings are there.
            while access(directory.file("s"), F_OK) != 0 {
                try #require(!deadline.hasPassed && parent.exitIfEnded == nil, "\(parent.errors)")
                usleep(1000)
            }
            let before = try Self.look(at: parent.id)
            #expect(before.threads == 1)
            #expect(!before.descriptors.contains { $0.contains("io_uring") || $0.contains("eventpoll") }, "\(before.descriptors)")
            #expect(access(directory.file("pid"), F_OK) != 0)
            #expect(parent.exitIfEnded == nil)
            let client = try QMPClient(connectingTo: directory.file("s"))
            try client.negotiate()
            #expect(try parent.waitForExit() == .code(0))
            let daemon = try #require(Int32(String(decoding: try directory.contents(of: "pid"), as: UTF8.self).dropLast()))
            #expect(daemon != parent.id && getsid(daemon) != getsid(0))
            #expect(try Self.look(at: daemon).threads > 1)
            try client.execute("quit")
            while kill(daemon, 0) == 0 { try #require(!deadline.hasPassed) }
        }
    }

    /// A process's threads, and what its descriptors lead to.
    private static func look(at process: Int32) throws -> (threads: Int, descriptors: [String]) {
        let status = String(decoding: try TemporaryDirectory.read("/proc/\(process)/status"), as: UTF8.self)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("Threads:") })
        let descriptors = (0..<64).compactMap { number -> String? in
            var buffer = [UInt8](repeating: 0, count: 256)
            let count = readlink("/proc/\(process)/fd/\(number)", &buffer, buffer.count)
            return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
        }
        return (try #require(Int(line.dropFirst(8).filter(\.isNumber))), descriptors)
    }

    @Test func `lets as many clients wait to be accepted as the host allows`() async throws {
        try await BlockingWork.shared.run {
            let daemon = try DaemonProcess(.blockjobd)
            let most = try #require(
                Int(String(decoding: try TemporaryDirectory.read("/proc/sys/net/core/somaxconn"), as: UTF8.self).dropLast()))
            daemon.process.signal(SIGSTOP)
            // Nobody accepts, and a connection beyond the backlog would have to wait.
            let wanted = min(most, 600)
            var clients: [QMPClient] = []
            for number in 0..<wanted {
                let client = try? QMPClient(connectingAtOnceTo: daemon.sockets[0])
                clients.append(try #require(client, "client \(number) of \(wanted) found no place"))
            }
            daemon.process.signal(SIGCONT)
            for client in clients { try client.negotiate() }
            #expect(try daemon.process.terminate() == .code(0))
        }
    }

    @Test(arguments: ["off", "on"]) func `greets a client that connects meanwhile, once`(wait: String) async throws {
        try await BlockingWork.shared.run {
            let directory = try TemporaryDirectory()
            for round in 0..<Sanitized.times(100) {
                let path = directory.file("s\(round)")
                let process = try ChildProcess(
                    try DaemonProgram.blockjobd.path(),
                    [
                        "--blockdev", "null-co,node-name=n", "--chardev", "socket,id=c,path=\(path),server=on,wait=\(wait)", "--monitor",
                        "c", "--blockdev", "null-co,node-name=m",
                    ], in: directory, name: "daemon")
                // Tries from before there is a socket until it is accepted.
                let client = try QMPClient(connectingTo: path)
                try client.send(#"{"execute": "qmp_capabilities", "id": 1} {"execute": "query-jobs", "id": 2}"#)
                let messages = try (0..<3).map { _ in try #require(try client.receive()) }.map(\.value)
                #expect(messages[0]["QMP"] != nil, "start \(round): \(process.errors)")
                #expect(messages[1]["id"]?.integer == 1 && messages[2]["id"]?.integer == 2, "start \(round)")
                try client.send(#"{"execute": "quit", "id": 3}"#)
                #expect(try client.receive()?.value["id"]?.integer == 3, "start \(round)")
                #expect(try client.receive() == nil)
                #expect(try process.waitForExit() == .code(0))
            }
        }
    }
}
