import Glibc
import TestSupport

/// Plays one script on one daemon and records what the daemon said.
///
/// A wait looks first at the events that have arrived since the client last sent something and that no wait has taken yet, then at the wire.
/// What arrives after the last thing waited for is not recorded: so a transcript ends at the same place in every run.
final class ScriptPlayer {
    private final class Client {
        let connection: QMPClient
        /// Events recorded since the last thing sent, that no wait has taken.
        var untaken: [Entry] = []

        init(_ connection: QMPClient) { self.connection = connection }
    }

    private let script: Script
    private let program: DaemonProgram
    private let daemon: DaemonProcess
    private var clients: [String: Client] = [:]
    private var current = "a"
    private var normaliser: Normaliser
    private var transcript = Transcript()
    private var unrecorded = 0

    /// Plays the script to its end.
    /// - Throws: `WireFailure` with the line at which the daemon did not do what the script waits for, and the dialogue so far.
    static func play(_ script: Script, on program: DaemonProgram) throws(WireFailure) -> Transcript {
        let player = try start(script, on: program)
        for step in script.steps {
            do { try player.carryOut(step) } catch {
                throw WireFailure(
                    "\(program.rawValue), \(script.name), line \(step.line), `\(step.text)`: \(error)\nThe dialogue so far:\n"
                        + "\(player.transcript.text)\nIts standard error:\n\(player.daemon.process.errors)")
            }
        }
        player.daemon.process.kill()
        return player.transcript
    }

    /// Starts the daemon and connects the first client. In rare starts the reference never greets, or greets twice: it gets another chance.
    private static func start(_ script: Script, on program: DaemonProgram) throws(WireFailure) -> ScriptPlayer {
        var chances = program == .reference ? 10 : 1
        while true {
            let player = try ScriptPlayer(script, program)
            do {
                try player.open("a", monitor: 0, negotiates: script.negotiates)
                return player
            } catch {
                chances -= 1
                if chances == 0 {
                    throw WireFailure(
                        "\(program.rawValue), before the first step of \(script.name): \(error)\n\(player.daemon.process.errors)")
                }
            }
        }
    }

    private init(_ script: Script, _ program: DaemonProgram) throws(WireFailure) {
        self.script = script
        self.program = program
        let directory = try TemporaryDirectory()
        let options = script.options.map { ScriptReader.replace("${DIR}", by: directory.path, in: $0) }
        daemon = try DaemonProcess(program, in: directory, monitors: script.monitors, options: options, fileSizeLimit: script.fileSizeLimit)
        normaliser = Normaliser(directory: directory.path, masked: script.masked)
    }

    private var client: Client {
        get throws(WireFailure) {
            guard let client = clients[current] else { throw WireFailure("client \(current) has closed its connection") }
            return client
        }
    }

    private func open(_ name: String, monitor: Int, negotiates: Bool) throws(WireFailure) {
        current = name
        guard clients[name] == nil else { return }
        let client = Client(try daemon.connect(monitor: monitor))
        clients[name] = client
        let deadline = Deadline.after(seconds: program == .reference ? 10 : Deadline.usualSeconds)
        if negotiates {
            try client.connection.negotiate(deadline: deadline)
        } else {
            guard let greeting = try client.connection.receive(deadline: deadline) else {
                throw WireFailure("the connection ended before the greeting")
            }
            transcript.entries.append(normaliser.entry(greeting, client: name))
        }
    }

    private func carryOut(_ step: Script.Step) throws(WireFailure) {
        let directory = daemon.directory
        switch step.action {
        case .send(let bytes, let times):
            record(step: step.text)
            let text = ScriptReader.replace("${DIR}", by: directory.path, in: String(decoding: bytes, as: UTF8.self))
            try send(String(decoding: bytes, as: UTF8.self) == text || bytes.contains { $0 >= 0x80 } ? bytes : Array(text.utf8), times)
        case .command(let message, let mustSucceed):
            record(step: message)
            try send(Array((ScriptReader.replace("${DIR}", by: directory.path, in: message) + "\n").utf8), 1)
            let reply = try receive { $0.isReply }
            if mustSucceed, reply.value["return"] == nil { throw WireFailure("the set-up failed: \(reply.text)") }
        case .replies(let count):
            for _ in 0..<count { try receive { $0.isReply } }
        case .reply(let id): try receive { $0.isReply && $0.value["id"] == id }
        case .event(let name, let conditions): try awaitEvent(name, conditions)
        case .poll(let message, let condition): try poll(message, condition)
        case .settle: _ = try unrecordedReply(to: "{\"execute\": \"query-version\"}")
        case .client(let name, let monitor, let negotiates): try open(name, monitor: monitor, negotiates: negotiates)
        case .halfClose:
            record(step: step.text)
            try client.connection.halfClose()
        case .close:
            record(step: step.text)
            clients[current] = nil
        case .endOfInput:
            _ = try receiveUnlessEnded { _ in false }
            note("the connection has ended")
        case .exit(let code):
            let exit = try daemon.process.waitForExit()
            guard exit == .code(code) else { throw WireFailure("the daemon ended with \(exit)") }
            note("the daemon has ended with \(code)")
        case .signal(let number): daemon.process.signal(number)
        case .file(let name, let size, let pattern): try directory.makeFile(name, size: size, pattern: pattern)
        case .write(let name, let offset, let length, let pattern):
            try directory.write(name, at: offset, [UInt8](repeating: pattern, count: length))
        case .mode(let name, let mode): chmod(directory.file(name), mode)
        case .directory(let name): mkdir(directory.file(name), 0o755)
        case .link(let name, let target): symlink(target, directory.file(name))
        case .run(let words, let isShown):
            let output = try ScriptTools.run(words, in: directory)
            if isShown { note(output) }
        case .backing(let image, let name, let format): try ScriptTools.setBacking(of: image, to: name, format, in: directory)
        case .remove(let name): unlink(directory.file(name))
        case .compare(let one, let other):
            let same = try directory.contents(of: one) == directory.contents(of: other)
            note("\(one) and \(other) \(same ? "are the same" : "differ")")
        case .content(let name): note("\(name): \(ScriptPlayer.runs(of: try directory.contents(of: name)))")
        case .exists(let name): note("\(name) \(access(directory.file(name), F_OK) == 0 ? "exists" : "does not exist")")
        }
    }

