import Glibc

/// Which daemon a test talks to.
public enum DaemonProgram: String, Sendable, CaseIterable {
    /// The daemon of this project: `$BLOCKJOBD_BINARY`, or the one that the build put beside the test executable.
    case blockjobd
    /// The reference: the installed `qemu-storage-daemon`, from `$QEMU_STORAGE_DAEMON` or $PATH.
    case reference

    /// The absolute path of the executable.
    /// - Throws: `WireFailure` saying what to install or to build.
    public func path() throws(WireFailure) -> String {
        switch self {
        case .blockjobd:
            let path = DaemonProgram.environment("BLOCKJOBD_BINARY") ?? "\(DaemonProgram.productsDirectory)/blockjobd"
            guard access(path, X_OK) == 0 else {
                throw WireFailure("There is no \(path): build the product blockjobd, or set BLOCKJOBD_BINARY.")
            }
            return path
        case .reference:
            guard let path = DaemonProgram.environment("QEMU_STORAGE_DAEMON") ?? DaemonProgram.find("qemu-storage-daemon") else {
                throw WireFailure(
                    "qemu-storage-daemon, which the tests compare with, is not installed: `make test` installs it"
                        + " (package qemu-system-common).")
            }
            return path
        }
    }

    /// The directory of the running test executable, where the build puts the programs, too.
    public static var productsDirectory: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(decoding: buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }

    /// An environment variable that is set and not empty.
    public static func environment(_ name: String) -> String? {
        guard let value = getenv(name).map({ String(cString: $0) }), !value.isEmpty else { return nil }
        return value
    }

    /// The absolute path of an installed program, or nil.
    public static func find(_ name: String) -> String? {
        (environment("PATH") ?? "/usr/bin:/bin").split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
