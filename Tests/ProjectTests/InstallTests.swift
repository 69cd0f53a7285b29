import Glibc
import TestSupport
import Testing

/// `make install` and `make uninstall`, into a directory as packagers do.
@Suite struct `Installation` {
    private func make(_ goal: String, _ prefix: String, in directory: TemporaryDirectory, backtracer: String = "/nowhere") throws {
        let program = try #require(DaemonProgram.find("make"), "install the package make")
        // Installing needs some executable: which one doesn't matter here, and none is built.
        let process = try ChildProcess(
            program,
            [
                "--no-print-directory", "-C", SourceTree.root, goal, "DESTDIR=\(directory.path)/root", "PREFIX=\(prefix)",
                "BINARY=/bin/true", "BACKTRACER=\(backtracer)",
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
        var expected: [String: UInt32] = [
            "\(prefix)/bin/blockjobd": 0o755, "\(prefix)/lib/systemd/system/blockjobd.service": 0o644,
            "\(prefix)/lib/systemd/system/blockjobd.socket": 0o644, "\(documents)/README.md": 0o644, "\(documents)/LICENSE": 0o644,
            "\(documents)/block-devices.conf": 0o644,
        ]
        for page in pages { expected["\(documents)/\(page)"] = 0o644 }
        #expect(try installed(in: directory) == expected)
        let unit = String(
            decoding: try directory.contents(of: "root\(prefix)/lib/systemd/system/blockjobd.service"), as: UTF8.self)
        #expect(unit.contains("\nExecStart=\(prefix)/bin/blockjobd "))
        #expect(unit.contains("\nDocumentation=file://\(documents)/README.md\n"))
        if prefix != "/usr/local" { #expect(!unit.contains("/usr/local")) }
        #expect(!unit.contains("SWIFT_BACKTRACE"))
        try make("uninstall", prefix, in: directory)
        #expect(try installed(in: directory).isEmpty)
    }

    @Test func `puts the backtracer where the unit looks for it`() throws {
        let directory = try TemporaryDirectory()
        try make("install", "/usr", in: directory, backtracer: "/bin/true")
        let place = "/usr/libexec/blockjobd/swift-backtrace-static"
        #expect(try installed(in: directory)[place] == 0o755)
        let unit = String(decoding: try directory.contents(of: "root/usr/lib/systemd/system/blockjobd.service"), as: UTF8.self)
        #expect(unit.contains("\nEnvironment=SWIFT_BACKTRACE=enable=yes,swift-backtrace=\(place),"))
        try make("uninstall", "/usr", in: directory)
        #expect(try installed(in: directory).isEmpty)
    }

    @Test func `keeps every link of the pages that it installs`() throws {
        let directory = try TemporaryDirectory()
        try make("install", "/usr", in: directory)
        var links = 0
        for page in ["README.md"] + pages {
            let folder = directory.file("root/usr/share/doc/blockjobd/\(page.split(separator: "/").dropLast().joined(separator: "/"))")
            for target in SourceTree.text(of: page).matches(of: /\]\(([^)#]+)[^)]*\)/).map({ String($0.1) }) where !target.contains("://") {
                links += 1
                #expect(access("\(folder)/\(target)", F_OK) == 0, "\(page) leads to \(target)")
            }
        }
        #expect(links >= 3)
    }

    /// The project's pages.
    private let pages = SourceTree.files(in: "Docs", ending: ".md")
}
