public import JSON
import Synchronization

/// Tells the sessions of one daemon apart; never used twice.
public struct SessionID: Sendable, Hashable, CustomStringConvertible {
    /// Counts from 1.
    public let number: UInt64

    /// Makes the id with this number.
    public init(_ number: UInt64) { self.number = number }

    /// For log lines.
    public var description: String { "client \(number)" }
}

/// Finds commands by name and decodes their arguments: the monitor's side of a session.
public protocol CommandDispatcher: Sendable {
    /// Decodes a command so that it can be carried out later.
    ///
    /// Called on any queue, also while other calls are in progress, and must not depend on the daemon's state: for a
    /// large message it runs on a queue of the session's own. Nothing of `arguments` may be kept but copies.
    /// - Parameter arguments: an object, empty when the request has none.
    /// - Throws: `.notFound(command:)`, then `.noOutOfBand(command:)`, then what is wrong with the arguments.
    func prepare(_ name: String, arguments: JSONView, isOutOfBand: Bool) throws(QMPError) -> PreparedCommand
}

/// A command whose arguments are decoded and which only waits to be carried out.
public struct PreparedCommand: Sendable {
    /// Carries the command out. Called on the control queue, once.
    public let run: @Sendable (CommandContext) -> CommandOutcome

    /// Makes a command from what it does.
    public init(run: @escaping @Sendable (CommandContext) -> CommandOutcome) { self.run = run }
}

/// What a command may know about who sent it.
public struct CommandContext: Sendable {
    /// The session that sent it.
    public let session: SessionID
    /// Whether it came as `exec-oob`.
    public let isOutOfBand: Bool
    /// How the session wants its text laid out; `CommandReply.success` must follow it.
    public let style: JSONWriter.Style
    /// Where the reply goes when the outcome is `later`.
    public let completion: CommandCompletion

    /// Makes a context.
    public init(session: SessionID, isOutOfBand: Bool, style: JSONWriter.Style, completion: CommandCompletion) {
        self.session = session
        self.isOutOfBand = isOutOfBand
        self.style = style
        self.completion = completion
    }
}

/// Whether a command is done.
public enum CommandOutcome: Sendable {
    /// It is, with this reply.
    case reply(CommandReply)
    /// The context's completion will be called, once. The session starts no other in-band command before.
    case later
}

/// What a command answers.
public enum CommandReply: Sendable {
    /// `return` is an empty object.
    case empty
    /// `return` is this JSON text, written in the style of the context.
    case success([UInt8])
    /// `return` is large (beyond 64 KiB or so): it is encoded on a queue of the session's own.
    case deferred(@Sendable (JSONWriter.Style) -> [UInt8])
    /// The command failed.
    case failure(QMPError)

    /// `return` is the value's form, encoded now.
    public static func value(_ value: some JSONEncodable, in context: CommandContext) -> CommandReply {
        .success(value.encoded(context.style))
    }
}

/// Takes the reply of a command that was not done at once.
///
/// A command that is never answered keeps its session waiting for ever. So debug builds end the process when the last copy of a completion goes and no reply
/// was given.
public struct CommandCompletion: Sendable {
    private let receiver: any CompletionReceiver
    private let ticket: Ticket
    #if DEBUG
        private let debt = ReplyDebt()
    #endif

    /// Makes the completion of the command that holds `ticket`.
    public init(_ receiver: any CompletionReceiver, _ ticket: Ticket) {
        self.receiver = receiver
        self.ticket = ticket
    }

    /// Gives the reply and ends the command. Call once, on the control queue. Does nothing when the client has gone.
    public func callAsFunction(_ reply: CommandReply) {
        isSettled()
        receiver.complete(ticket, with: reply)
    }

    /// Says that the command was answered without it.
    func isSettled() {
        #if DEBUG
            debt.isPaid.withLock { $0 = true }
        #endif
    }

    /// Gives the reply while the command goes on: the session begins its next in-band command when that has ended, by a call as a function,
    /// whose own reply is then dropped. Call at most once, on the control queue.
    public func replyEarly(_ reply: CommandReply) { receiver.replyEarly(ticket, with: reply) }
}

#if DEBUG
    /// That a command owes a reply.
    private final class ReplyDebt: Sendable {
        let isPaid = Mutex(false)

        deinit { precondition(isPaid.withLock { $0 }, "a command was never answered") }
    }
#endif

/// Where completions end.
public protocol CompletionReceiver: AnyObject, Sendable {
    /// Takes the reply of the command that holds `ticket` and goes on.
    func replyEarly(_ ticket: Ticket, with reply: CommandReply)
    /// The command that holds `ticket` has ended. Takes its reply if it has not given one early.
    func complete(_ ticket: Ticket, with reply: CommandReply)
}

/// Names one command of a session while it is carried out.
public struct Ticket: Sendable, Hashable {
    let number: UInt64
}
