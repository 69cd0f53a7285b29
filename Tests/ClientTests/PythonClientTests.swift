import TestSupport
import Testing

/// The clients of PyPI's `qemu.qmp`, unchanged.
@Suite struct PythonClientTests {
    @Test(arguments: Clients.programs)
    func `qmp-shell completes commands, runs a job and shows its events`(program: DaemonProgram) async throws {
        let output = try await BlockingWork.shared.run {
            let daemon = try DaemonProcess(program)
            let shell = try ChildProcess(
                try Clients.python("python3"), [Clients.script("qmp_shell.py"), try Clients.python("qmp-shell"), daemon.sockets[0]],
                in: daemon.directory, name: "qmp-shell", environment: ["HOME": daemon.directory.path, "TERM": "dumb"])
            let exit = try shell.waitForExit(deadline: .after(seconds: 240))
            #expect(exit == .code(0), "\(shell.errors)")
            return shell.output
        }
        for status in ["created", "running", "waiting", "pending", "concluded"] {
            #expect(output.contains("'status': '\(status)'"), "qmp-shell has shown no event with \(status)")
        }
    }

    @Test(arguments: Clients.programs)
    func `the qemu_qmp library runs a job, listens to events and pipelines`(program: DaemonProgram) async throws {
        let result = try await BlockingWork.shared.run {
            let daemon = try DaemonProcess(program)
            let client = try ChildProcess(
                try Clients.python("python3"), [Clients.script("qemu_qmp.py"), daemon.sockets[0]], in: daemon.directory, name: "library")
            let exit = try client.waitForExit(deadline: .after(seconds: 240))
            #expect(exit == .code(0), "\(client.errors)")
            return try WireParser.parse(client.output)
        }
        let statuses = result["statuses"]?.array?.compactMap(\.string)
        #expect(statuses == ["created", "running", "waiting", "pending", "concluded", "null"])
        #expect(result.at("jobs[0].id")?.string == "c")
        #expect(result.at("jobs[0].current-progress")?.integer == 1)
        #expect(result["error"] == .array([.string("GenericError"), .string("Job not found")]))
        #expect(result["together"]?.integer == 100)
    }
}
