import Dispatch
import JSON

@testable import QMP

/// A dispatcher with a handful of commands, among them one that waits until the test says so.
final class TestCommands: CommandDispatcher, @unchecked Sendable {
    /// Touched on the control queue only.
    private(set) var held: [CommandCompletion] = []
    private(set) var order: [String] = []
    var beforeReply: () -> Void = {}

    func prepare(_ name: String, arguments: JSONView, isOutOfBand: Bool) throws(QMPError) -> PreparedCommand {
        if isOutOfBand, name == "slow" { throw .noOutOfBand(command: name) }
        switch name {
        case "ping":
            return PreparedCommand { context in
                self.order.append(context.isOutOfBand ? "ping!" : "ping")
                self.beforeReply()
                return .reply(.empty)
            }
        case "echo":
            guard let text = arguments.member("text") else { throw QMPError("Parameter 'text' is missing") }
            let value = text.value
            return PreparedCommand { .reply(.value(value, in: $0)) }
        case "big":
            return PreparedCommand { _ in .reply(.deferred { JSONValue.string(String(repeating: "y", count: 1 << 20)).encoded($0) }) }
        case "slow":
            return PreparedCommand { context in
                self.order.append("slow")
                self.held.append(context.completion)
                return .later
            }
        case "fail":
            return PreparedCommand { _ in .reply(.failure(QMPError(.deviceNotFound, "Device 'x' not found"))) }
        default:
            throw .notFound(command: name)
        }
    }

    /// Ends the command that has waited longest; nothing when none waits, which the reply that doesn't come shows.
    func release(_ reply: CommandReply = .empty) {
        if !held.isEmpty { held.removeFirst()(reply) }
    }
}

/// A session without a socket: what goes in is text, what comes out is lines.
final class TestSession: @unchecked Sendable {
    let queue: DispatchQueue
    let commands = TestCommands()
    let budget: InputBudget
    private var session: Session?
    private var text: [UInt8] = []
    private(set) var wantsInput = true
    private(set) var hasFinished = false
    private(set) var isCutOff = false
    /// What the client is to be taken not to have read.
    var unread = 0
    private let arrived = DispatchSemaphore(value: 0)

    /// - Parameter other: a session of the same daemon.
    init(style: JSONWriter.Style = .compact, budget: Int = 256 << 20, beside other: TestSession? = nil) {
        queue = other?.queue ?? DispatchQueue(label: "test.control")
        self.budget = other?.budget ?? InputBudget(limit: budget)
        queue.sync {
            let version: JSONValue = ["qemu": ["micro": 0, "minor": 1, "major": 10], "package": "p"]
            session = Session(
                SessionID(1), style: style,
                in: .init(queue: queue, dispatcher: commands, version: version, budget: self.budget),
                output: .init(
                    // Weak: what the session has begun may end after the test.
                    send: { [weak self] in
                        self?.text += $0
                        self?.arrived.signal()
                    },
                    flush: {}, wantsInput: { [weak self] in self?.wantsInput = $0 },
                    finished: { [weak self] in
                        self?.hasFinished = true
                        self?.arrived.signal()
                    },
                    waitingBytes: { [weak self] in self?.unread ?? 0 },
                    cutOff: { [weak self] in
                        self?.isCutOff = true
                        self?.session?.close()
                    }))
            session?.start()
        }
    }

    /// Runs `body` where the session lives.
    func onQueue<Result>(_ body: (Session) -> Result) -> Result {
        queue.sync {
            guard let session else { preconditionFailure() }
            return body(session)
        }
    }

    /// Lets the session take these bytes.
    func type(_ input: String) { type(Array(input.utf8)) }

    func type(_ input: [UInt8]) {
        onQueue { session in input.withUnsafeBytes { session.received($0) } }
    }

    /// Waits until a large message is parsed and what follows it has been looked at.
    func settle() {
        LargeWork.queue(for: SessionID(1)).sync {
            // What was sent there before is done.
        }
        onQueue { _ in
            // And has been taken note of.
        }
    }

    /// What has been said since the last time, a line each.
    func lines() -> [String] {
        queue.sync {
            // What the session has scheduled for the next turn comes first.
        }
        return queue.sync {
            defer { text = [] }
            return String(decoding: text, as: UTF8.self).split(separator: "\r\n").map(String.init)
        }
    }

    /// Waits until that many lines are there; fails the wait after two minutes.
    func lines(atLeast count: Int) -> [String] {
        var all = lines()
        while all.count < count {
            guard arrived.wait(timeout: .now() + 120) == .success else { return all + ["(timed out)"] }
            all += lines()
        }
        return all
    }

    /// A session past its negotiation.
    static func negotiated(
        outOfBand: Bool = false, style: JSONWriter.Style = .compact, budget: Int = 256 << 20, beside other: TestSession? = nil
    ) -> TestSession {
        let session = TestSession(style: style, budget: budget, beside: other)
        session.type(
            outOfBand ? #"{"execute":"qmp_capabilities","arguments":{"enable":["oob"]}}"# : #"{"execute":"qmp_capabilities"}"#)
        _ = session.lines()
        return session
    }
}

func error(_ desc: String, class errorClass: String = "GenericError", id: String? = nil) -> String {
    let id = id.map { "\"id\": \($0), " } ?? ""
    return "{\(id)\"error\": {\"class\": \"\(errorClass)\", \"desc\": \"\(desc)\"}}"
}
