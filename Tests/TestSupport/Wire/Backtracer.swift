import Glibc

/// Swift's own program that says where another one trapped: whatever a test starts has it, so that a crash in a test shows the stack.
public enum Backtracer {
    /// The program that came with the compiler; nil where there is none, and under a sanitizer, which has its own.
    public static let path: String? = {
        guard !Sanitized.isOn, let swift = DaemonProgram.find("swift"), let real = realpath(swift, nil) else { return nil }
        defer { free(real) }
        let folder = String(cString: real).split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")
        let path = "\(folder)/libexec/swift/linux/swift-backtrace-static"
        return access(path, X_OK) == 0 ? path : nil
    }()

    /// What a program of Swift has to find in its environment.
    static let environment: [String: String] = {
        guard let path, getenv("SWIFT_BACKTRACE") == nil else { return [:] }
        return [
            "SWIFT_BACKTRACE":
                "enable=yes,swift-backtrace=\(path),threads=crashed,registers=none,images=none,interactive=no,color=no,timeout=20s"
        ]
    }()
}
