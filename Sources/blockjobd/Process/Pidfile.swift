import Glibc

/// A file with the process id, locked while the daemon lives, so that a second daemon with the same file refuses to start.
struct Pidfile {
    private let descriptor: Int32
    /// What was locked; the path is removed only while it still leads there, and to a regular file: never a device such as /dev/null.
    private let identity: (device: dev_t, inode: ino_t)?
    /// The file's absolute path, since a daemon changes its directory.
    let path: String

    /// Creates and locks the file, and writes the calling process's id.
    init(_ path: String) throws(StartFailure) {
        do {
            descriptor = try Pidfile.lock(path)
        } catch {
            throw StartFailure("cannot create PID file: \(error.message)")
        }
        identity = Pidfile.identity(of: descriptor)
        var resolved = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        guard ftruncate(descriptor, 0) == 0, writeAll(Array("\(getpid())\n".utf8), to: descriptor), realpath(path, &resolved) != nil else {
            let code = errno
            Pidfile.remove(path, identity)
            close(descriptor)
            throw StartFailure("cannot create PID file: \(path)", errno: code)
        }
        self.path = text(ofNullTerminated: resolved)
    }

    /// Opens and locks until the locked file is the one that the path names: the previous owner may just be removing it.
    private static func lock(_ path: String) throws(StartFailure) -> Int32 {
        while true {
            let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw StartFailure("Could not create '\(path)'", errno: errno) }
            var range = flock()
            range.l_type = Int16(F_WRLCK)
            range.l_whence = Int16(SEEK_SET)
            var mine = stat()
            var named = stat()
            guard fcntl(descriptor, F_SETLK, &range) == 0, fstat(descriptor, &mine) == 0 else {
                let code = errno
                close(descriptor)
                throw StartFailure("Cannot lock pid file", errno: code)
            }
            if stat(path, &named) == 0 && named.st_ino == mine.st_ino && named.st_dev == mine.st_dev { return descriptor }
            close(descriptor)
        }
    }

    /// Removes the file. The lock goes with the process.
    func remove() { Pidfile.remove(path, identity) }

    private static func identity(of descriptor: Int32) -> (device: dev_t, inode: ino_t)? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return (status.st_dev, status.st_ino)
    }

    private static func remove(_ path: String, _ identity: (device: dev_t, inode: ino_t)?) {
        var status = stat()
        guard let identity, stat(path, &status) == 0, status.st_dev == identity.device, status.st_ino == identity.inode else { return }
        unlink(path)
    }
}
