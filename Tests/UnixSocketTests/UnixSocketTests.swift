import Dispatch
import Glibc
import Testing

@testable import UnixSocket

@Suite(.timeLimit(.minutes(10))) struct ListenerTests {
    let directory = TemporaryDirectory()

    @Test func `many clients are served at once without a thread for each`() throws {
        let server = try EchoServer(.path(directory.file("s")))
        // More than the threads of all tests that may run beside this one.
        let count = 1000
        let clients = try (0..<count).map { _ in try Client(directory.file("s")) }
        for (number, client) in clients.enumerated() { client.write("client \(number)\n") }
        for (number, client) in clients.enumerated() {
            let text = "client \(number)\n"
            #expect(client.readText(text.utf8.count) == text)
        }
        #expect(server.onQueue { server.connections.count } == count)
        var threads = 0
        if let handle = opendir("/proc/self/task") {
            while readdir(handle) != nil { threads += 1 }
            closedir(handle)
        }
        #expect(threads < count)
    }

    @Test func `a stale socket is taken over, a live one is refused, and anything else too`() throws {
        let path = directory.file("s")
        // A process that died: bound, closed, the path left behind.
        let stale = try UnixAddress.makeSocket()
        #expect(try UnixAddress.path(path).failure { bind(stale, $0, $1) } == nil)
        close(stale)
        let first = try EchoServer(.path(path))
        let client = try Client(path)
        client.write("x")
        #expect(client.readText(1) == "x")
        #expect(throws: SocketError.self) { try UnixListener(.path(path), on: DispatchQueue(label: "other")) }
        client.write("y")
        #expect(client.readText(1) == "y")
        let file = directory.file("f")
        close(open(file, O_CREAT | O_WRONLY, 0o600))
        #expect(throws: SocketError.self) { try UnixListener(.path(file), on: DispatchQueue(label: "other")) }
        #expect(access(file, F_OK) == 0)
        withExtendedLifetime(first) {}
    }

    @Test func `only our own socket is removed at the end`() throws {
        let path = directory.file("s")
        let server = try EchoServer(.path(path))
        #expect(access(path, F_OK) == 0)
        // Somebody else puts a socket of his own there.
        rename(path, directory.file("t"))
        let other = try EchoServer(.path(path))
        server.onQueue { server.listener?.stop() }
        #expect(access(path, F_OK) == 0)
        other.onQueue { other.listener?.stop() }
        #expect(access(path, F_OK) != 0)
    }

    @Test func `the path can be removed by who does not wait for the queue`() throws {
        let path = directory.file("s")
        let server = try EchoServer(.path(path))
        let listener = try #require(server.onQueue { server.listener })
        server.onQueue {
            // The queue is busy.
            Thread { listener.removePath() }.join()
        }
        #expect(access(path, F_OK) != 0)
        // What is somebody else's by then is left alone.
        let other = try EchoServer(.path(path))
        listener.removePath()
        server.onQueue { listener.stop() }
        #expect(access(path, F_OK) == 0)
        withExtendedLifetime(other) {}
    }

    @Test func `a socket that another process opened is adopted and its path left alone`() throws {
        let path = directory.file("s")
        let socket = try UnixAddress.makeSocket()
        #expect(try UnixAddress.path(path).failure { bind(socket, $0, $1) } == nil)
        #expect(listen(socket, 5) == 0)
        // A client that came before the daemon did.
        let client = try Client(path)
        client.write("early")
        let server = EchoServer()
        server.start(try UnixListener(adopting: socket, on: server.executor.queue))
        #expect(client.readText(5) == "early")
        server.onQueue { server.listener?.stop() }
        #expect(access(path, F_OK) == 0)
        #expect(throws: SocketError.self) { try UnixListener(adopting: 0x3FFF, on: server.executor.queue) }
    }

    @Test func `abstract names work`() throws {
        let address = UnixAddress.abstract("blockjobd-test-\(getpid())", isTight: true)
        let server = try EchoServer(address)
        let client = Client(adopting: try address.connect())
        client.write("hello")
        #expect(client.readText(5) == "hello")
        #expect(throws: SocketError.self) { try UnixListener(address, on: server.executor.queue) }
        #expect(throws: SocketError.self) { try UnixAddress.path(String(repeating: "x", count: 200)).connect() }
    }

    @Test func `sockets of a service manager are found by its three variables`() {
        func read(_ process: String?, _ count: String?, _ names: String?) -> [ActivatedSockets.Socket] {
            ActivatedSockets.read(process: process, count: count, names: names, ownProcess: 42)
        }
        #expect(read("42", "2", "qmp:unknown") == [.init(descriptor: 3, name: "qmp"), .init(descriptor: 4, name: nil)])
        #expect(read("42", "1", nil) == [.init(descriptor: 3, name: nil)])
        #expect(
            read("41", "1", nil).isEmpty && read(nil, "1", nil).isEmpty && read("42", "x", nil).isEmpty && read("42", "-1", nil).isEmpty)
    }

    @Test func `the peer's credentials are known`() throws {
        let server = try EchoServer(.path(directory.file("s")))
        let client = try Client(directory.file("s"))
        #expect(server.wait { server.connections.count == 1 })
        #expect(server.onQueue { server.connections.values.first?.peer?.process } == getpid())
        #expect(server.onQueue { server.connections.values.first?.peer?.user } == geteuid())
        withExtendedLifetime(client) {}
    }
}

