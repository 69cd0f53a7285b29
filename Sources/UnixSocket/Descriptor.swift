import Dispatch
import Glibc

/// A descriptor of a connection, with its watch.
///
/// Confined to the control queue. Regular files count as always ready.
final class Descriptor: @unchecked Sendable {
    let number: Int32
    private let closes: Bool
    private let isSocket: Bool
    private let originalFlags: Int32?
    private var watch: Watch?
    private var wanted: Readiness = []
    private var readable: () -> Void = {}
    private var writable: () -> Void = {}
    private var isCancelled = false

    init(_ number: Int32, closes: Bool) {
        self.number = number
        self.closes = closes
        var status = stat()
        fstat(number, &status)
        isSocket = status.st_mode & S_IFMT == S_IFSOCK
        originalFlags = setNonBlocking(number)
        if closes { setCloseOnExec(number) }
    }

    // MARK: Watching

    /// Says what to do when there is something to read. Nothing happens before `resumeReading`.
    func onReadable(_ queue: DispatchQueue, _ handler: @escaping () -> Void) {
        readable = handler
        startWatching(on: queue)
    }

    /// Says what to do when there is room to write. Nothing happens before `awaitWritable`.
    func onWritable(_ queue: DispatchQueue, _ handler: @escaping () -> Void) {
        writable = handler
        startWatching(on: queue)
    }

    private func startWatching(on queue: DispatchQueue) {
        guard watch == nil, !isCancelled else { return }
        // They hold each other until `cancel`.
        watch = PollSet.watch(number, on: queue) { self.report($0) }
    }

    private func report(_ ready: Readiness) {
        if ready.contains(.output) {
            want(wanted.subtracting(.output))
            writable()
        }
        // Writing may have ended it.
        if ready.contains(.input), !isCancelled { readable() }
    }

    private func want(_ readiness: Readiness) {
        wanted = readiness
        watch?.want(readiness)
    }

    func resumeReading() { want(wanted.union(.input)) }
    func pauseReading() { want(wanted.subtracting(.input)) }
    func awaitWritable() { want(wanted.union(.output)) }

    // MARK: Writing

    /// Writes at most `limit` bytes without waiting and without SIGPIPE for sockets.
    func write(_ bytes: UnsafeRawBufferPointer, limit: Int) -> Int {
        let count = min(bytes.count, limit)
        if isSocket { return send(number, bytes.baseAddress, count, Int32(MSG_NOSIGNAL)) }
        return Glibc.write(number, bytes.baseAddress, count)
    }

    // MARK: End

    /// Lets go of the descriptor, and gives it back as it came or closes it.
    func cancel() {
        guard !isCancelled else { return }
        isCancelled = true
        watch?.end()
        watch = nil
        if closes {
            close(number)
        } else if let originalFlags {
            _ = fcntl(number, F_SETFL, originalFlags)
        }
    }
}
