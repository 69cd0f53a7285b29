public import JSON
import Jobs
import QAPI
public import QMP

/// Joins each command's name to the code that carries it out.
///
/// Decoding comes before that code, encoding after it: a handler sees typed arguments and returns a typed reply.
struct CommandTable: Sendable {
    /// Decodes arguments into a command that is ready to run.
    typealias Preparation = @Sendable (JSONView) throws(QMPError) -> PreparedCommand

    private struct Entry: Sendable {
        let allowOOB: Bool
        let prepare: Preparation
    }

    private var entries: [String: Entry] = [:]

    /// The names of all commands that can be carried out.
    var names: some Collection<String> { entries.keys }

    /// Finds a command and decodes its arguments.
    func prepare(_ name: String, _ arguments: JSONView, isOutOfBand: Bool) throws(QMPError) -> PreparedCommand {
        guard let entry = entries[name] else { throw .notFound(command: name) }
        guard entry.allowOOB || !isOutOfBand else { throw .noOutOfBand(command: name) }
        return try entry.prepare(arguments)
    }

    /// Joins `Command` to code that does not suspend: it runs within the turn in which the command came.
    mutating func register<Command: QAPICommand>(
        _ command: Command.Type, on monitor: StorageMonitor,
        _ body: @escaping @Sendable (Command, isolated StorageMonitor) throws(QMPError) -> Command.Reply
    ) {
        add(command) { command, context in
            .reply(monitor.assumeIsolated { monitor in reply(in: context) { () throws(QMPError) in try body(command, monitor) } })
        }
    }

    /// Joins `Command` to code that does not suspend, and whose arguments may be large: `prepare` turns them into what the code needs, beside the control
    /// plane when the message is large, and without the daemon's state.
    mutating func register<Command: QAPICommand, Prepared: Sendable>(
        _ command: Command.Type, on monitor: StorageMonitor, preparing prepare: @escaping @Sendable (Command) -> Prepared,
        _ body: @escaping @Sendable (Prepared, isolated StorageMonitor) throws(QMPError) -> Command.Reply
    ) {
        add(command, preparing: prepare) { prepared, context in
            .reply(monitor.assumeIsolated { monitor in reply(in: context) { () throws(QMPError) in try body(prepared, monitor) } })
        }
    }

    /// Joins `Command` to code that may wait; the session starts its next in-band command after the reply.
    /// - Parameter replied: called when the reply is on its way.
    mutating func registerWaiting<Command: QAPICommand>(
        _ command: Command.Type, on monitor: StorageMonitor,
        _ body: @escaping @Sendable (Command, isolated StorageMonitor) async throws(QMPError) -> Command.Reply,
        replied: (@Sendable (isolated StorageMonitor) -> Void)? = nil
    ) {
        add(command) { command, context in
            Task(executorPreference: monitor.registry.taskExecutor) { await monitor.carryOut(command, body, context, replied) }
            return .later
        }
    }

    /// Joins `Command` to code that may wait and whose reply may be long: what it returns makes the reply, on a queue of the session's own,
    /// and encodes it there.
    mutating func registerLarge<Command: QAPICommand>(
        _ command: Command.Type, on monitor: StorageMonitor,
        _ body: @escaping @Sendable (Command, isolated StorageMonitor) async throws(QMPError) -> @Sendable () -> Command.Reply
    ) {
        add(command) { command, context in
            Task(executorPreference: monitor.registry.taskExecutor) { await monitor.carryOut(command, body, context) }
            return .later
        }
    }

    /// Joins `Command`, which returns nothing, to code that may wait in band, and to code that does not when it comes out of band.
    ///
    /// The waiting code gets a closure for when the reply is due before it returns; the session's next in-band command begins when it has.
    mutating func register<Command: QAPICommand>(
        _ command: Command.Type, on monitor: StorageMonitor,
        waiting body:
            @escaping @Sendable (Command, isolated StorageMonitor, @escaping @Sendable () -> Void) async throws(QMPError) ->
            EmptyReply,
        outOfBand: @escaping @Sendable (Command, isolated StorageMonitor) throws(QMPError) -> EmptyReply
    ) where Command.Reply == EmptyReply {
        add(command) { command, context in
            guard context.isOutOfBand else {
                let waiting: @Sendable (Command, isolated StorageMonitor) async throws(QMPError) -> EmptyReply = {
                    (command, monitor) async throws(QMPError) in
                    try await body(command, monitor) { context.completion.replyEarly(.empty) }
                }
                Task(executorPreference: monitor.registry.taskExecutor) { await monitor.carryOut(command, waiting, context) }
                return .later
            }
            return .reply(
                monitor.assumeIsolated { monitor in reply(in: context) { () throws(QMPError) in try outOfBand(command, monitor) } })
        }
    }

