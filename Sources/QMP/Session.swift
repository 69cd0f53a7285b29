public import Dispatch
public import JSON

/// One client's QMP conversation, between bytes that come and bytes that go.
///
/// Confined to the control queue: every call comes there, and every call out goes from there. Messages and replies beyond
/// 64 KiB are parsed and encoded on a queue beside it; what follows them waits, so that the order is kept. `SessionMachine` decides, and the
/// session acts.
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
        /// Bytes that wait for the client.
        public var waitingBytes: () -> Int
        /// The client does not read, and others need the memory of what waits for it.
        public var cutOff: () -> Void

        /// Makes an output.
        public init(
            send: @escaping ([UInt8]) -> Void, flush: @escaping () -> Void, wantsInput: @escaping (Bool) -> Void,
            finished: @escaping () -> Void, waitingBytes: @escaping () -> Int, cutOff: @escaping () -> Void
        ) {
            self.send = send
            self.flush = flush
            self.wantsInput = wantsInput
            self.finished = finished
            self.waitingBytes = waitingBytes
            self.cutOff = cutOff
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
    private var turn = Turn.resting
    /// Bytes of this session that the budget counts.
    private var charged = 0

    /// When requests are carried out.
    private enum Turn {
        case resting
        case running
        /// In a later turn of the control queue, as others come first.
        case due
        case runningAndDue
    }

    /// Makes a session; it says nothing before `start`.
    public init(_ id: SessionID, style: JSONWriter.Style, in surroundings: Surroundings, output: Output) {
        self.id = id
        self.style = style
        self.surroundings = surroundings
        self.output = output
    }

    /// Whether events reach this client: it has negotiated and is still there.
    public var receivesEvents: Bool { machine.receivesEvents }

    // MARK: Events from outside

    /// Greets the client.
    public func start() {
        output.send(Envelope.greeting(version: Erased(surroundings.version), style))
        output.flush()
    }

    /// Bytes have come.
    public func received(_ bytes: UnsafeRawBufferPointer) {
        guard !machine.isDeaf else { return }
        input.append(bytes)
        pump()
    }

    /// The client sends nothing more. What it sent is still answered.
    public func inputDidEnd() {
        machine.inputDidEnd()
        pump()
    }

    /// The client has gone. Commands in progress run on; nobody reads their replies.
    public func close() {
        machine.close()
        input = MessageBuffer()
        recount()
    }

    /// The daemon ends: no request is begun any more, and what has not been begun is never answered.
    public func stopRequests() {
        guard !machine.isDeaf else { return }
        machine.stop()
        input = MessageBuffer()
        recount()
        updateWantsInput()
    }

    /// The output has become congested, or is no longer.
    public func setCongested(_ isCongested: Bool) {
        guard machine.setCongested(isCongested) else { return }
        if isCongested { updateWantsInput() } else { pump() }
    }

    /// Sends an event, if the client has negotiated. `flush` is the caller's.
    public func send(_ event: EncodedEvent) {
        if receivesEvents { output.send(event.bytes(style)) }
    }

    /// Takes the reply of a command that answered `later`.
    public func complete(_ ticket: Ticket, with reply: CommandReply) { take(reply, of: ticket, isLast: true) }

    /// Takes the reply of a command that goes on.
    public func replyEarly(_ ticket: Ticket, with reply: CommandReply) { take(reply, of: ticket, isLast: false) }

    private func take(_ reply: CommandReply, of ticket: Ticket, isLast: Bool) {
        dispatchPrecondition(condition: .onQueue(surroundings.queue))
        answer(ticket, reply, isLast: isLast)
        pump()
    }

    // MARK: Requests

    /// Carries out what can be, for one turn's length.
    private func pump() {
        guard !machine.isGone else { return recount() }
        guard turn != .running, turn != .runningAndDue else { return schedulePump() }
        turn = turn == .due ? .runningAndDue : .running
        let isDrained = carryOut()
        turn = turn == .runningAndDue ? .due : .resting
        guard !machine.isGone else { return recount() }
        output.flush()
        recount()
        surroundings.budget.enforce()
        updateWantsInput()
        if isDrained, machine.finishIfDone() { output.finished() }
    }

    private func schedulePump() {
        switch turn {
        case .due, .runningAndDue: return
        case .resting: turn = .due
        case .running: turn = .runningAndDue
        }
        surroundings.queue.async {
            self.turn = self.turn == .runningAndDue ? .running : .resting
            self.pump()
        }
    }

    /// Carries out requests until something holds them up. Returns whether all the input's messages are begun.
    private func carryOut() -> Bool {
        while let action = machine.next() { perform(action) }
        var left = Self.turnLength
        while machine.mayFeed {
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
        return machine.isDeaf
    }

    private func handle(_ request: Request) {
        if let action = machine.received(request) { perform(action) }
        while let action = machine.next() { perform(action) }
    }

    private func perform(_ action: SessionMachine.Action) {
        switch action {
        case .reply(let reply, let ticket):
            answer(ticket, reply, isLast: true)
        case .run(let command, let ticket, let isOutOfBand):
            let context = CommandContext(
                session: id, isOutOfBand: isOutOfBand, style: style, completion: CommandCompletion(self, ticket))
            guard case .reply(let reply) = command.run(context) else { return }
            context.completion.isSettled()
            answer(ticket, reply, isLast: true)
        }
    }

    /// Parses a large message beside the control queue; until that is done no further message is looked at.
    private func parseAside(_ bytes: consuming MessageBytes) {
        machine.beginParsing(bytes.count)
        let message = LargeMessage(bytes)
        let (mode, style, dispatcher) = (machine.mode, style, surroundings.dispatcher)
        let aside = LargeWork.queue(for: id)
        aside.async {
            message.read(mode: mode, style: style, dispatcher: dispatcher)
            self.surroundings.queue.async {
                self.machine.endParsing()
                if !self.machine.isDeaf, let request = message.takeRequest() { self.handle(request) }
                message.release(on: aside)
                self.pump()
            }
        }
    }

    // MARK: Replies

    /// Sends a reply, at once or when it is encoded, and then lets the next in-band request run.
    private func answer(_ ticket: Ticket, _ reply: CommandReply, isLast: Bool) {
        guard case .reply(let id)? = machine.answer(ticket, isLast: isLast) else { return }
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
        machine.sent(ticket)
        if !machine.isGone { output.send(line) }
    }

    private func encodeAside(_ ticket: Ticket, _ encode: @escaping @Sendable () -> [UInt8]) {
        LargeWork.queue(for: id).async {
            let line = encode()
            self.surroundings.queue.async {
                self.send(line, for: ticket)
                self.pump()
            }
        }
    }

    private func updateWantsInput() {
        output.wantsInput(machine.wantsInput && turn != .due && turn != .runningAndDue)
    }
}

extension Session: InputBudget.Holder {
    func recount() {
        let held = input.count + machine.heldBytes + (machine.isGone ? 0 : output.waitingBytes())
        guard held != charged else { return }
        surroundings.budget.change(self, from: charged, to: held)
        charged = held
    }

    var disposable: Int { max(messageInProgress, machine.largestWaiting, machine.isGone ? 0 : output.waitingBytes()) }

    /// Bytes of a message that is not complete. While no message may be fed, the few that are there are none of a large one.
    private var messageInProgress: Int { machine.mayFeed ? input.count : 0 }

    /// Gives up the largest of what the client sends, what waits to be carried out, and what the client does not read. Each is answered by an error, but for
    /// the last, which costs the connection.
    func giveUp() {
        let error = JSONError("Input of all clients exceeds the limit")
        let largest = disposable
        if largest == messageInProgress {
            guard case .malformed(let error) = input.abandon(error) else { return }
            handle(Request(refused: error))
            output.flush()
        } else if largest == machine.largestWaiting {
            machine.giveUpLargest(QMPError(error))
        } else {
            output.cutOff()
        }
    }
}

/// Lets a value of any encodable type pass where a type is asked for.
private struct Erased: JSONEncodable {
    let value: any JSONEncodable
    init(_ value: any JSONEncodable) { self.value = value }
    func encode(to writer: inout JSONWriter) { value.encode(to: &writer) }
}
