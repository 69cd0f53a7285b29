import Glibc

/// A directory of one test, removed with everything in it when the last reference goes.
public final class TemporaryDirectory: Sendable {
    /// The absolute path. Short, since the path of a Unix socket has at most 107 bytes.
    public let path: String

    /// Makes an empty directory in `parent`, by default in $TMPDIR, or in /tmp.
    public init(in parent: String? = nil) throws(WireFailure) {
        let parent = parent ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/bjd-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw WireFailure("cannot make a directory in \(parent): errno \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        TemporaryDirectory.removeTree(path)
    }

    /// The names of what is in the directory, in no order.
    public var names: [String] { TemporaryDirectory.names(in: path) }

    private static func names(in path: String) -> [String] {
        var names: [String] = []
        guard let stream = opendir(path) else { return names }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
                })
        }
        return names.filter { $0 != "." && $0 != ".." }
    }

    private static func removeTree(_ path: String) {
        for name in names(in: path) {
            let entry = "\(path)/\(name)"
            if unlink(entry) != 0, errno == EISDIR || errno == EPERM { removeTree(entry) }
        }
        rmdir(path)
    }

    /// The absolute path of a file in the directory.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes a file of `size` bytes: sparse, or every byte of it `pattern`.
    public func makeFile(_ name: String, size: Int, pattern: UInt8? = nil) throws(WireFailure) {
        let descriptor = open(file(name), O_CREAT | O_RDWR | O_CLOEXEC | O_TRUNC, 0o644)
        guard descriptor >= 0 else { throw WireFailure("cannot make \(file(name)): errno \(errno)") }
        defer { close(descriptor) }
        guard let pattern else {
            guard ftruncate(descriptor, size) == 0 else { throw WireFailure("cannot size \(name): errno \(errno)") }
            return
        }
        let chunk = [UInt8](repeating: pattern, count: min(size, 1 << 20))
        var written = 0
        while written < size {
            let count = Glibc.write(descriptor, chunk, min(chunk.count, size - written))
            guard count > 0 else { throw WireFailure("cannot fill \(name): errno \(errno)") }
            written += count
        }
    }

    /// Makes a file of this text.
    public func makeFile(_ name: String, text: String) throws(WireFailure) {
        try makeFile(name, size: text.utf8.count)
        try write(name, at: 0, Array(text.utf8))
    }

    /// Overwrites bytes of a file in the directory that exists.
    public func write(_ name: String, at offset: Int, _ bytes: [UInt8]) throws(WireFailure) {
        let descriptor = open(file(name), O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw WireFailure("cannot open \(file(name)): errno \(errno)") }
        defer { close(descriptor) }
        guard pwrite(descriptor, bytes, bytes.count, offset) == bytes.count else {
            throw WireFailure("cannot write \(name): errno \(errno)")
        }
    }

    /// The whole content of a file in the directory.
    public func contents(of name: String) throws(WireFailure) -> [UInt8] {
        try TemporaryDirectory.read(file(name))
    }

    /// The whole content of any file; works for /proc too, whose files have no size.
    public static func read(_ path: String) throws(WireFailure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw WireFailure("cannot open \(path): errno \(errno)") }
        defer { close(descriptor) }
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw WireFailure("cannot read \(path): errno \(errno)") }
            if count == 0 { return result }
            result += buffer[..<count]
        }
    }
}
