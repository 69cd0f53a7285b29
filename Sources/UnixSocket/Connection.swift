public import Dispatch
import Glibc

/// One stream to a client: bytes in and bytes out, without a thread of its own.
///
/// Confined to the control queue: calls come there, and so do all callbacks. What is sent waits in a queue until `flush`, and as long as the client does
/// not read. `ConnectionMachine` decides what happens; this carries it out.
///
/// **The bound.** A client that does not read is cut off when more than `Limits.output` bytes wait for it and more are to
/// be added. One message of any size is always accepted, so that a reply larger than the bound reaches a client that
/// reads. Long before, from `Limits.congestion` on, `congestionChanged` asks the owner to begin no further requests, so
/// that only events and replies under way can reach the bound.
public final class Connection: @unchecked Sendable {
    /// How much may wait for a client.
    public struct Limits: Sendable {
        /// 8 MiB: some 50,000 events. Beyond it the client is cut off.
        public var output = 8 << 20
        /// 1 MiB: where the owner is asked to begin nothing new.
        public var congestion = 1 << 20

        /// The usual limits.
        public init() {}
    }

    /// Why a connection is no more.
    public enum Ending: Sendable, Hashable {
        /// `finish` or `close` was called, and with `finish` everything was written.
        case closed
        /// The client has gone; `errno` of the call that showed it.
        case lost(code: Int32)
        /// The client did not read, and more waited for it than the bound allows.
        case outputLimit(bytes: Int)
    }

    /// What the owner is told.
    public struct Callbacks {
        /// Bytes that have come, valid during the call.
        public var received: (UnsafeRawBufferPointer) -> Void
        /// The client sends nothing more; it may still read.
        public var inputEnded: () -> Void
        /// Whether enough waits for the client that nothing new should be begun.
        public var congestionChanged: (Bool) -> Void
        /// The connection is no more. Called once, last.
        public var ended: (Ending) -> Void

        /// Makes callbacks.
        public init(
            received: @escaping (UnsafeRawBufferPointer) -> Void, inputEnded: @escaping () -> Void,
            congestionChanged: @escaping (Bool) -> Void, ended: @escaping (Ending) -> Void
        ) {
            self.received = received
            self.inputEnded = inputEnded
            self.congestionChanged = congestionChanged
            self.ended = ended
        }
    }

    /// Who is at the other end, where the kernel tells.
    public let peer: PeerCredentials?

    private let queue: DispatchQueue
    private let limits: Limits
    private let input: Descriptor
    private let output: Descriptor
    private var callbacks: Callbacks?
    private lazy var readBuffer = ReadBuffer.shared(on: queue)
    private var waiting = OutputQueue()
    private var machine = ConnectionMachine()
    private var promptness = Promptness()
    /// How often something was sent.
    private var sendings: UInt64 = 0

    /// Takes over a connected socket.
    public convenience init(socket: Int32, on queue: DispatchQueue, limits: Limits = Limits()) {
        self.init(input: socket, output: socket, closes: true, on: queue, limits: limits)
    }

    /// Takes over a pair of descriptors such as standard input and output; they stay open at the end and get back the
    /// flags that they had. The process must ignore SIGPIPE when `output` is a pipe.
    public convenience init(input: Int32, output: Int32, on queue: DispatchQueue, limits: Limits = Limits()) {
        self.init(input: input, output: output, closes: false, on: queue, limits: limits)
    }

    private init(input: Int32, output: Int32, closes: Bool, on queue: DispatchQueue, limits: Limits) {
        self.queue = queue
        self.limits = limits
        peer = PeerCredentials(descriptor: input)
        let number = input
        self.input = Descriptor(number, closes: closes)
        self.output = output == number ? self.input : Descriptor(output, closes: closes)
    }

    deinit {
        guard !machine.isOver else { return }
        // Whoever lets go of a connection may be elsewhere.
        queue.async { [input, output] in Self.giveBack(input, output) }
    }

    /// The bytes that wait for the client.
    public var waitingBytes: Int { waiting.count }

    /// Starts reading. Call once.
    public func start(_ callbacks: Callbacks) {
        dispatchPrecondition(condition: .onQueue(queue))
        self.callbacks = callbacks
        input.onReadable(queue) { [weak self] in self?.readSome() }
        output.onWritable(queue) { [weak self] in
            guard let self else { return }
            machine.unblock()
            flush()
        }
        input.resumeReading()
    }

    // MARK: Input

    /// Reads no more until `resumeReading`.
    public func pauseReading() {
        if let reporter = machine.pause() { rest(reporter) }
    }

    /// Reads again.
    public func resumeReading() {
        if machine.resume() { watch() }
    }

    /// Has the bytes that come reported, by the source or by the queue's attention.
    private func watch() {
        guard promptness.deservesStay, Attention.shared(on: queue).join(self) else { return input.resumeReading() }
        machine.attend()
        promptness.stayBegan()
        input.pauseReading()
    }

