import Glibc
import TestSupport
import Testing

/// The systemd units, judged by systemd.
@Suite struct `Units` {
    private func analyze(_ arguments: [String], in directory: TemporaryDirectory) throws -> (ChildProcess.Exit, String) {
        let program = try #require(DaemonProgram.find("systemd-analyze"), "install the package systemd")
        let process = try ChildProcess(program, arguments, in: directory, name: "analyze")
        let exit = try process.waitForExit()
        return (exit, process.output + process.errors)
    }

    @Test func `systemd accepts them`() throws {
        let directory = try TemporaryDirectory()
        // The daemon is not installed where the tests run; systemd wants to see a program there.
        let service = SourceTree.text(of: "systemd/blockjobd.service").split(separator: "/usr/local/bin/blockjobd").joined(
            separator: "/bin/true")
        try directory.write(service, to: "blockjobd.service")
        try directory.write(SourceTree.text(of: "systemd/blockjobd.socket"), to: "blockjobd.socket")
        let files = ["blockjobd.service", "blockjobd.socket"].map { directory.file($0) }
        let (exit, text) = try analyze(["verify", "--man=no"] + files, in: directory)
        #expect(exit == .code(0))
        #expect(!text.contains("blockjobd"), "\(text)")
    }

    @Test func `systemd accepts the drop-in for block devices`() throws {
        let directory = try TemporaryDirectory()
        let service = SourceTree.text(of: "systemd/blockjobd.service").split(separator: "/usr/local/bin/blockjobd").joined(
            separator: "/bin/true")
        try directory.write(service, to: "blockjobd.service")
        try directory.write(SourceTree.text(of: "systemd/blockjobd.socket"), to: "blockjobd.socket")
        try #require(mkdir(directory.file("blockjobd.service.d"), 0o755) == 0)
        try directory.write(SourceTree.text(of: "systemd/block-devices.conf"), to: "blockjobd.service.d/block-devices.conf")
        let (exit, text) = try analyze(["verify", "--man=no", directory.file("blockjobd.service")], in: directory)
        #expect(exit == .code(0))
        #expect(!text.contains("block-devices.conf") && !text.contains("blockjobd"), "\(text)")
    }

    @Test(arguments: ["StartLimitIntervalSec=0", "RestartSec=1", "ReadOnlyPaths=/tmp /var/tmp -/dev/shm -/dev/mqueue"])
    func `the service keeps its socket, and writes nothing that a restart loses`(line: String) {
        #expect(SourceTree.lines(of: "systemd/blockjobd.service").contains { $0 == line })
    }

    @Test func `the service has its traps say where`() {
        let line = SourceTree.lines(of: "systemd/blockjobd.service").first { $0.hasPrefix("Environment=SWIFT_BACKTRACE=") }
        #expect(line?.contains("enable=yes,swift-backtrace=/usr/local/libexec/blockjobd/swift-backtrace-static,") == true)
        // It waits for nobody, and is done before the watchdog's time and systemd's patience are over.
        #expect(line?.contains("interactive=no") == true && line?.hasSuffix("timeout=10s") == true)
    }

    @Test func `systemd finds the service safe`() throws {
        let (exit, text) = try analyze(
            ["security", "--offline=true", "--threshold=15", "\(SourceTree.root)/systemd/blockjobd.service"], in: try TemporaryDirectory())
        #expect(exit == .code(0), "\(text)")
        #expect(text.contains("Overall exposure level"))
    }
}

extension TemporaryDirectory {
    /// Makes a text file in the directory.
    fileprivate func write(_ text: String, to name: String) throws {
        let stream = try #require(fopen(file(name), "w"))
        fputs(text, stream)
        try #require(fclose(stream) == 0)
    }
}
