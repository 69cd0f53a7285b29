import Dispatch
import Glibc

/// A descriptor with its Dispatch sources. It is given back only after both sources have let go of it.
///
/// Confined to the control queue. Dispatch takes a regular file for always readable and writable.
final class Descriptor: @unchecked Sendable {
    let number: Int32
    private let closes: Bool
    private let isSocket: Bool
    private let originalFlags: Int32?
    private var queue: DispatchQueue?
    private var reading: Watch?
    private var writing: Watch?
    private var isCancelled = false

    /// A source that is suspended by hand; `isRunning` keeps suspensions balanced.
    private struct Watch {
        let source: any DispatchSourceProtocol
        var isRunning = false

        mutating func run(_ run: Bool) {
            guard run != isRunning else { return }
            isRunning = run
            if run { source.resume() } else { source.suspend() }
        }
    }

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
        self.queue = queue
        reading = watch(DispatchSource.makeReadSource(fileDescriptor: number, queue: queue), handler)
    }

    /// Says what to do when there is room to write. Nothing happens before `awaitWritable`.
    func onWritable(_ queue: DispatchQueue, _ handler: @escaping () -> Void) {
        self.queue = queue
        writing = watch(DispatchSource.makeWriteSource(fileDescriptor: number, queue: queue)) { [weak self] in
            self?.writing?.run(false)
            handler()
        }
    }

    private func watch(_ source: any DispatchSourceProtocol, _ handler: @escaping () -> Void) -> Watch {
        let confined = Confined(handler)
        source.setEventHandler { @Sendable in confined.call() }
        // The source holds this object until it has let go of the descriptor.
        source.setCancelHandler { @Sendable in self.didCancel() }
        pending += 1
        return Watch(source: source)
    }

    private var pending = 0

    func resumeReading() { reading?.run(true) }
    func pauseReading() { reading?.run(false) }
    func awaitWritable() { writing?.run(true) }

    // MARK: Writing

    /// Writes at most `limit` bytes without waiting and without SIGPIPE for sockets.
    func write(_ bytes: UnsafeRawBufferPointer, limit: Int) -> Int {
        let count = min(bytes.count, limit)
        if isSocket { return send(number, bytes.baseAddress, count, Int32(MSG_NOSIGNAL)) }
        return Glibc.write(number, bytes.baseAddress, count)
    }

    // MARK: End

    /// Lets go of the descriptor.
    func cancel() {
        guard !isCancelled else { return }
        isCancelled = true
        guard pending > 0 else { return giveBack() }
        for source in [reading?.source, writing?.source] { source?.cancel() }
        // A suspended source never comes to its cancel handler.
        reading?.run(true)
        writing?.run(true)
        reading = nil
        writing = nil
    }

    private func didCancel() {
        pending -= 1
        if pending == 0 { giveBack() }
    }

    private func giveBack() {
        if closes {
            close(number)
        } else if let originalFlags {
            _ = fcntl(number, F_SETFL, originalFlags)
        }
    }
}

/// A closure that is only ever called on one queue.
struct Confined: @unchecked Sendable {
    private let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
    func call() { body() }
}
