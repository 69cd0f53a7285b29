import Glibc
import TestSupport

/// The installed `qemu-img` and `qemu-io`, working in a directory of one test.
final class QemuTools: Sendable {
    let directory: TemporaryDirectory

    init() throws(WireFailure) { directory = try TemporaryDirectory() }

    /// The absolute path of a file in the directory.
    func path(_ name: String) -> String { directory.file(name) }

    /// Runs a tool to its end.
    /// - Returns: its standard output.
    /// - Throws: when it ends with anything but 0.
    @discardableResult
    func run(_ tool: String, _ arguments: [String], allowed: Set<Int32> = [0]) throws -> String {
        let id = "\(tool)-\(Int.random(in: 0..<Int.max))"
        let process = try ChildProcess(tool, arguments, in: directory, name: id)
        let exit = try process.waitForExit()
        defer {
            unlink(directory.file("\(id).out"))
            unlink(directory.file("\(id).err"))
        }
        guard case .code(let code) = exit, allowed.contains(code) else {
            throw WireFailure("\(tool) \(arguments): \(exit): \(process.output)\(process.errors)")
        }
        return process.output
    }

    /// What a tool says on its standard error, however it ends.
    func complaint(_ tool: String, _ arguments: [String]) throws -> String {
        let process = try ChildProcess(tool, arguments, in: directory, name: "complaint")
        _ = try process.waitForExit()
        return process.errors
    }

    /// `qemu-img create -f qcow2 -o OPTIONS NAME SIZE`.
    func create(_ name: String, _ size: String?, options: String = "", backing: String? = nil, backingFormat: String = "qcow2") throws {
        var arguments = ["create", "-q", "-f", "qcow2"]
        if !options.isEmpty { arguments += ["-o", options] }
        if let backing { arguments += ["-b", backing, "-F", backingFormat] }
        try run("qemu-img", arguments + [name] + (size.map { [$0] } ?? []))
    }

    /// Runs `qemu-io` with one `-c` for each command.
    @discardableResult
    func io(_ name: String, format: String = "qcow2", options: [String] = [], _ commands: [String]) throws -> String {
        try run("qemu-io", ["-f", format] + options + commands.flatMap { ["-c", $0] } + [name])
    }

    /// All bytes of the virtual disk, as `qemu-img convert` reads them.
    func rawContents(_ name: String, format: String = "qcow2") throws -> [UInt8] {
        let raw = "\(name).converted"
        try run("qemu-img", ["convert", "-f", format, "-O", "raw", "-S", "0", name, raw])
        defer { unlink(directory.file(raw)) }
        return try directory.contents(of: raw)
    }

    /// The image file's own bytes.
    func bytes(_ name: String) throws -> [UInt8] { try directory.contents(of: name) }
}