    private mutating func add<Command: QAPICommand>(
        _ command: Command.Type, _ run: @escaping @Sendable (Command, CommandContext) -> CommandOutcome
    ) {
        add(command, preparing: { $0 }, run)
    }

    private mutating func add<Command: QAPICommand, Prepared: Sendable>(
        _ command: Command.Type, preparing prepare: @escaping @Sendable (Command) -> Prepared,
        _ run: @escaping @Sendable (Prepared, CommandContext) -> CommandOutcome
    ) {
        entries[Command.name] = Entry(allowOOB: Command.allowOOB) { (arguments: JSONView) throws(QMPError) in
            let command: Command
            do throws(ArgumentError) {
                command = try Command.decode(arguments)
            } catch {
                throw QMPError(error.description)
            }
            let prepared = prepare(command)
            return PreparedCommand { context in run(prepared, context) }
        }
    }
}

extension StorageMonitor {
    /// Runs a handler that may wait and gives its reply to the session.
    fileprivate func carryOut<Command: QAPICommand>(
        _ command: Command, _ body: @Sendable (Command, isolated StorageMonitor) async throws(QMPError) -> Command.Reply,
        _ context: CommandContext, _ replied: (@Sendable (isolated StorageMonitor) -> Void)? = nil
    ) async {
        do throws(QMPError) {
            let value = try await body(command, self)
            context.completion(reply(in: context) { () throws(QMPError) in value })
        } catch {
            context.completion(.failure(error))
        }
        replied?(self)
    }
}

extension StorageMonitor {
    /// Runs a handler whose reply is made elsewhere.
    fileprivate func carryOut<Command: QAPICommand>(
        _ command: Command,
        _ body: @Sendable (Command, isolated StorageMonitor) async throws(QMPError) -> @Sendable () -> Command.Reply,
        _ context: CommandContext
    ) async {
        do throws(QMPError) {
            let make = try await body(command, self)
            context.completion(.deferred { style in make().encoded(style) })
        } catch {
            context.completion(.failure(error))
        }
    }
}

/// The reply that a handler's value or error makes.
private func reply<Value: JSONEncodable & Sendable>(
    in context: CommandContext, _ body: () throws(QMPError) -> Value
) -> CommandReply {
    do throws(QMPError) {
        let value = try body()
        if Value.self == EmptyReply.self { return .empty }
        if Value.self is any SizedReply.Type, let list = value as? any SizedReply, list.expectedSize > CommandTable.largeReply {
            return .deferred { style in value.encoded(style) }
        }
        return .value(value, in: context)
    } catch {
        return .failure(error)
    }
}

extension CommandTable {
    /// Replies expected to be longer than this many bytes are encoded off the control plane.
    static let largeReply = 64 << 10
}

/// A reply that can tell roughly how long it will be, without being encoded.
private protocol SizedReply {
    var expectedSize: Int { get }
}

extension Array: SizedReply where Element: QAPIObject {
    /// A job takes about 150 bytes.
    fileprivate var expectedSize: Int { count * 160 }
}

/// The monitor's commands as the sessions find them.
public struct MonitorDispatcher: CommandDispatcher {
    private let table: CommandTable

    /// Every command, carried out by `monitor`.
    public init(_ monitor: StorageMonitor) {
        var table = CommandTable()
        table.registerControlCommands(on: monitor)
        table.registerJobCommands(on: monitor)
        table.registerBlockJobCommands(on: monitor)
        table.registerJobStarters(on: monitor)
        table.registerSnapshotCommands(on: monitor)
        table.registerNodeCommands(on: monitor)
        table.registerBitmapCommands(on: monitor)
        table.registerObjectCommands(on: monitor)
        self.table = table
    }

    /// The names of all commands that can be carried out.
    var names: Set<String> { Set(table.names) }

    /// Finds a command and decodes its arguments; on any queue.
    public func prepare(_ name: String, arguments: JSONView, isOutOfBand: Bool) throws(QMPError) -> PreparedCommand {
        try table.prepare(name, arguments, isOutOfBand: isOutOfBand)
    }
}
