import JSON

/// A capability that a client may enable.
public enum Capability: String, Sendable, CaseIterable {
    /// Commands may be sent with `exec-oob`, and overtake others.
    case oob
}

/// What a session understands at a moment.
enum SessionMode: Sendable, Equatable {
    /// Nothing but `qmp_capabilities`.
    case negotiating
    /// All commands.
    case commands(outOfBand: Bool)

    var allowsOutOfBand: Bool { self == .commands(outOfBand: true) }
}

/// One message, understood and checked as far as that can be done without the daemon's state.
struct Request: Sendable {
    /// What is to be done.
    enum Content: Sendable {
        case command(PreparedCommand)
        /// `qmp_capabilities`, with what it enables.
        case negotiate([Capability])
        case refused(QMPError)
    }

    let content: Content
    /// The id's JSON text in the session's style, if the message has one.
    let id: [UInt8]?
    /// Whether the request overtakes those that wait.
    let isOutOfBand: Bool
    /// Bytes of the message, as a measure of what the request holds.
    let size: Int

    /// The answer to bytes that are no message.
    init(refused error: JSONError) {
        self.init(content: .refused(QMPError(error)), id: nil, isOutOfBand: false, size: 0)
    }

    /// The answer to a request that takes too much memory to wait. A large id is not repeated.
    init(refused error: QMPError, insteadOf request: Request) {
        let id = request.id.flatMap { $0.count <= Session.largeSize ? $0 : nil }
        self.init(content: .refused(error), id: id, isOutOfBand: request.isOutOfBand, size: id?.count ?? 0)
    }

    private init(content: Content, id: [UInt8]?, isOutOfBand: Bool, size: Int) {
        self.content = content
        self.id = id
        self.isOutOfBand = isOutOfBand
        self.size = size
    }

    /// Reads a message. Runs on any queue.
    init(_ bytes: UnsafeRawBufferPointer, mode: SessionMode, style: JSONWriter.Style, dispatcher: any CommandDispatcher) {
        do throws(JSONError) {
            self.init(try JSONDocument(parsing: bytes), size: bytes.count, mode: mode, style: style, dispatcher: dispatcher)
        } catch {
            self.init(refused: error)
        }
    }

    /// Reads a message that is parsed.
    init(_ document: consuming JSONDocument, size: Int, mode: SessionMode, style: JSONWriter.Style, dispatcher: any CommandDispatcher) {
        let root = document.root
        let id: [UInt8]? = if let id = root.member("id") { id.encoded(style) } else { nil }
        do throws(QMPError) {
            let (name, isOutOfBand) = try Self.envelope(root, mode: mode)
            let content = try Self.content(
                name, root, isOutOfBand: isOutOfBand, isNegotiating: mode == .negotiating, dispatcher: dispatcher)
            self.init(content: content, id: id, isOutOfBand: isOutOfBand, size: size)
        } catch {
            // What looks like an out-of-band command is answered as one.
            let overtakes = root.member("exec-oob") != nil && root.member("execute") == nil
            self.init(content: .refused(error), id: id, isOutOfBand: overtakes, size: size)
        }
    }

    /// Checks the top-level members and finds the command's name.
    private static func envelope(_ root: JSONView, mode: SessionMode) throws(QMPError) -> (String, isOutOfBand: Bool) {
        guard root.kind == .object else { throw QMPError("QMP input must be a JSON object") }
        let outOfBand = root.member("exec-oob")
        let inBand = root.member("execute")
        if let outOfBand, mode.allowsOutOfBand {
            guard outOfBand.kind == .string else { throw QMPError("QMP input member 'exec-oob' must be a string") }
        }
        if let inBand {
            guard inBand.kind == .string else { throw QMPError("QMP input member 'execute' must be a string") }
            if outOfBand != nil, mode.allowsOutOfBand { throw QMPError("QMP input member 'execute' clashes with 'exec-oob'") }
        }
        var known = inBand == nil ? 0 : 1
        if outOfBand != nil, mode.allowsOutOfBand { known += 1 }
        if root.member("id") != nil { known += 1 }
        if let arguments = root.member("arguments") {
            known += 1
            guard arguments.kind == .object else { throw QMPError("QMP input member 'arguments' must be an object") }
        }
        // Names become strings only when one of them is wrong.
        if root.count != known { try rejectUnknown(root, mode: mode) }
        if let name = inBand?.string { return (name, false) }
        if let name = outOfBand?.string { return (name, true) }
        throw QMPError("QMP input lacks member 'execute'")
    }

    private static func rejectUnknown(_ root: JSONView, mode: SessionMode) throws(QMPError) {
        try root.forEachMember { (name, _) throws(QMPError) in
            switch name {
            case "execute", "arguments", "id": return
            case "exec-oob" where mode.allowsOutOfBand: return
            default: throw QMPError("QMP input member '\(name)' is unexpected")
            }
        }
    }

    private static func content(
        _ name: String, _ root: JSONView, isOutOfBand: Bool, isNegotiating: Bool, dispatcher: any CommandDispatcher
    ) throws(QMPError) -> Content {
        if name == "qmp_capabilities" {
            if isOutOfBand { throw .noOutOfBand(command: name) }
            let enabled = try capabilities(root)
            guard isNegotiating else {
                throw QMPError(.commandNotFound, "Capabilities negotiation is already complete, command ignored")
            }
            return .negotiate(enabled)
        }
        guard !isNegotiating else {
            throw QMPError(.commandNotFound, "Expecting capabilities negotiation with 'qmp_capabilities'")
        }
        if let arguments = root.member("arguments") {
            return .command(try dispatcher.prepare(name, arguments: arguments, isOutOfBand: isOutOfBand))
        }
        return .command(try dispatcher.prepare(name, arguments: noArguments.root, isOutOfBand: isOutOfBand))
    }
}

/// Decodes the arguments of `qmp_capabilities`. QEMU names a list's bad element `null`.
private func capabilities(_ root: JSONView) throws(QMPError) -> [Capability] {
    guard let arguments = root.member("arguments") else { return [] }
    var enabled: [Capability] = []
    if let list = arguments.member("enable") {
        guard list.kind == .array else { throw QMPError("Invalid parameter type for 'enable', expected: array") }
        try list.forEachElement { (index, element) throws(QMPError) in
            guard let name = element.string else {
                throw QMPError("Invalid parameter type for 'enable[\(index)]', expected: string")
            }
            guard let capability = Capability(rawValue: name) else {
                throw QMPError("Parameter 'null' does not accept value '\(name)'")
            }
            enabled.append(capability)
        }
    }
    try arguments.forEachMember { (name, _) throws(QMPError) in
        if name != "enable" { throw QMPError("Parameter '\(name)' is unexpected") }
    }
    return enabled
}

/// `{}`
private let noArguments: JSONDocument = {
    do { return try JSONDocument(parsing: "{}") } catch { fatalError("out of memory") }
}()
