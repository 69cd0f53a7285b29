import Glibc

/// A message that a daemon sent: its bytes as they came, and what they mean.
public struct WireMessage: Sendable {
    /// The message's text without its line end.
    public let text: String
    /// Whether the message ended in CRLF, as it must.
    public let endsInCRLF: Bool
    /// The text, parsed.
    public let value: WireValue

    /// The event's name, or nil when this is no event.
    public var event: String? { value["event"]?.string }
    /// Whether this answers a command, with success or with an error.
    public var isReply: Bool { value["return"] != nil || value["error"] != nil }
    /// The description of an error reply, or nil.
    public var errorDescription: String? { value.at("error.desc")?.string }
}

/// A QMP client over a Unix socket: blocking, with a deadline on every wait. One thread uses it at a time.
public final class QMPClient {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var consumed = 0
    private var scanned = 0
    private var depth = 0
    private var inString = false
    private var escaped = false
    private var atEnd = false
    private var nextID = 0

    /// Events that came while `execute` waited for a reply, oldest first, and that no `waitForEvent` has taken yet.
    public private(set) var events: [WireMessage] = []

    /// Connects to the daemon that listens at `path`. The greeting is not read yet.
    public init(connectingTo path: String, deadline: Deadline = .usual) throws(WireFailure) {
        descriptor = try QMPClient.connect(to: path, deadline: deadline)
    }

    /// The same, but a daemon that has no place for another client at this moment is a failure.
    public init(connectingAtOnceTo path: String) throws(WireFailure) {
        descriptor = try QMPClient.connect(to: path, deadline: .after(seconds: 0), flags: Int32(SOCK_NONBLOCK.rawValue))
    }