@Suite(.timeLimit(.minutes(10))) struct ConnectionTests {
    let directory = TemporaryDirectory()

    @Test func `split writes and large ones arrive whole`() throws {
        let server = try EchoServer(.path(directory.file("s")))
        let client = try Client(directory.file("s"))
        for byte in "split".utf8 { client.write([byte]) }
        #expect(client.readText(5) == "split")
        let large = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let writer = Thread { client.write(large) }
        #expect(client.read(large.count) == large)
        writer.join()
        #expect(server.onQueue { server.received } == large.count + 5)
    }

    @Test func `a server can be given up at any moment of its work`() throws {
        for round in 0..<200 {
            let server = try EchoServer(.path(directory.file("s")))
            let client = try Client(directory.file("s"))
            for _ in 0..<round % 20 { client.write("x") }
            _ = client.read(round % 7 == 0 ? round % 20 : 0)
            withExtendedLifetime(server) {}
        }
    }

    @Test func `a client that ends its input gets what is owed, and then the end`() throws {
        let server = try EchoServer(.path(directory.file("s")))
        let client = try Client(directory.file("s"))
        client.write("last words")
        client.endInput()
        #expect(client.readText(10) == "last words")
        #expect(client.isAtEnd())
        #expect(server.wait { server.endings == [.closed] })
    }

    @Test func `a client that does not read is cut off at the bound and others lose nothing`() throws {
        var limits = Connection.Limits()
        limits.output = 1 << 20
        limits.congestion = 64 << 10
        let server = try EchoServer(.path(directory.file("s")), limits: limits)
        let slow = try Client(directory.file("s"))
        let quick = try Client(directory.file("s"))
        #expect(server.wait { server.connections.count == 2 })
        let event = [UInt8](repeating: UInt8(ascii: "e"), count: 1000)
        var most = 0
        let reader = Box<[UInt8]>([])
        let thread = Thread { reader.value = quick.read(4000 * event.count) }
        for _ in 0..<4000 {
            server.onQueue {
                for connection in Array(server.connections.values) {
                    connection.send(event)
                    connection.flush()
                    most = max(most, connection.waitingBytes)
                }
            }
            // The quick one reads, so it comes below the bound again before it is given more.
            while server.onQueue({ (server.connections[2]?.waitingBytes ?? 0) > 1 << 19 }) { sched_yield() }
        }
        thread.join()
        #expect(reader.value.count == 4000 * event.count)
        #expect(most <= (1 << 20) + 2 * event.count)
        let endings = server.onQueue { server.endings }
        #expect(endings.count == 1)
        guard case .outputLimit(let bytes)? = endings.first else { return #expect(Bool(false), "\(endings)") }
        #expect(bytes > 1 << 20)
        withExtendedLifetime(slow) {}
    }

    @Test func `one message larger than the bound reaches a client that reads`() throws {
        let server = try EchoServer(.path(directory.file("s")))
        let client = try Client(directory.file("s"))
        #expect(server.wait { server.connections.count == 1 })
        let large = [UInt8](repeating: 7, count: 20 << 20)
        server.onQueue {
            for connection in server.connections.values {
                connection.send(large)
                connection.flush()
            }
        }
        #expect(client.read(large.count).count == large.count)
        #expect(server.onQueue { server.congestion } == [true, false])
        #expect(server.onQueue { server.connections.count } == 1)
    }

    @Test func `reading pauses and goes on`() throws {
        let server = try EchoServer(.path(directory.file("s")))
        let client = try Client(directory.file("s"))
        client.write("a")
        #expect(client.readText(1) == "a")
        server.onQueue { for connection in server.connections.values { connection.pauseReading() } }
        client.write("b")
        // A second client shows that the queue had its turns.
        let other = try Client(directory.file("s"))
        other.write("x")
        #expect(other.readText(1) == "x")
        #expect(server.onQueue { server.received } == 2)
        server.onQueue { for connection in server.connections.values { connection.resumeReading() } }
        #expect(client.readText(1) == "b")
    }

    @Test func `a client that vanishes ends its connection without a signal`() throws {
        let server = try EchoServer(.path(directory.file("s")))
        var client: Client? = try Client(directory.file("s"))
        #expect(server.wait { server.connections.count == 1 })
        let connection = server.onQueue { server.connections.values.first }
        client = nil
        _ = client
        server.onQueue {
            connection?.send([1, 2, 3])
            connection?.flush()
        }
        #expect(server.wait { server.endings.count == 1 && server.connections.isEmpty })
    }

    /// With Dispatch sources on the sockets this killed the process now and then: its event thread used a record that was freed.
    @Test func `clients that hang up at any moment do no harm`() throws {
        let server = try EchoServer(.path(directory.file("s")))
        let path = directory.file("s")
        let threads = (0..<4).map { number in
            Thread {
                for round in 0..<2500 {
                    guard let client = try? Client(path) else { continue }
                    if round % 3 > 0 { client.write("x") }
                    if round % 3 > 1 { _ = client.read(1) }
                    if (round + number) % 5 == 0 { client.endInput() }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(server.wait { server.endings.count == 10_000 && server.connections.isEmpty })
    }

    @Test func `a pair of pipes serves as standard input and output`() throws {
        var toServer: [Int32] = [0, 0]
        var toClient: [Int32] = [0, 0]
        #expect(pipe(&toServer) == 0 && pipe(&toClient) == 0)
        let server = EchoServer()
        server.onQueue { server.serve(Connection(input: toServer[0], output: toClient[1], on: server.executor.queue)) }
        #expect(Glibc.write(toServer[1], "ping", 4) == 4)
        var bytes = [UInt8](repeating: 0, count: 4)
        #expect(Glibc.read(toClient[0], &bytes, 4) == 4)
        #expect(bytes == Array("ping".utf8))
        close(toServer[1])
        #expect(server.wait { server.endings == [.closed] })
        // The descriptors are not the connection's to close, and have their flags back.
        #expect(server.onQueue { [toServer[0], toClient[1]].allSatisfy { fcntl($0, F_GETFL) & O_NONBLOCK == 0 } })
        for descriptor in [toServer[0], toClient[0], toClient[1]] { close(descriptor) }
    }

    @Test func `one open file as input and output has its flags back at the end`() throws {
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let output = dup(ends[0])
        let server = EchoServer()
        server.onQueue { server.serve(Connection(input: ends[0], output: output, on: server.executor.queue)) }
        let client = Client(adopting: ends[1])
        client.write("ping")
        #expect(client.readText(4) == "ping")
        #expect(fcntl(ends[0], F_GETFL) & O_NONBLOCK != 0)
        client.endInput()
        #expect(server.wait { server.endings == [.closed] })
        #expect(server.onQueue { fcntl(ends[0], F_GETFL) & O_NONBLOCK } == 0)
        for descriptor in [ends[0], output] { close(descriptor) }
    }

    @Test func `an actor on the queue's executor does not hop`() {
        actor Counter {
            let executor: QueueExecutor
            var count = 0
            nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
            init(_ executor: QueueExecutor) { self.executor = executor }
            func increment() { count += 1 }
        }
        let executor = QueueExecutor(label: "test.actor")
        let counter = Counter(executor)
        executor.queue.sync { counter.assumeIsolated { $0.increment() } }
        #expect(executor.queue.sync { counter.assumeIsolated { $0.count } } == 1)
        #expect(executor.queue.sync { executor.isIsolatingCurrentContext() } == true)
        #expect(executor.isIsolatingCurrentContext() == false)
    }
}