    private func record(step text: String) {
        transcript.entries.append(Entry(client: current, kind: .step, value: .null, text: normaliser.plain(text)))
    }

    private func note(_ text: String) {
        transcript.entries.append(Entry(client: current, kind: .note, value: .null, text: normaliser.plain(text)))
    }

    private func send(_ bytes: [UInt8], _ times: Int) throws(WireFailure) {
        try client.untaken = []
        if times == 1 { return try client.connection.send(bytes) }
        // Large inputs go out in pieces of some 64 KiB.
        let piece = max(1, 65536 / max(1, bytes.count))
        let repeated = [UInt8]((0..<min(piece, times)).map { _ in bytes }.joined())
        var left = times
        while left > 0 {
            let count = min(piece, left)
            try client.connection.send(count == piece ? repeated : Array(repeated.prefix(count * bytes.count)))
            left -= count
        }
    }

    // MARK: Waiting

    /// Receives and records messages up to the first that matches.
    @discardableResult
    private func receive(matching: (WireMessage) -> Bool) throws(WireFailure) -> WireMessage {
        guard let message = try receiveUnlessEnded(matching: matching) else { throw WireFailure("the connection has ended") }
        return message
    }

    /// The same, but the end of the connection is no failure: it gives nil.
    private func receiveUnlessEnded(matching: (WireMessage) -> Bool) throws(WireFailure) -> WireMessage? {
        let client = try client
        let deadline = Deadline.usual
        while let message = try client.connection.receive(deadline: deadline) {
            let entry = normaliser.entry(message, client: current)
            transcript.entries.append(entry)
            if matching(message) { return message }
            if message.event != nil { client.untaken.append(entry) }
        }
        return nil
    }

    private func awaitEvent(_ name: String, _ conditions: [Script.Condition]) throws(WireFailure) {
        func matches(_ value: WireValue) -> Bool {
            value["event"]?.string == name && conditions.allSatisfy { $0.holds(in: value["data"] ?? .null) }
        }
        let client = try client
        if let index = client.untaken.firstIndex(where: { matches($0.value) }) {
            client.untaken.remove(at: index)
        } else {
            try receive { matches($0.value) }
        }
    }

    /// Sends a command with an id of its own and records everything that comes before its reply, but not the reply.
    private func unrecordedReply(to message: String) throws(WireFailure) -> WireMessage {
        unrecorded += 1
        let id = WireValue.string("unrecorded-\(unrecorded)")
        let client = try client
        try client.connection.send(String(message.dropLast()) + ", \"id\": \(id.wireText)}\n")
        let deadline = Deadline.usual
        while let message = try client.connection.receive(deadline: deadline) {
            if message.value["id"] == id { return message }
            let entry = normaliser.entry(message, client: current)
            transcript.entries.append(entry)
            if message.event != nil { client.untaken.append(entry) }
        }
        throw WireFailure("the connection has ended")
    }

    private func poll(_ message: String, _ condition: Script.Condition) throws(WireFailure) {
        let deadline = Deadline.usual
        while true {
            let reply = try unrecordedReply(to: message)
            if condition.holds(in: reply.value) { return }
            guard !deadline.hasPassed else { throw WireFailure("the last reply was \(reply.text)") }
            usleep(1000)
        }
    }

    private static func runs(of bytes: [UInt8]) -> String {
        var result: [String] = []
        var start = 0
        while start < bytes.count, result.count < 64 {
            let end = bytes[start...].firstIndex { $0 != bytes[start] } ?? bytes.count
            result.append("\(end - start) of \(bytes[start])")
            start = end
        }
        return "\(bytes.count) bytes: " + result.joined(separator: ", ")
    }
}
