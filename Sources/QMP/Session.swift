public import Dispatch
public import JSON

/// One client's QMP conversation, between bytes that come and bytes that go.
///
/// Confined to the control queue: every call comes there, and every call out goes from there. Messages and replies beyond
/// 64 KiB are parsed and encoded on a queue of the session's own; what follows them waits, so that the order is kept.
public final class Session: CompletionReceiver, @unchecked Sendable {
    /// What a session needs from its surroundings.
    public struct Surroundings {
        /// The control queue.
        public var queue: DispatchQueue
        /// Who knows the commands.
        public var dispatcher: any CommandDispatcher
        /// What `query-version` returns, encoded in the session's style by the greeting.
        public var version: any JSONEncodable & Sendable
        /// The bound over all sessions.
        public var budget: InputBudget

        /// Makes surroundings.
        public init(queue: DispatchQueue, dispatcher: any CommandDispatcher, version: any JSONEncodable & Sendable, budget: InputBudget) {
            self.queue = queue
            self.dispatcher = dispatcher
            self.version = version
            self.budget = budget
        }
    }

    /// Where a session's effects go.
    public struct Output {
        /// Bytes for the client. They may be collected until `flush`.
        public var send: ([UInt8]) -> Void
        /// Everything that was sent in this turn is sent.
        public var flush: () -> Void
        /// Whether more bytes are wanted. Bytes that come in spite of false are kept.
        public var wantsInput: (Bool) -> Void
        /// The client has ended its input and every reply is sent.
        public var finished: () -> Void

        /// Makes an output.
        public init(
            send: @escaping ([UInt8]) -> Void, flush: @escaping () -> Void, wantsInput: @escaping (Bool) -> Void,
            finished: @escaping () -> Void
        ) {
            self.send = send
            self.flush = flush
            self.wantsInput = wantsInput
            self.finished = finished
        }
    }

    /// Messages and replies beyond this size leave the control queue.
    public static let largeSize = 64 << 10
    /// Requests carried out in one turn before others on the control queue have theirs.
    private static let turnLength = 128

    /// Tells the session apart.
    public let id: SessionID
    /// How its text is laid out.
    public let style: JSONWriter.Style

    private let surroundings: Surroundings
    private let output: Output
    private var machine = SessionMachine()
    private var input = MessageBuffer()
    /// Bytes of this session that the budget counts.
    private var charged = 0
    /// The commands in progress, each with the id to echo.
    private var inProgress = OwedReplies()
    /// The commands in progress that have answered early, and whether the answer is on its way.
    private var answered: [Ticket: Bool] = [:]
    /// A large message is being parsed.
    private var isParsing = false
    /// The output is congested: no further request is begun.
    private var isCongested = false
    private var inputEnded = false
    private var isClosed = false
    private var isFinished = false
    private var isPumping = false
    private var isPumpScheduled = false
    /// The size of the message being parsed aside.
    private var parsingSize = 0
    private var wantsInput = true
    /// Large replies in the making.
    private var encodings = 0
    private lazy var ownQueue = DispatchQueue(label: "blockjobd.session", qos: .userInitiated)

    /// Makes a session; it says nothing before `start`.
    public init(_ id: SessionID, style: JSONWriter.Style, in surroundings: Surroundings, output: Output) {
        self.id = id
        self.style = style
        self.surroundings = surroundings
        self.output = output
    }

    /// Whether events reach this client: it has negotiated and is still there.
    public var receivesEvents: Bool { machine.isNegotiated && !isClosed }

    // MARK: Events from outside

    /// Greets the client.
    public func start() {
        output.send(Envelope.greeting(version: Erased(surroundings.version), style))
        output.flush()
    }

    /// Bytes have come.
    public func received(_ bytes: UnsafeRawBufferPointer) {
        guard !isClosed, !machine.isStopped else { return }
        input.append(bytes)
        pump()
        enforceBudget()
    }

    /// The client sends nothing more. What it sent is still answered.
    public func inputDidEnd() {
        inputEnded = true
        pump()
    }

    /// The client has gone. Commands in progress run on; nobody reads their replies.
    public func close() {
        isClosed = true
        input = MessageBuffer()
        charge()
    }

