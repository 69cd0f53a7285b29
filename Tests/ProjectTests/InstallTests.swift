import Glibc
import TestSupport
import Testing

/// `make install` and `make uninstall`, into a directory as packagers do.
@Suite struct `Installation` {
    private func make(_ goal: String, _ prefix: String, in directory: TemporaryDirectory) throws {
        let program = try #require(DaemonProgram.find("make"), "install the package make")
        // Installing needs some executable: which one doesn't matter here, and none is built.
        let process = try ChildProcess(
            program,
            [
                "--no-print-directory", "-C", SourceTree.root, goal, "DESTDIR=\(directory.path)/root", "PREFIX=\(prefix)",
                "BINARY=/bin/true",
            ],
            in: directory, name: goal)
        #expect(try process.waitForExit() == .code(0), "\(process.output)\(process.errors)")
    }

    /// Everything below the place of installation that is no folder, and its mode.
    private func installed(in directory: TemporaryDirectory) throws -> [String: UInt32] {
        let list = try ChildProcess("/usr/bin/find", ["root", "-not", "-type", "d"], in: directory, name: "find")
        #expect(try list.waitForExit() == .code(0), "\(list.errors)")
        return list.output.split(separator: "\n").reduce(into: [:]) { modes, path in
            var status = stat()
            guard lstat(directory.file(String(path)), &status) == 0 else { return }
            modes[String(path.dropFirst(4))] = status.st_mode & 0o7777
        }
    }

    @Test(arguments: ["/usr/local", "/usr"]) func `puts the daemon, its units and its page in their places`(prefix: String) throws {
        let directory = try TemporaryDirectory()
        try make("install", prefix, in: directory)
        let documents = "\(prefix)/share/doc/blockjobd"
        #expect(
            try installed(in: directory) == [
                "\(prefix)/bin/blockjobd": 0o755, "\(prefix)/lib/systemd/system/blockjobd.service": 0o644,
                "\(prefix)/lib/systemd/system/blockjobd.socket": 0o644, "\(documents)/README.md": 0o644, "\(documents)/LICENSE": 0o644,
                "\(documents)/block-devices.conf": 0o644,
            ])
        let unit = String(
            decoding: try directory.contents(of: "root\(prefix)/lib/systemd/system/blockjobd.service"), as: UTF8.self)
        #expect(unit.contains("\nExecStart=\(prefix)/bin/blockjobd "))
        #expect(unit.contains("\nDocumentation=file://\(documents)/README.md\n"))
        if prefix != "/usr/local" { #expect(!unit.contains("/usr/local")) }
        try make("uninstall", prefix, in: directory)
        #expect(try installed(in: directory).isEmpty)
    }
}
