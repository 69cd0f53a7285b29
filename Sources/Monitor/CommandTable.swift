public import JSON
import Jobs
import QAPI
public import QMP

/// Joins each command's name to the code that carries it out.
///
/// Decoding comes before that code, encoding after it: a handler sees typed arguments and returns a typed reply, or nothing where the reply is empty. What
/// it throws becomes the reply's error in `Errors.swift`.
struct CommandTable: Sendable {
    /// Decodes arguments into a command that is ready to run.
    typealias Preparation = @Sendable (JSONView) throws(QMPError) -> PreparedCommand
    /// Tells that the reply is due before the handler returns; the session's next in-band command begins when it has returned.
    typealias ReplyIsDue = @Sendable () -> Void

    private struct Entry: Sendable {
        let allowOOB: Bool
        let prepare: Preparation
    }

    private var entries: [String: Entry] = [:]
    /// The control plane's, so that a handler that waits does so without leaving it.
    private let executor: any TaskExecutor

    /// Makes an empty table.
    /// - Parameter executor: the one that all services share.
    init(executor: any TaskExecutor) { self.executor = executor }

    /// The names of all commands that can be carried out.
    var names: some Collection<String> { entries.keys }

    /// Finds a command and decodes its arguments.
    func prepare(_ name: String, _ arguments: JSONView, isOutOfBand: Bool) throws(QMPError) -> PreparedCommand {
        guard let entry = entries[name] else { throw .notFound(command: name) }
        guard entry.allowOOB || !isOutOfBand else { throw .noOutOfBand(command: name) }
        return try entry.prepare(arguments)
    }

    // MARK: Handlers within the turn

    /// Joins `Command` to code that does not suspend: it runs within the turn in which the command came.
    mutating func register<Command: QAPICommand, Service: Actor>(
        _ command: Command.Type, on service: Service,
        _ body: @escaping @Sendable (Command, isolated Service) throws -> Command.Reply
    ) {
        register(command, on: service, preparing: { $0 }, body)
    }

    /// The same for a command whose reply is empty.
    mutating func register<Command: QAPICommand, Service: Actor>(
        _ command: Command.Type, on service: Service, _ body: @escaping @Sendable (Command, isolated Service) throws -> Void
    ) where Command.Reply == EmptyReply {
        register(command, on: service) { (command, service) -> EmptyReply in
            try body(command, service)
            return EmptyReply()
        }
    }

    /// The same for a command whose arguments may be large: `prepare` turns them into what the code needs, beside the control plane when the message is
    /// large, and without the daemon's state.
    mutating func register<Command: QAPICommand, Prepared: Sendable, Service: Actor>(
        _ command: Command.Type, on service: Service, preparing prepare: @escaping @Sendable (Command) -> Prepared,
        _ body: @escaping @Sendable (Prepared, isolated Service) throws -> Command.Reply
    ) {
        add(command, preparing: prepare) { prepared, context in
            .reply(service.assumeIsolated { service in CommandReply(in: context) { try body(prepared, service) } })
        }
    }

    // MARK: Handlers that wait

    /// Joins `Command` to code that may wait; the session starts its next in-band command after the reply.
    /// - Parameter replied: called when the reply is on its way.
    mutating func register<Command: QAPICommand, Service: Actor>(
        _ command: Command.Type, on service: Service,
        waiting body: @escaping @Sendable (Command, isolated Service) async throws -> Command.Reply,
        replied: (@Sendable (isolated Service) -> Void)? = nil
    ) {
        addWaiting(command, on: service) { command, service, context in
            let outcome = await Result.of { try await body(command, service) }
            context.completion(CommandReply(in: context) { try outcome.get() })
            replied?(service)
        }
    }

    /// The same for a command whose reply is empty.
    mutating func register<Command: QAPICommand, Service: Actor>(
        _ command: Command.Type, on service: Service, waiting body: @escaping @Sendable (Command, isolated Service) async throws -> Void,
        replied: (@Sendable (isolated Service) -> Void)? = nil
    ) where Command.Reply == EmptyReply {
        register(
            command, on: service,
            waiting: { (command, service) async throws -> EmptyReply in
                try await body(command, service)
                return EmptyReply()
            }, replied: replied)
    }

