/// Decides what a session does next: who may run, who waits, what is understood, when it is over. No I/O, no bytes, never suspends.
///
/// In-band requests run one at a time in the order they came; those behind the running one wait in a queue of at most
/// `queueLimit`, and while it is full the owner must not feed more. Out-of-band requests run at once.
struct SessionMachine {
    /// How many requests may wait behind the one that runs; reading stops when as many do.
    static let queueLimit = 8
    /// Bytes of requests that may wait behind the one that runs before reading stops.
    static let queuedBytes = 1 << 20

    /// What the owner must do with a request. It tells `answer(ticket, isLast:)` when the command gives its reply.
    enum Action: Sendable {
        /// Carry the command out.
        case run(PreparedCommand, Ticket, isOutOfBand: Bool)
        /// Give this reply.
        case reply(CommandReply, Ticket)
    }

    /// Whether the client is there.
    private enum Client {
        case talks
        /// It sends nothing more, and reads what is owed.
        case listens
        /// Everything is said.
        case done
        case gone
    }

    /// What happens to the bytes that come.
    private enum Intake: Equatable {
        /// Messages are looked at as they come.
        case open
        /// A message of so many bytes is being parsed aside, and those behind it wait.
        case parsing(Int)
        /// The daemon ends: nothing is looked at any more.
        case stopped
    }

    private enum Outlet {
        case free
        /// The client does not read: no request is begun.
        case congested
    }

    private(set) var mode = SessionMode.negotiating
    private var client = Client.talks
    private var intake = Intake.open
    private var outlet = Outlet.free
    /// The in-band command in progress.
    private var running: Ticket?
    private var waiting: [Request] = []
    private var waitingBytes = 0
    private var replies = OpenReplies()
    private var lastTicket: UInt64 = 0

    // MARK: What is so

    /// Whether no request is begun any more, and what comes is dropped.
    var isDeaf: Bool { client == .gone || intake == .stopped }
    /// Whether the client has gone.
    var isGone: Bool { client == .gone }
    /// Whether the owner may feed a request.
    var mayFeed: Bool { intake == .open && outlet == .free && client != .gone && !isFull }
    /// Whether bytes of the client should be read.
    var wantsInput: Bool { client == .talks && mayFeed }
    /// Whether events reach this client.
    var receivesEvents: Bool { mode != .negotiating && client != .gone }
    /// Bytes of the requests that are being parsed, wait or run.
    var heldBytes: Int {
        if case .parsing(let size) = intake { waitingBytes + replies.size + size } else { waitingBytes + replies.size }
    }
    /// Bytes of the largest request that waits.
    var largestWaiting: Int { waiting.lazy.map(\.size).max() ?? 0 }

    private var isFull: Bool { waiting.count >= Self.queueLimit || waitingBytes > Self.queuedBytes }

    // MARK: What happens

    /// From now on requests are dropped, those that wait too. What runs is still answered.
    mutating func stop() {
        intake = .stopped
        dropWaiting()
    }

    /// The client has gone. What runs goes on, and what waits is never begun.
    mutating func close() {
        client = .gone
        dropWaiting()
    }

    /// The client sends nothing more.
    mutating func inputDidEnd() { if client == .talks { client = .listens } }

    /// - Returns: whether that is news.
    mutating func setCongested(_ isCongested: Bool) -> Bool {
        let new: Outlet = isCongested ? .congested : .free
        defer { outlet = new }
        return outlet != new
    }

    /// A large message is parsed aside.
    mutating func beginParsing(_ size: Int) { if intake == .open { intake = .parsing(size) } }

    /// It is parsed.
    mutating func endParsing() { if case .parsing = intake { intake = .open } }

    /// A request has come.
    /// - Returns: what to do; nil when it waits, or is dropped.
    mutating func received(_ request: Request) -> Action? {
        if isDeaf { return nil }
        if request.isOutOfBand { return begin(request) }
        guard running == nil, waiting.isEmpty else {
            waiting.append(request)
            waitingBytes += request.size
            return nil
        }
        return begin(request)
    }

    /// What follows after an in-band command is done. Call it until it gives nil.
    mutating func next() -> Action? {
        guard running == nil, !waiting.isEmpty else { return nil }
        let request = waiting.removeFirst()
        waitingBytes -= request.size
        return begin(request)
    }

    /// The command that holds `ticket` gives its reply.
    /// - Parameter isLast: whether it has ended.
    /// - Returns: the reply's id, when the reply is wanted.
    mutating func answer(_ ticket: Ticket, isLast: Bool) -> OpenReplies.Answer? {
        let answer = replies.answer(ticket, isLast: isLast)
        if answer == .ended { finished(ticket) }
        return answer
    }

    /// A reply is on its way.
    mutating func sent(_ ticket: Ticket) { if replies.sent(ticket) { finished(ticket) } }

    /// Everything that came is begun.
    /// - Returns: whether now, and for the first time, everything is said.
    mutating func finishIfDone() -> Bool {
        guard client == .listens, running == nil, waiting.isEmpty, replies.isEmpty, intake == .open || intake == .stopped else {
            return false
        }
        client = .done
        return true
    }

    /// Gives up the largest request that waits: it is answered in its turn, by this error.
    mutating func giveUpLargest(_ error: QMPError) {
        guard let index = waiting.indices.max(by: { waiting[$0].size < waiting[$1].size }) else { return }
        waitingBytes -= waiting[index].size
        waiting[index] = Request(refused: error, insteadOf: waiting[index])
        waitingBytes += waiting[index].size
    }

    // MARK: Inside

    private mutating func dropWaiting() {
        waiting = []
        waitingBytes = 0
    }

    private mutating func finished(_ ticket: Ticket) { if running == ticket { running = nil } }

    private mutating func begin(_ request: Request) -> Action {
        lastTicket += 1
        let ticket = Ticket(number: lastTicket)
        if !request.isOutOfBand { running = ticket }
        replies.begin(ticket, id: request.id, size: request.size)
        switch request.content {
        case .refused(let error):
            return .reply(.failure(error), ticket)
        case .negotiate(let enabled):
            mode = .commands(outOfBand: enabled.contains(.oob))
            return .reply(.empty, ticket)
        case .command(let command):
            return .run(command, ticket, isOutOfBand: request.isOutOfBand)
        }
    }
}
