import Glibc
import TestSupport
import Testing

/// Clients that know nothing of QMP: what they carry is typed by hand or by a shell script.
@Suite struct SocatTests {
    @Test(arguments: Clients.programs)
    func `socat carries a dialogue that was written before the greeting was read`(program: DaemonProgram) async throws {
        let lines = try await BlockingWork.shared.run {
            let daemon = try DaemonProcess(program)
            try daemon.directory.makeFile("input", size: 0)
            let dialogue = """
                {"execute": "qmp_capabilities", "id": 1}
                {"execute": "query-jobs", "id": 2}
                {"execute": "nope", "id": 3}

                """
            try daemon.directory.makeFile("input", size: dialogue.utf8.count)
            try daemon.directory.write("input", at: 0, Array(dialogue.utf8))
            let input = open(daemon.directory.file("input"), O_RDONLY | O_CLOEXEC)
            defer { close(input) }
            // The end of the file becomes a half-close; the replies still come, and then the end.
            let socat = try ChildProcess(
                try Clients.installed("socat"), ["-t", "15", "-", "UNIX-CONNECT:\(daemon.sockets[0])"], in: daemon.directory,
                name: "socat", input: input)
            let exit = try socat.waitForExit()
            #expect(exit == .code(0), "\(socat.errors)")
            return try socat.output.split(whereSeparator: \.isNewline).map { try WireParser.parse(String($0)) }
        }
        #expect(lines.count == 4)
        #expect(lines.first?["QMP"] != nil)
        #expect(lines.dropFirst().map { $0["id"]?.integer } == [1, 2, 3])
        #expect(lines.last?.at("error.class")?.string == "CommandNotFound")
    }

    @Test(.enabled(if: !Clients.ours.isEmpty))
    func `a dialogue under systemd socket activation`() async throws {
        try await BlockingWork.shared.run {
            let directory = try TemporaryDirectory()
            let path = directory.file("qmp.sock")
            // The first connection starts the daemon, which finds the socket as its first descriptor.
            let activator = try ChildProcess(
                try Clients.installed("systemd-socket-activate"),
                [
                    "--listen=\(path)", try DaemonProgram.blockjobd.path(), "--chardev",
                    "socket,path=\(path),server=on,wait=off,id=monitor", "--monitor", "chardev=monitor",
                ], in: directory, name: "activated")
            let client = try QMPClient(connectingTo: path)
            do {
                try client.negotiate()
                #expect(try client.execute("query-jobs") == .array([]))
                let second = try QMPClient(connectingTo: path)
                try second.negotiate()
                #expect(try second.execute("query-block-jobs") == .array([]))
                try client.execute("quit")
                #expect(try client.receive()?.text == nil)
                #expect(try second.receive()?.text == nil)
            } catch {
                Issue.record("\(error)\n\(activator.errors)")
            }
            // The activator has become the daemon.
            #expect(try activator.waitForExit() == .code(0))
        }
    }
}