    /// The daemon ends: no request is begun any more, and what has not been begun is never answered.
    public func stopRequests() {
        guard !isClosed, !machine.isStopped else { return }
        machine.stop()
        input = MessageBuffer()
        charge()
        updateWantsInput()
    }

    /// The output has become congested, or is no longer.
    public func setCongested(_ isCongested: Bool) {
        guard self.isCongested != isCongested else { return }
        self.isCongested = isCongested
        if isCongested { updateWantsInput() } else { pump() }
    }

    /// Sends an event, if the client has negotiated. `flush` is the caller's.
    public func send(_ event: EncodedEvent) {
        if receivesEvents { output.send(event.bytes(style)) }
    }

    /// Takes the reply of a command that answered `later`.
    public func complete(_ ticket: Ticket, with reply: CommandReply) {
        dispatchPrecondition(condition: .onQueue(surroundings.queue))
        if let isSent = answered.removeValue(forKey: ticket) {
            if isSent { machine.finished(ticket) }
        } else if let owed = inProgress.remove(ticket) {
            answer(ticket, reply, id: owed.id)
        } else {
            return
        }
        pump()
    }

    /// Takes the reply of a command that goes on.
    public func replyEarly(_ ticket: Ticket, with reply: CommandReply) {
        dispatchPrecondition(condition: .onQueue(surroundings.queue))
        guard let owed = inProgress.remove(ticket) else { return }
        answered[ticket] = false
        answer(ticket, reply, id: owed.id)
        pump()
    }

    // MARK: Requests

    /// Carries out what can be, for one turn's length.
    private func pump() {
        guard !isClosed else { return }
        guard !isPumping else { return schedulePump() }
        isPumping = true
        let isDrained = carryOut()
        isPumping = false
        guard !isClosed else { return }
        charge()
        updateWantsInput()
        output.flush()
        finishIfDone(isDrained)
    }

    /// Carries out requests until something holds them up. Returns whether all the input's messages are begun.
    private func carryOut() -> Bool {
        while let action = machine.next() { perform(action) }
        var left = Self.turnLength
        while !isClosed, !isParsing, !isCongested, !machine.isFull, !machine.isStopped {
            guard left > 0 else {
                schedulePump()
                return false
            }
            left -= 1
            switch input.next() {
            case .message(let range) where range.count > Self.largeSize:
                parseAside(input.takeMessage(range))
            case .message(let range):
                let mode = machine.mode
                handle(
                    input.withMessage(range) {
                        Request($0, mode: mode, style: style, dispatcher: surroundings.dispatcher)
                    })
            case .malformed(let error):
                handle(Request(refused: error))
            case nil:
                return true
            }
        }
        return machine.isStopped
    }

    private func handle(_ request: Request) {
        perform(machine.received(request))
        while let action = machine.next() { perform(action) }
    }

    private func perform(_ action: SessionMachine.Action) {
        switch action {
        case .wait:
            break
        case .reply(let reply, let ticket, let id):
            answer(ticket, reply, id: id)
        case .run(let command, let ticket, let id, let isOutOfBand):
            let context = CommandContext(
                session: self.id, isOutOfBand: isOutOfBand, style: style, completion: CommandCompletion(self, ticket))
            inProgress.add(ticket, id: id)
            if case .reply(let reply) = command.run(context), let owed = inProgress.remove(ticket) {
                answer(ticket, reply, id: owed.id)
            }
        }
    }

    /// Parses a large message on the session's own queue; until that is done no further message is looked at.
    private func parseAside(_ bytes: consuming MessageBytes) {
        isParsing = true
        parsingSize = bytes.count
        let message = LargeMessage(bytes)
        let (mode, style, dispatcher) = (machine.mode, style, surroundings.dispatcher)
        ownQueue.async {
            message.read(mode: mode, style: style, dispatcher: dispatcher)
            self.surroundings.queue.async {
                self.isParsing = false
                self.parsingSize = 0
                guard !self.isClosed else { return message.release(on: self.ownQueue) }
                message.withRequest { self.handle($0) }
                message.release(on: self.ownQueue)
                self.pump()
            }
        }
    }

