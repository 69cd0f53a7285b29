/// Decides what a session does next: who may run, who waits, what is understood. No I/O, no bytes, never suspends.
///
/// In-band requests run one at a time in the order they came; those behind the running one wait in a queue of at most
/// `queueLimit`, and while it is full the owner must not feed more. Out-of-band requests run at once.
struct SessionMachine {
    /// How many requests may wait behind the one that runs; reading stops when as many do.
    static let queueLimit = 8

    /// What the owner must do with a request.
    enum Action: Sendable {
        /// Carry the command out, and tell `finished(ticket)` when it is done.
        case run(PreparedCommand, Ticket, id: [UInt8]?, isOutOfBand: Bool)
        /// Send this reply, and tell `finished(ticket)` when it is on its way.
        case reply(CommandReply, Ticket, id: [UInt8]?)
        /// Nothing now.
        case wait
    }

    private(set) var mode = SessionMode.negotiating
    /// The in-band command in progress.
    private var running: Ticket?
    private var waiting: [Request] = []
    private var lastTicket: UInt64 = 0
    /// Whether no request is begun any more.
    private(set) var isStopped = false

    /// Whether the owner must not feed requests.
    var isFull: Bool { waiting.count >= Self.queueLimit }

    /// Whether no in-band request runs or waits.
    var isIdle: Bool { running == nil && waiting.isEmpty }

    /// Whether events reach this client.
    var isNegotiated: Bool { mode != .negotiating }

    /// From now on requests are dropped, those that wait too. What runs is still answered.
    mutating func stop() {
        isStopped = true
        waiting = []
    }

    /// A request has come.
    mutating func received(_ request: Request) -> Action {
        if isStopped { return .wait }
        if request.isOutOfBand { return begin(request) }
        guard running == nil, waiting.isEmpty else {
            precondition(!isFull, "fed while full")
            waiting.append(request)
            return .wait
        }
        return begin(request)
    }

    /// A command is done and its reply is on its way. Call `next()` until it gives nil if it was in-band.
    mutating func finished(_ ticket: Ticket) {
        if running == ticket { running = nil }
    }

    /// What follows after an in-band command is done.
    mutating func next() -> Action? {
        guard running == nil, !waiting.isEmpty else { return nil }
        return begin(waiting.removeFirst())
    }

    private mutating func begin(_ request: Request) -> Action {
        lastTicket += 1
        let ticket = Ticket(number: lastTicket)
        if !request.isOutOfBand { running = ticket }
        switch request.content {
        case .refused(let error):
            return .reply(.failure(error), ticket, id: request.id)
        case .negotiate(let enabled):
            mode = .commands(outOfBand: enabled.contains(.oob))
            return .reply(.empty, ticket, id: request.id)
        case .command(let command):
            return .run(command, ticket, id: request.id, isOutOfBand: request.isOutOfBand)
        }
    }
}
