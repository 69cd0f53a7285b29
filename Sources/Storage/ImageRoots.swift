internal import Glibc
internal import IOLoop

/// Directories that a file must be in to be opened, however it is called: `..`, links and mounts that lead out are refused by the kernel.
public struct ImageRoots: Sendable, Equatable {
    /// One of the directories, held open, so that it stays the one that was meant.
    private final class Root: Sendable {
        /// Its absolute names: as it was given, and without links.
        let names: [[Substring]]
        let descriptor: Int32

        init(names: [[Substring]], descriptor: Int32) {
            self.names = names
            self.descriptor = descriptor
        }

        deinit { HostCall.close(descriptor) }
    }

    private let roots: [Root]

    /// Opens the directories.
    /// - Throws: what the host says of one that is none; `.unsupported` from kernels without openat2.
    public init(_ paths: [String]) throws(BlockError) {
        var roots: [Root] = []
        for path in paths {
            let descriptor = HostCall.openDirectory(path)
            guard descriptor >= 0 else { throw .system(-descriptor, "Could not open the image root '\(path)'") }
            var names = [Self.components(try Self.absolute(path))]
            if let resolved = HostCall.resolve(path) { names.append(Self.components(resolved)) }
            let root = Root(names: names, descriptor: descriptor)
            let probe = HostCall.open(beneath: descriptor, ".", flags: O_RDONLY | O_DIRECTORY)
            guard probe != -ENOSYS else {
                throw BlockError(.unsupported, "This kernel cannot keep image names within a directory: it has no openat2")
            }
            if probe >= 0 { HostCall.close(probe) }
            roots.append(root)
        }
        self.roots = roots
    }

    /// Whether they are the same open directories.
    public static func == (left: ImageRoots, right: ImageRoots) -> Bool {
        left.roots.count == right.roots.count && zip(left.roots, right.roots).allSatisfy { $0 === $1 }
    }

    /// Opens a file below one of the directories; blocks.
    /// - Returns: a descriptor or a negative errno.
    /// - Throws: when the path leads to none of them.
    func open(_ path: String, flags: Int32, direct: Bool) throws(BlockError) -> Int32 {
        let components = Self.components(try Self.absolute(path))
        var result = -EXDEV
        for root in roots {
            for name in root.names where components.starts(with: name) {
                let rest = components.dropFirst(name.count).joined(separator: "/")
                result = HostCall.open(beneath: root.descriptor, rest.isEmpty ? "." : rest, flags: flags, direct: direct)
                if result >= 0 { return result }
            }
        }
        guard result != -EXDEV else {
            throw BlockError(.system(errno: EXDEV), "Could not open '\(path)': it is outside of the image roots")
        }
        return result
    }

    private static func absolute(_ path: String) throws(BlockError) -> String {
        if path.hasPrefix("/") { return path }
        guard let directory = HostCall.workingDirectory() else { throw .system(ENOENT, "Could not open '\(path)'") }
        return directory + "/" + path
    }

    /// What is between the slashes; `..` stays, since only the kernel knows where it leads.
    private static func components(_ path: String) -> [Substring] {
        path.split(separator: "/").filter { $0 != "." }
    }
}
