import Glibc

/// A loop device over a file of a test, given back when the last reference goes.
///
/// Only root can make one, and not in every container: tests say `.enabled(if: LoopDevice.isPossible)`, so that a run shows what it skipped.
public final class LoopDevice: Sendable {
    /// The device's path, such as `/dev/loop3`.
    public let path: String
    private let directory: TemporaryDirectory
    private let file: String

    /// Whether this process can make loop devices here.
    public static let isPossible: Bool = {
        guard let directory = try? TemporaryDirectory() else { return false }
        return (try? LoopDevice(size: 1 << 20, in: directory)) != nil
    }()

    /// Makes a device of `size` bytes, every byte of it `pattern` (zero if nil), over a file in the directory.
    public init(size: Int, pattern: UInt8? = nil, name: String = "disk", in directory: TemporaryDirectory) throws(WireFailure) {
        try directory.makeFile(name, size: size, pattern: pattern)
        self.directory = directory
        file = directory.file(name)
        path = try LoopDevice.run("losetup", "-f", "--show", directory.file(name), in: directory)
        // A device remembers the flag beyond its image.
        try setReadOnly(false)
    }

    deinit {
        _ = try? LoopDevice.run("blockdev", "--setrw", path, in: directory)
        _ = try? LoopDevice.run("losetup", "-d", path, in: directory)
    }

    /// Makes the device longer, as an administrator does under the programs that use it.
    public func grow(to size: Int) throws(WireFailure) {
        _ = try LoopDevice.run("truncate", "-s", "\(size)", file, in: directory)
        _ = try LoopDevice.run("losetup", "-c", path, in: directory)
    }

    /// Whether the device may be written.
    public func setReadOnly(_ isReadOnly: Bool) throws(WireFailure) {
        _ = try LoopDevice.run("blockdev", isReadOnly ? "--setro" : "--setrw", path, in: directory)
    }

    /// What the device holds, as far as what was written to it has reached it.
    public func contents() throws(WireFailure) -> [UInt8] { try TemporaryDirectory.read(path) }

    /// - Returns: the last line that the tool printed.
    private static func run(_ tool: String, _ arguments: String..., in directory: TemporaryDirectory) throws(WireFailure) -> String {
        let place = DaemonProgram.find(tool) ?? "/sbin/\(tool)"
        let process = try ChildProcess(place, arguments, in: directory, name: "\(tool)-\(arguments.count)")
        let exit = try process.waitForExit()
        guard exit == .code(0) else { throw WireFailure("\(tool) \(arguments): \(exit) \(process.errors)") }
        return process.output.split(separator: "\n").last.map(String.init) ?? ""
    }
}