    /// The same for a command whose reply may be long: what the code returns makes the reply, on a queue of the session's own, and encodes it there.
    mutating func register<Command: QAPICommand, Service: Actor>(
        _ command: Command.Type, on service: Service,
        replyingAside body: @escaping @Sendable (Command, isolated Service) async throws -> @Sendable () -> Command.Reply
    ) {
        addWaiting(command, on: service) { command, service, context in
            switch await Result.of({ try await body(command, service) }) {
            case .success(let make): context.completion(.deferred { style in make().encoded(style) })
            case .failure(let error): context.completion(.failure(QMPError(error)))
            }
        }
    }

    /// Joins `Command`, which returns nothing, to code that may wait in band, and to code that does not when it comes out of band.
    mutating func register<Command: QAPICommand, Service: Actor>(
        _ command: Command.Type, on service: Service,
        outOfBand: @escaping @Sendable (Command, isolated Service) throws -> Void,
        waiting body: @escaping @Sendable (Command, isolated Service, @escaping ReplyIsDue) async throws -> Void
    ) where Command.Reply == EmptyReply {
        let executor = executor
        add(command, preparing: { $0 }) { command, context in
            guard !context.isOutOfBand else {
                return .reply(
                    service.assumeIsolated { service in
                        CommandReply(in: context) {
                            try outOfBand(command, service)
                            return EmptyReply()
                        }
                    })
            }
            return CommandTable.later(on: service, executor, context) { service, context in
                let outcome = await Result.of { try await body(command, service) { context.completion.replyEarly(.empty) } }
                context.completion(
                    CommandReply(in: context) {
                        try outcome.get()
                        return EmptyReply()
                    })
            }
        }
    }

    // MARK: Entries

    private mutating func addWaiting<Command: QAPICommand, Service: Actor>(
        _ command: Command.Type, on service: Service, _ body: @escaping @Sendable (Command, isolated Service, CommandContext) async -> Void
    ) {
        let executor = executor
        add(command, preparing: { $0 }) { command, context in
            CommandTable.later(on: service, executor, context) { service, context in await body(command, service, context) }
        }
    }

    private static func later<Service: Actor>(
        on service: Service, _ executor: any TaskExecutor, _ context: CommandContext,
        _ body: @escaping @Sendable (isolated Service, CommandContext) async -> Void
    ) -> CommandOutcome {
        Task(executorPreference: executor) { await body(service, context) }
        return .later
    }

    private mutating func add<Command: QAPICommand, Prepared: Sendable>(
        _ command: Command.Type, preparing prepare: @escaping @Sendable (Command) -> Prepared,
        _ run: @escaping @Sendable (Prepared, CommandContext) -> CommandOutcome
    ) {
        entries[Command.name] = Entry(allowOOB: Command.allowOOB) { (arguments: JSONView) throws(QMPError) in
            let command: Command
            do throws(ArgumentError) { command = try Command.decode(arguments) } catch { throw QMPError(error) }
            let prepared = prepare(command)
            return PreparedCommand { context in run(prepared, context) }
        }
    }
}

extension Result where Failure == any Error {
    /// What `body` returns or throws, without leaving the caller's actor.
    fileprivate static func of(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Success
    ) async -> Result<Success, any Error> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }
}

/// The monitor's commands as the sessions find them.
public struct MonitorDispatcher: CommandDispatcher {
    private let table: CommandTable

    /// Every command, carried out by `monitor`.
    public init(_ monitor: StorageMonitor) {
        var table = CommandTable(executor: monitor.registry.taskExecutor)
        table.registerControlCommands(on: monitor)
        table.registerJobCommands(on: monitor.registry)
        table.registerBlockJobCommands(on: monitor.registry)
        table.registerJobStarters(on: monitor.blockJobs)
        table.registerSnapshotCommands(on: monitor.blockJobs, monitor.graph)
        table.registerNodeCommands(on: monitor)
        table.registerBitmapCommands(on: monitor.graph)
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