    /// Has nothing reported any more.
    private func rest(_ reporter: ConnectionMachine.Input) {
        if reporter == .attended { Attention.shared(on: queue).part(from: self) }
        input.pauseReading()
    }

    /// One read of a turn: others on the queue have their turn before the next. Returns false when nothing has come.
    @discardableResult
    private func readSome() -> Bool {
        guard machine.mayRead else { return false }
        let count = read(input.number, readBuffer.baseAddress, readBuffer.count)
        if count > 0 {
            receive(UnsafeRawBufferPointer(rebasing: readBuffer[..<count]))
            return true
        }
        if count < 0 {
            let code = errno
            if code == EAGAIN || code == EINTR { return false }
            // A client that left unread bytes behind; what it sent before is complete.
            if code != ECONNRESET {
                end(.lost(code: code))
                return true
            }
        }
        rest(machine.endInput())
        callbacks?.inputEnded()
        return true
    }

    private func receive(_ bytes: UnsafeRawBufferPointer) {
        let isAttended = machine.input == .attended
        if isAttended { promptness.askedInStay() } else { promptness.asked(at: Monotonic.now()) }
        let before = sendings
        callbacks?.received(bytes)
        guard machine.mayRead else { return }
        guard sendings != before else {
            // The answer may need the queue, which must not wait for this client then.
            promptness.owesAnswer()
            if machine.stopAttending() {
                rest(.attended)
                input.resumeReading()
            }
            return
        }
        guard machine.input != .attended else { return }
        promptness.answered(at: Monotonic.now())
        if promptness.deservesStay { watch() }
    }

    // MARK: Output

    /// Adds bytes that go out with the next `flush`.
    public func send(_ bytes: [UInt8]) {
        guard !machine.isOver else { return }
        if waiting.count > limits.output {
            flush()
            if waiting.count > limits.output { return end(.outputLimit(bytes: waiting.count)) }
        }
        sendings &+= 1
        waiting.append(bytes)
        if waiting.count > limits.congestion, machine.load == .normal { flush() }
    }

    /// Writes what waits, as far as the client takes it now.
    public func flush() {
        guard !machine.isOver else { return }
        // What is added while the client takes nothing counts at once: its requests are to wait before the bound is reached at which it is cut off.
        guard machine.output == .free else { return updateCongestion() }
        // A turn's share; the rest follows when the others on the queue have had theirs.
        var share = 1 << 20
        while !waiting.isEmpty, share > 0 {
            var code: Int32 = 0
            let done = waiting.withNext { bytes in
                let count = output.write(bytes, limit: 256 << 10)
                if count < 0 { code = errno }
                share -= max(0, count)
                return max(0, count)
            }
            if let done { Self.freeAside(done) }
            if code == EINTR { continue }
            if code == EAGAIN { break }
            if code != 0 { return end(.lost(code: code)) }
        }
        updateCongestion()
        if !waiting.isEmpty {
            machine.block()
            output.awaitWritable()
        } else if machine.life == .finishing {
            end(.closed)
        }
    }

    private func updateCongestion() {
        guard let load = machine.setWaiting(waiting.count, congestion: limits.congestion) else { return }
        callbacks?.congestionChanged(load == .congested)
    }

    /// Freeing many pages takes milliseconds, which the control queue has no time for.
    private static func freeAside(_ block: consuming [UInt8]) {
        let box = Disposal(block)
        emptying.async { box.empty() }
    }

    /// A queue of its own: threads of Dispatch's pools are counted by reading /proc, and a process in which that fails is ended.
    private static let emptying = DispatchQueue(label: "blockjobd.emptying", qos: .utility)

    // MARK: End

    /// In the reverse order of taking: both may be one open file, which gets back the flags that it had at first.
    private static func giveBack(_ input: Descriptor, _ output: Descriptor) {
        if output !== input { output.cancel() }
        input.cancel()
    }

    /// Ends the connection when everything that waits is written.
    public func finish() {
        machine.finish()
        flush()
    }

    /// Ends the connection of a client that does not read, because of what waits for it.
    public func cutOff() { end(.outputLimit(bytes: waiting.count)) }

    /// Ends the connection now; what waits is lost.
    public func close() { end(.closed) }

    private func end(_ ending: Ending) {
        guard let reporter = machine.end() else { return }
        waiting.removeAll()
        if reporter == .attended { rest(reporter) }
        Self.giveBack(input, output)
        let ended = callbacks?.ended
        // The owner's closures may refer to this connection.
        callbacks = nil
        ended?(ending)
    }
}

extension Connection: Attention.Client {
    var descriptor: Int32 { input.number }

    func serve() -> Bool { readSome() }

    func leave(_ end: Promptness.StayEnd) {
        promptness.stayEnded(end)
        if machine.stopAttending() { input.resumeReading() }
    }
}

/// Memory on its way to be freed elsewhere.
private final class Disposal: @unchecked Sendable {
    private var block: [UInt8]
    init(_ block: consuming [UInt8]) { self.block = block }
    func empty() { block = [] }
}
