import Glibc
import Storage
import TestSupport

/// qemu-storage-daemon with an image open for writing, until `end`.
final class Holder {
    private let pipe: UnsafeMutablePointer<FILE>
    private let marker: String

    init(path: String) throws {
        marker = "\(path).ready"
        // An NBD export makes the node a writer; the pid file appears once everything is set up.
        let command = """
            exec /usr/bin/qemu-storage-daemon --chardev stdio,id=c --monitor c --blockdev file,node-name=n,filename=\(path) \
            --nbd-server addr.type=unix,addr.path=\(path).sock --export nbd,id=e,node-name=n,writable=on \
            --pidfile \(marker) >/dev/null
            """
        // One that has died is this test's failure, not the end of all tests.
        signal(SIGPIPE, SIG_IGN)
        guard let opened = popen(command, "we") else { throw BlockError.system(errno, "popen") }
        pipe = opened
        let deadline = Deadline.usual
        while access(marker, F_OK) != 0 {
            guard !deadline.hasPassed else { throw BlockError(.unsupported, "qemu-storage-daemon doesn't start") }
            usleep(5000)
        }
    }

    func end() {
        fputs("{\"execute\":\"qmp_capabilities\"}{\"execute\":\"quit\"}\n", pipe)
        fflush(pipe)
        pclose(pipe)
    }
}
