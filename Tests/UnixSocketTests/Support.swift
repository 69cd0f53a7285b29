import Dispatch
import Glibc

@testable import UnixSocket

/// A temporary directory, removed at the end.
final class TemporaryDirectory {
    let path: String

    init() {
        var template = Array("/tmp/unixsocket-XXXXXX".utf8CString)
        mkdtemp(&template)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for name in ["s", "t", "f"] { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// A blocking client with a deadline on every read.
final class Client: @unchecked Sendable {
    let descriptor: Int32

    init(_ path: String) throws {
        descriptor = try UnixAddress.path(path).connect()
        setDeadline()
    }

    init(adopting descriptor: Int32) {
        self.descriptor = descriptor
        setDeadline()
    }

    deinit { close(descriptor) }

    private func setDeadline() {
        var time = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    func write(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count <= 0 { return }
            sent += count
        }
    }

    func write(_ text: String) { write(Array(text.utf8)) }

    /// Reads exactly that many bytes; fewer when the connection or the deadline ends.
    func read(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < count {
            let got = Glibc.read(descriptor, &buffer, min(buffer.count, count - bytes.count))
            if got <= 0 { break }
            bytes += buffer[..<got]
        }
        return bytes
    }

    func readText(_ count: Int) -> String { String(decoding: read(count), as: UTF8.self) }

    /// Whether the other side has ended the connection.
    func isAtEnd() -> Bool {
        var byte: UInt8 = 0
        return Glibc.read(descriptor, &byte, 1) == 0
    }

    func endInput() { shutdown(descriptor, Int32(SHUT_WR)) }
}

/// A server that answers every byte with itself, on one queue; stopped when the test lets go of it.
///
/// Only the test holds this object. What callbacks on the queue hold is `Echo`, since who ends on the queue cannot wait for it.
final class EchoServer: @unchecked Sendable {
    let executor = QueueExecutor(label: "test.control")
    private let echo: Echo

    init() { echo = Echo(executor) }

    convenience init(_ address: UnixAddress, limits: Connection.Limits = .init()) throws {
        self.init()
        start(try UnixListener(address, on: executor.queue), limits: limits)
    }

    deinit { executor.queue.sync { echo.stop() } }

    // Call on the queue, or when nothing happens there any more.
    var listener: UnixListener? { echo.listener }
    var connections: [Int: Connection] { echo.connections }
    var endings: [Connection.Ending] { echo.endings }
    var congestion: [Bool] { echo.congestion }
    var received: Int { echo.received }

    func start(_ listener: UnixListener, limits: Connection.Limits = .init()) {
        executor.queue.sync { echo.start(listener, limits: limits) }
    }

    /// Call on the queue.
    func serve(_ connection: Connection) { echo.serve(connection) }

    /// Waits until `condition` holds on the queue; false after two minutes.
    func wait(until condition: () -> Bool) -> Bool {
        while !executor.queue.sync(execute: condition) {
            guard echo.changed.wait(timeout: .now() + 120) == .success else { return false }
        }
        return true
    }

    func onQueue<Result>(_ body: () -> Result) -> Result { executor.queue.sync(execute: body) }
}

/// What an `EchoServer` does. Confined to its queue.
private final class Echo: @unchecked Sendable {
    private let executor: QueueExecutor
    private(set) var listener: UnixListener?
    private(set) var connections: [Int: Connection] = [:]
    private(set) var endings: [Connection.Ending] = []
    private(set) var congestion: [Bool] = []
    private(set) var received = 0
    private var count = 0
    let changed = DispatchSemaphore(value: 0)

    init(_ executor: QueueExecutor) { self.executor = executor }

    func start(_ listener: UnixListener, limits: Connection.Limits) {
        self.listener = listener
        listener.start { [weak self] descriptor in
            guard let self else { return }
            serve(Connection(socket: descriptor, on: executor.queue, limits: limits))
        }
    }

    func serve(_ connection: Connection) {
        count += 1
        let number = count
        connections[number] = connection
        connection.start(
            .init(
                received: { [weak self] bytes in
                    self?.received += bytes.count
                    connection.send(Array(bytes))
                    connection.flush()
                },
                inputEnded: { connection.finish() },
                congestionChanged: { [weak self] isCongested in
                    self?.congestion.append(isCongested)
                    isCongested ? connection.pauseReading() : connection.resumeReading()
                },
                ended: { [weak self] ending in
                    self?.connections[number] = nil
                    self?.endings.append(ending)
                    self?.changed.signal()
                }))
        changed.signal()
    }

    func stop() {
        for connection in Array(connections.values) { connection.close() }
        listener?.stop()
    }
}

/// A value that one thread writes and another reads after a join.
final class Box<Value>: @unchecked Sendable {
    var value: Value
    init(_ value: Value) { self.value = value }
}

/// Something that goes on beside the test.
final class Thread: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)

    init(_ body: @escaping () -> Void) {
        let box = Box(body)
        let done = done
        DispatchQueue(label: "test.thread").async {
            box.value()
            done.signal()
        }
    }

    func join() { done.wait() }
}
