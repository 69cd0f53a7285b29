import Glibc
import TestSupport

/// Where the tests with real clients find what they need.
enum Clients {
    /// The daemons that every test of this target runs against. The reference shows that a test is right, blockjobd that the daemon is.
    static let programs: [DaemonProgram] =
        DaemonProgram.environment("DIFFERENTIAL_REFERENCE_ONLY") == nil ? [.reference, .blockjobd] : [.reference]

    /// The daemons for what the reference cannot do.
    static let ours: [DaemonProgram] = programs.filter { $0 == .blockjobd }

    /// A program in the Python virtual environment with `qemu.qmp`, `$BLOCKJOBD_VENV` or `.build/venv`, which `make test` makes.
    static func python(_ program: String) throws(WireFailure) -> String {
        let directory = DaemonProgram.environment("BLOCKJOBD_VENV") ?? "\(root)/.build/venv"
        let path = "\(directory)/bin/\(program)"
        guard access(path, X_OK) == 0 else {
            throw WireFailure(
                "There is no \(path): `make test` makes the virtual environment, or set BLOCKJOBD_VENV to one that has qemu.qmp.")
        }
        return path
    }

    /// A script of this target's Python directory.
    static func script(_ name: String) -> String { "\(root)/Tests/ClientTests/Python/\(name)" }

    /// An installed program.
    static func installed(_ name: String) throws(WireFailure) -> String {
        guard let path = DaemonProgram.find(name) else { throw WireFailure("\(name) is not installed: `make test` installs it.") }
        return path
    }

    /// The package's directory.
    private static var root: String {
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    }
}