    /// Talks over a connected socket, which it closes in the end.
    public init(descriptor: Int32) {
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    deinit {
        close(descriptor)
    }

    private static func connect(to path: String, deadline: Deadline, flags: Int32 = 0) throws(WireFailure) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { throw WireFailure("socket path too long: \(path)") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | flags, 0)
        guard socket >= 0 else { throw WireFailure("socket: errno \(errno)") }
        while true {
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            if result == 0 { break }
            let code = errno
            guard !deadline.hasPassed, code == ENOENT || code == ECONNREFUSED || code == EAGAIN || code == EINTR else {
                close(socket)
                throw WireFailure("cannot connect to \(path): errno \(code)")
            }
            usleep(2000)
        }
        _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK)
        return socket
    }

    // MARK: Bytes and messages

    /// Sends bytes as they are. Reads what comes meanwhile, so that a daemon that waits for its output to drain cannot hang the test.
    public func send(_ bytes: [UInt8], deadline: Deadline = .usual) throws(WireFailure) {
        var sent = 0
        while sent < bytes.count {
            let result = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if result > 0 {
                sent += result
            } else if errno == EAGAIN {
                guard try poll(POLLIN | POLLOUT, deadline) else { throw WireFailure("the daemon reads no more after \(sent) bytes") }
                fill()
            } else if errno != EINTR {
                throw WireFailure("send: errno \(errno)")
            }
        }
    }

    /// Sends a text as it is; a newline is up to the caller.
    public func send(_ text: String) throws(WireFailure) {
        try send(Array(text.utf8))
    }

    /// The next message, or nil when the daemon has closed the connection.
    /// - Throws: `WireFailure` when the deadline passes or what comes is no JSON.
    public func receive(deadline: Deadline = .usual) throws(WireFailure) -> WireMessage? {
        while true {
            if let message = try takeMessage() { return message }
            if atEnd {
                guard buffer[consumed...].allSatisfy({ $0 == 0x0A || $0 == 0x0D }) else {
                    throw WireFailure("the connection ended inside a message: \(String(decoding: buffer[consumed...], as: UTF8.self))")
                }
                return nil
            }
            guard try poll(POLLIN, deadline) else { throw WireFailure("no message came before the deadline") }
            fill()
        }
    }

    /// The same, but a connection that is cut off inside a message counts as ended.
    public func receive(orTruncatedEnd: Bool, deadline: Deadline = .usual) throws(WireFailure) -> WireMessage? {
        do { return try receive(deadline: deadline) } catch {
            if orTruncatedEnd, atEnd { return nil }
            throw error
        }
    }

    /// The next bytes as they come, for tests that compare whole streams.
    public func receiveBytes(_ count: Int, deadline: Deadline = .usual) throws(WireFailure) -> [UInt8] {
        while buffer.count - consumed < count {
            guard !atEnd, try poll(POLLIN, deadline) else {
                throw WireFailure("only \(buffer.count - consumed) of \(count) bytes came")
            }
            fill()
        }
        let bytes = Array(buffer[consumed..<(consumed + count)])
        consumed += count
        scanned = consumed
        return bytes
    }

    /// Drops the events that `execute` has kept.
    public func forgetEvents() {
        events = []
    }

    /// Whether a message can be received without waiting for the daemon longer than the deadline.
    public func hasInput(deadline: Deadline) throws(WireFailure) -> Bool {
        if !buffer.isEmpty || atEnd { return true }
        return try poll(POLLIN, deadline)
    }

    /// Says that nothing more will be sent; replies can still come.
    public func halfClose() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    private func poll(_ events: Int32, _ deadline: Deadline) throws(WireFailure) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            let count = Glibc.poll(&entry, 1, deadline.milliseconds)
            if count >= 0 { return count > 0 }
            guard errno == EINTR else { throw WireFailure("poll: errno \(errno)") }
        }
    }

    private func fill() {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while !atEnd {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count > 0 {
                buffer += chunk[..<count]
            } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                atEnd = true
            } else if errno == EAGAIN {
                return
            }
        }
    }

    /// Cuts the next balanced object and the line end after it off the buffer; so a pretty-printed message of many lines is one, too.
    private func takeMessage() throws(WireFailure) -> WireMessage? {
        while scanned < buffer.count {
            let byte = buffer[scanned]
            scanned += 1
            if inString {
                if escaped { escaped = false } else if byte == 0x5C { escaped = true } else if byte == 0x22 { inString = false }
            } else if byte == 0x22 {
                inString = true
            } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
                depth += 1
            } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
                depth -= 1
            } else if byte == 0x0A, depth == 0 {
                var line = buffer[consumed..<(scanned - 1)]
                let endsInCRLF = line.last == 0x0D
                if endsInCRLF { line.removeLast() }
                let bytes = Array(line)
                consumed = scanned
                if consumed == buffer.count {
                    buffer.removeAll(keepingCapacity: true)
                    consumed = 0
                    scanned = 0
                }
                let value = try WireParser.parse(bytes)
                return WireMessage(text: String(decoding: bytes, as: UTF8.self), endsInCRLF: endsInCRLF, value: value)
            }
        }
        return nil
    }

    // MARK: Conversations

    /// Reads the greeting and negotiates.
    /// - Returns: the greeting.
    @discardableResult
    public func negotiate(enable: [String] = [], deadline: Deadline = .usual) throws(WireFailure) -> WireMessage {
        guard let greeting = try receive(deadline: deadline), greeting.value["QMP"] != nil else { throw WireFailure("no greeting came") }
        let list = enable.map(WireValue.quoted).joined(separator: ", ")
        try execute("qmp_capabilities", enable.isEmpty ? "{}" : "{\"enable\": [\(list)]}")
        return greeting
    }

    /// Sends a command and waits for its reply. Events that come before the reply are kept in `events`.
    /// - Returns: the reply, be it a success or an error.
    public func request(_ command: String, _ arguments: String = "{}", deadline: Deadline = .usual) throws(WireFailure) -> WireMessage {
        nextID += 1
        let id = WireValue.string("client-\(nextID)")
        try send("{\"execute\": \(WireValue.quoted(command)), \"arguments\": \(arguments), \"id\": \(id.wireText)}\r\n")
        while let message = try receive(deadline: deadline) {
            if message.value["id"] == id { return message }
            guard message.event != nil else { throw WireFailure("an unexpected message came: \(message.text)") }
            events.append(message)
        }
        throw WireFailure("the connection ended before the reply to \(command)")
    }

    /// Sends a command that must succeed.
    /// - Returns: what the reply's `return` holds.
    @discardableResult
    public func execute(_ command: String, _ arguments: String = "{}", deadline: Deadline = .usual) throws(WireFailure) -> WireValue {
        let reply = try request(command, arguments, deadline: deadline)
        guard let result = reply.value["return"] else { throw WireFailure("\(command) \(arguments) failed: \(reply.text)") }
        return result
    }

    /// Takes the first event with this name for which `predicate` holds, from `events` or from the wire; other events stay in `events`.
    @discardableResult
    public func waitForEvent(
        _ name: String, deadline: Deadline = .usual, where predicate: (WireValue) -> Bool = { _ in true }
    ) throws(WireFailure) -> WireMessage {
        func matches(_ message: WireMessage) -> Bool {
            message.event == name && predicate(message.value["data"] ?? .null)
        }
        if let index = events.firstIndex(where: matches) { return events.remove(at: index) }
        while true {
            let message: WireMessage?
            do { message = try receive(deadline: deadline) } catch {
                throw WireFailure("waiting for \(name): \(error); events so far: \(events.map(\.text))")
            }
            guard let message else { throw WireFailure("the connection ended before \(name)") }
            if matches(message) { return message }
            guard message.event != nil else { throw WireFailure("an unexpected message came: \(message.text)") }
            events.append(message)
        }
    }

    /// Waits until a job shows a status.
    public func waitForJob(_ id: String, _ status: String, deadline: Deadline = .usual) throws(WireFailure) {
        try waitForEvent("JOB_STATUS_CHANGE", deadline: deadline) { $0["id"]?.string == id && $0["status"]?.string == status }
    }
}