    // MARK: Replies

    /// Sends a reply, at once or when it is encoded, and then lets the next in-band request run.
    private func answer(_ ticket: Ticket, _ reply: CommandReply, id: [UInt8]?) {
        let style = style
        let idSize = id?.count ?? 0
        switch reply {
        case .empty where idSize <= Self.largeSize:
            send(Envelope.success(id: id, style), for: ticket)
        case .success(let value) where value.count + idSize <= Self.largeSize:
            send(Envelope.success(value, id: id, style), for: ticket)
        case .failure(let error) where error.desc.utf8.count + idSize <= Self.largeSize:
            send(Envelope.failure(error, id: id, style), for: ticket)
        case .empty:
            encodeAside(ticket) { Envelope.success(id: id, style) }
        case .success(let value):
            encodeAside(ticket) { Envelope.success(value, id: id, style) }
        case .deferred(let encode):
            encodeAside(ticket) { Envelope.success(encode(style), id: id, style) }
        case .failure(let error):
            encodeAside(ticket) { Envelope.failure(error, id: id, style) }
        }
    }

    private func send(_ line: [UInt8], for ticket: Ticket) {
        if answered[ticket] == nil {
            machine.finished(ticket)
        } else {
            answered[ticket] = true
        }
        if !isClosed { output.send(line) }
    }

    private func encodeAside(_ ticket: Ticket, _ encode: @escaping @Sendable () -> [UInt8]) {
        encodings += 1
        ownQueue.async {
            let line = encode()
            self.surroundings.queue.async {
                self.encodings -= 1
                self.send(line, for: ticket)
                self.pump()
            }
        }
    }

    // MARK: Flow

    private func schedulePump() {
        guard !isPumpScheduled else { return }
        isPumpScheduled = true
        surroundings.queue.async {
            self.isPumpScheduled = false
            self.pump()
        }
    }

    private func updateWantsInput() {
        let wanted = !isClosed && !isParsing && !isCongested && !machine.isFull && !isPumpScheduled && !machine.isStopped
        guard wanted != wantsInput else { return }
        wantsInput = wanted
        output.wantsInput(wanted)
    }

    private func finishIfDone(_ isDrained: Bool) {
        guard inputEnded, isDrained, machine.isIdle, inProgress.isEmpty, answered.isEmpty, encodings == 0, !isFinished else { return }
        isFinished = true
        output.finished()
    }

    /// Tells the budget what this session holds.
    private func charge() {
        let held = isClosed ? parsingSize : input.count + parsingSize
        surroundings.budget.change(by: held - charged)
        charged = held
    }

    /// Gives up a large message in progress when all sessions together hold too much.
    private func enforceBudget() {
        guard surroundings.budget.isExceeded, !isClosed, !isParsing, !machine.isFull, input.count > Self.largeSize else { return }
        if case .malformed(let error) = input.abandon(JSONError("Input of all clients exceeds the limit")) {
            handle(Request(refused: error))
            charge()
            output.flush()
        }
    }
}

/// A large message on its way through the session's own queue. One queue at a time touches it.
private final class LargeMessage: @unchecked Sendable {
    private var bytes: MessageBytes?
    private var request: Request?

    init(_ bytes: consuming MessageBytes) { self.bytes = consume bytes }

    func read(mode: SessionMode, style: JSONWriter.Style, dispatcher: any CommandDispatcher) {
        guard let bytes = bytes.take() else { return }
        do throws(JSONError) {
            request = Request(try bytes.parse(), mode: mode, style: style, dispatcher: dispatcher)
        } catch {
            request = Request(refused: error)
        }
    }

    func withRequest(_ body: (Request) -> Void) {
        if let request { body(request) }
    }

    /// Frees what may be large where it delays nobody.
    func release(on queue: DispatchQueue) {
        queue.async { self.request = nil }
    }
}

/// Lets a value of any encodable type pass where a type is asked for.
private struct Erased: JSONEncodable {
    let value: any JSONEncodable
    init(_ value: any JSONEncodable) { self.value = value }
    func encode(to writer: inout JSONWriter) { value.encode(to: &writer) }
}
