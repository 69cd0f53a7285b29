import Dispatch
import Glibc
import JSON
import Logging
import QAPI
import QMP
import UnixSocket

/// Joins sockets to QMP: one session for every client of every monitor socket, and each event to all of them.
///
/// Confined to the control queue.
final class MonitorServer: @unchecked Sendable {
    private let executor: QueueExecutor
    private let surroundings: Session.Surroundings
    private let limits: Connection.Limits
    private let log: Logger
    private var clients: [SessionID: Client] = [:]
    private var listeners: [UnixListener] = []
    private var lastClient: UInt64 = 0
    /// How many clients want the pretty style.
    private var prettyClients = 0
    /// Clients with an event that is not flushed.
    private var unflushed: [SessionID] = []
    private var isFlushScheduled = false
    private var stopped: (() -> Void)?
    /// Called once, in the turn after the first client's greeting.
    var firstGreeted: (@Sendable () -> Void)?

    /// Clients flushed in one turn; others on the queue have their turn before the next.
    private static let flushLength = 64

    /// One client: its bytes and its conversation.
    private final class Client {
        let connection: Connection
        let session: Session
        /// By which it came.
        let chardev: String
        let whenEnded: (() -> Void)?
        var isUnflushed = false

        init(_ connection: Connection, _ session: Session, of chardev: String, whenEnded: (() -> Void)?) {
            self.connection = connection
            self.session = session
            self.chardev = chardev
            self.whenEnded = whenEnded
        }
    }

    /// Makes a server without sockets.
    /// - Parameters:
    ///   - version: what `query-version` returns.
    ///   - limits: what may wait for one client.
    ///   - budget: what all clients together may have the daemon hold.
    init(
        on executor: QueueExecutor, dispatcher: any CommandDispatcher, version: any JSONEncodable & Sendable, log: Logger,
        limits: Connection.Limits = Connection.Limits(), budget: InputBudget = InputBudget()
    ) {
        self.executor = executor
        self.log = log
        self.limits = limits
        surroundings = Session.Surroundings(
            queue: executor.queue, dispatcher: dispatcher, version: version, budget: budget)
    }

    /// The time of day.
    static func wallClock() -> EventTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return EventTime(seconds: Int64(time.tv_sec), microseconds: Int64(time.tv_nsec) / 1000)
    }

    // MARK: Clients

    /// Serves every client of a listening socket.
    func serve(_ listener: UnixListener, of chardev: String, style: JSONWriter.Style) {
        listeners.append(listener)
        listener.start { [weak self] socket in self?.serve(socket: socket, of: chardev, style: style) }
    }

    /// Serves the client at the other end of a connected socket.
    /// - Parameter ended: called when it has gone.
    func serve(socket: Int32, of chardev: String, style: JSONWriter.Style, ended: (() -> Void)? = nil) {
        serve(Connection(socket: socket, on: executor.queue, limits: limits), chardev, style, ended)
    }

    /// Serves a client over a pair of descriptors, such as standard input and output.
    func serve(input: Int32, output: Int32, of chardev: String, style: JSONWriter.Style, ended: (() -> Void)? = nil) {
        serve(Connection(input: input, output: output, on: executor.queue, limits: limits), chardev, style, ended)
    }

    /// Whether a client is there that came by this chardev.
    func hasClient(of chardev: String) -> Bool { clients.values.contains { $0.chardev == chardev } }

    private func serve(_ connection: Connection, _ chardev: String, _ style: JSONWriter.Style, _ ended: (() -> Void)?) {
        lastClient += 1
        let id = SessionID(lastClient)
        // Connection and session hold each other until the connection has ended.
        let output = Session.Output(
            send: { connection.send($0) },
            flush: { connection.flush() },
            wantsInput: { $0 ? connection.resumeReading() : connection.pauseReading() },
            finished: { connection.finish() },
            waitingBytes: { connection.waitingBytes },
            cutOff: { connection.cutOff() })
        let session = Session(id, style: style, in: surroundings, output: output)
        let client = Client(connection, session, of: chardev, whenEnded: ended)
        clients[id] = client
        if let peer = connection.peer {
            log.info("\(id) has come: process \(peer.process), user \(peer.user)")
        } else {
            log.info("\(id) has come")
        }
        if style == .pretty { prettyClients += 1 }
        connection.start(
            .init(
                received: { session.received($0) },
                inputEnded: { session.inputDidEnd() },
                congestionChanged: { session.setCongested($0) },
                ended: { [weak self] in self?.clientDidEnd(id, $0) }))
        session.start()
        if let firstGreeted {
            self.firstGreeted = nil
            executor.queue.async(execute: firstGreeted)
        }
    }

    private func clientDidEnd(_ id: SessionID, _ ending: Connection.Ending) {
        guard let client = clients.removeValue(forKey: id) else { return }
        client.session.close()
        if client.session.style == .pretty { prettyClients -= 1 }
        switch ending {
        case .closed: log.info("\(id) has ended")
        case .lost(let code): log.info("\(id) is lost: \(String(cString: strerror(code)))")
        case .outputLimit(let bytes): log.warning("\(id) does not read: cut off with \(bytes) bytes waiting for it")
        }
        client.whenEnded?()
        if clients.isEmpty, let stopped {
            self.stopped = nil
            stopped()
        }
    }

    // MARK: Events

    /// Sends an event to every client that has negotiated. It is encoded once; what goes out to whom is the same bytes.
    func broadcast(_ event: any QAPIEvent, at time: EventTime) {
        guard !clients.isEmpty else { return }
        let event = EncodedEvent(type(of: event).name, data: event, at: time, withPretty: prettyClients > 0)
        for (id, client) in clients where client.session.receivesEvents {
            client.session.send(event)
            guard !client.isUnflushed else { continue }
            client.isUnflushed = true
            unflushed.append(id)
        }
        scheduleFlush()
    }

    private func scheduleFlush() {
        guard !isFlushScheduled, !unflushed.isEmpty else { return }
        isFlushScheduled = true
        executor.queue.async { [self] in
            isFlushScheduled = false
            let turn = unflushed.prefix(Self.flushLength)
            unflushed.removeFirst(turn.count)
            for id in turn {
                guard let client = clients[id] else { continue }
                client.isUnflushed = false
                client.connection.flush()
            }
            scheduleFlush()
        }
    }

    // MARK: End

    /// Begins no request any more; those in progress are still answered.
    func stopRequests() {
        for client in clients.values { client.session.stopRequests() }
    }

    /// Accepts no more clients, and ends every connection as soon as what waits for it is written. A client that does not
    /// read does not hold this up for ever: call `abandon` when the time is over.
    /// - Parameter stopped: called once, when the last client has gone.
    func stop(_ stopped: @escaping () -> Void) {
        for listener in listeners { listener.stop() }
        listeners = []
        guard !clients.isEmpty else { return stopped() }
        self.stopped = stopped
        for client in Array(clients.values) { client.connection.finish() }
    }

    /// Ends every connection now.
    func abandon() {
        for client in Array(clients.values) { client.connection.close() }
    }
}
