import TestSupport
import Testing

/// Short runs of the attacks in Tests/Fuzz/wire; `make fuzz` and `make prove` play them long.
@Suite struct `Attacks through the wire` {
    private static let folder =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/") + "/Fuzz/wire"

    private static func run(_ script: String, _ arguments: String...) async throws {
        try await BlockingWork.shared.run {
            let directory = try TemporaryDirectory()
            let process = try ChildProcess(
                "/usr/bin/python3", ["\(folder)/\(script)", "--daemon", try DaemonProgram.blockjobd.path()] + arguments, in: directory,
                environment: ["PYTHONDONTWRITEBYTECODE": "1"])
            let exit = try process.waitForExit(deadline: .after(seconds: 240))
            #expect(exit == .code(0), "\(process.output)\(process.errors)")
        }
    }

    @Test func `random commands made from the schema neither end the daemon, nor make it deaf, nor confuse its answers`() async throws {
        // Memory is compared in the long runs: a sanitizer keeps what was freed.
        try await Self.run("commands.py", "--commands", "18000", "--seconds", "20", "--no-growth")
    }

    @Test func `an end right behind commands comes in time, with code 0, and leaves nothing`() async throws {
        // What else the suite runs takes the processors meanwhile; the long run allows a second.
        try await Self.run("ends.py", "--ends", "100", "--limit", "5")
    }

    @Test func `random nodes, filters and jobs are accepted and refused as by QEMU`() async throws {
        // Settling takes longer beside the rest of the suite: a difference is one only after it has been seen again.
        try await Self.run("graphs.py", "--sequences", "12", "--seconds", "20")
    }
}
