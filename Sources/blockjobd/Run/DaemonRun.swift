import BlockGraph
import BlockJobs
import CProcess
import Dispatch
import Glibc
import IOLoop
import JSON
import Jobs
import Logging
import Monitor
import QAPI
import QMP
import Storage
import UnixSocket
import Waiting

/// One run of the daemon, from its parsed options to its exit: the only place that joins the modules.
actor DaemonRun {
    /// What the process has prepared while it had one thread.
    struct Process {
        let sockets: [ActivatedSockets.Socket]
        let notifier: ServiceNotifier?
        let daemonizer: Daemonizer?
        let signals: TerminationSignals
        let deadline: EndDeadline
    }

    private enum Phase {
        case running, ending, closing
    }

    private let executor: QueueExecutor
    /// The control queue's: registry, graph, monitor and server live there, too.
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let options: DaemonOptions
    private let process: Process
    private let log: Logger
    private let thread: IOThread
    private let registry: JobRegistry
    private let graph: BlockGraph
    private let monitor: StorageMonitor
    private let server: MonitorServer

    private var phase = Phase.running
    private var chardevs: [String: Chardev] = [:]
    /// Every socket that was opened, whoever serves it now.
    private var listeners: [UnixListener] = []
    /// What the service manager has passed, by chardev.
    private let passed: [String: Int32]
    private var waitingForClient: UnsafeContinuation<Void, Never>?
    private var pidfile: Pidfile?
    private var sources: [any DispatchSourceProtocol] = []
    private var silence = SilenceWatch(limit: DaemonRun.silenceLimit)
    /// A look that waits for the loops.
    private var silenceLook: Task<Void, Never>?
    /// With `--daemonize`, until the daemon is ready: the process that was started.
    private var starter: Connection?
    /// Whose group may connect to the sockets that the daemon makes; nil for nobody but its user.
    private let socketGroup: UInt32?
    /// How long a server's full backlog is left alone.
    private static let nextTry = Duration.milliseconds(100)

    /// For how long no request of a node has ended when that is told, in nanoseconds.
    private static let silenceLimit: UInt64 = 10_000_000_000
    /// How long after one look for silence the next one comes, in seconds.
    private static let silenceInterval = 5.0
    /// How long the end takes before it tells what it waits for, and how often it looks again.
    private static let patience = Duration.seconds(2)

    /// How long jobs may take to be cancelled when the daemon ends, in nanoseconds; half of the deadline for all.
    private var cancelTime: UInt64 { UInt64(options.shutdownDeadline) * 500_000_000 }
    /// How long a client may take to read what waits for it when the daemon ends, in seconds.
    private static let farewell = 2

    /// Starts the loop and joins everything; nothing is listened to yet.
    init(_ options: DaemonOptions, _ process: Process, log: Logger) throws(StartFailure) {
        self.options = options
        self.process = process
        self.log = log
        socketGroup = try options.socketGroup.map { (name) throws(StartFailure) in try HostGroup.number(name) }
        passed = try PassedSockets.assign(process.sockets, to: DaemonRun.listeningChardevs(options))
        let executor = QueueExecutor(label: "blockjobd.control")
        self.executor = executor
        do {
            thread = try IOThread(engine: options.ioEngine == .threads ? .threads : .automatic)
        } catch {
            switch error {
            case .system(let code): throw StartFailure("cannot start the I/O loop", errno: code)
            }
        }
        let clock = QueueClock(queue: executor.queue)
        let events = EventOutlet(
            clock: clock, now: MonitorServer.wallClock, onQueue: { executor.queue.async(execute: $0) })
        registry = JobRegistry(
            executor: executor, tasks: executor, clock: clock,
            deadlines: JobDeadlines(abandonment: UInt64(options.cancelDeadline) * 1_000_000_000), events: { events.send(.job($0)) })
        let roots: ImageRoots?
        do throws(BlockError) {
            roots = options.imageRoots.isEmpty ? nil : try ImageRoots(options.imageRoots)
        } catch {
            throw StartFailure(error.message)
        }
        graph = BlockGraph(
            executor: executor, threads: [thread],
            headers: HeaderPolicy(
                roots: roots, json: { (text, format) throws(BlockError) in try HeaderNameWire.parse(text, format) },
                write: { HeaderNameWire.text($0) }),
            surroundings: GraphSurroundings(
                throttleGroups: ThrottleGroups(clock: LoopClock(thread)), events: { events.sendFromAnywhere(.node($0)) }))
        let version = VersionInfo(qemu: VersionTriple(major: 10, minor: 1, micro: 0), package: "blockjobd \(HelpText.ownVersion)")
        let ending = EndingRelay()
        monitor = StorageMonitor(
            StorageMonitor.Surroundings(
                executor: executor, registry: registry, graph: graph,
                blockJobs: BlockJobStarter(executor: executor, registry: registry, graph: graph, thread: thread), version: version,
                chardevs: DaemonRun.chardevObjects(options, passed) { chardev in
                    ending.run?.assumeIsolated { $0.server.hasClient(of: chardev) } ?? false
                },
                announce: { events.send(.schema($0)) },
                beforeQuit: { await ending.run?.cancelJobs(because: "quit") },
                quit: { ending.run?.assumeIsolated { $0.closeSoon() } }))
        var limits = Connection.Limits()
        if let limit = options.outputLimit {
            limits.output = limit
            limits.congestion = min(limits.congestion, limit / 2)
        }
        server = MonitorServer(
            on: executor, dispatcher: MonitorDispatcher(monitor), version: version, log: log, limits: limits,
            budget: options.inputBudget.map { InputBudget(limit: $0) } ?? InputBudget())
        let server = server
        events.attach { (event, _) in
            if case .job(let event) = event { JobLog.note(event, in: log) }
        }
        events.attach { (event, time) in server.broadcast(event.wire, at: time) }
        ending.run = self
    }

    /// The chardevs as objects that `qom-get` finds.
    private static func chardevObjects(
        _ options: DaemonOptions, _ passed: [String: Int32], _ hasClient: @escaping @Sendable (String) -> Bool
    ) -> [ChardevObject] {
        options.steps.compactMap { step in
            guard case .chardev(let chardev) = step.action else { return nil }
            let id = chardev.id
            let isConnected: @Sendable () -> Bool = { hasClient(id) }
            if let number = passed[id] { return ChardevObject(id: id, .descriptor(number, isConnected: isConnected)) }
            switch chardev.backend {
            case .listen(.path(let path), _), .connect(.path(let path)): return ChardevObject(id: id, .path(path, isConnected: isConnected))
            case .listen(.descriptor(let number), _), .connect(.descriptor(let number)):
                return ChardevObject(id: id, .descriptor(number, isConnected: isConnected))
            case .listen(.passed, _), .connect(.passed): return nil
            case .standardStreams: return ChardevObject(id: id, .standardStreams)
            }
        }
    }

    private static func listeningChardevs(_ options: DaemonOptions) -> [String] {
        options.steps.compactMap { step in
            if case .chardev(let chardev) = step.action, case .listen = chardev.backend { return chardev.id }
            return nil
        }
    }

    // MARK: Start

    /// Carries out the options in order, and says that the daemon is ready. A failure ends the process.
    func start() async {
        watchSignals()
        watchStarter()
        startWatchdog()
        log.info("requests go through \(thread.engineDescription)")
        if !thread.usesRing, options.ioEngine != .threads {
            log.warning("io_uring is not there: requests go through \(thread.engineDescription), which is slower")
        }
        for warning in options.warnings { log.warning("\(warning)") }
        do throws(StartFailure) {
            for step in options.steps where phase == .running {
                do throws(StartFailure) {
                    try await perform(step.action)
                } catch {
                    throw error.at(step.location)
                }
            }
            if phase == .running {
                watchForSilence()
                try becomeReady()
            }
        } catch {
            log.error("\(error.text)")
            guard phase == .running else { return }
            beginEnding("a failed start")
            await close(code: 1)
        }
    }

    private func perform(_ action: DaemonOptions.Step.Action) async throws(StartFailure) {
        switch action {
        case .chardev(let chardev): try await open(chardev)
        case .monitor(let monitor): serve(monitor)
        case .object(let text):
            do {
                try await monitor.addObject(try ObjectOptions(option: text, impliedKey: "qom-type"))
            } catch let error as ArgumentError {
                throw StartFailure(error.description)
            } catch let error as QMPError {
                throw StartFailure(error.desc)
            } catch {
                throw StartFailure("\(error)")
            }
        case .blockdev(let text):
            let node = try NodeOption.parse(text)
            do throws(QMPError) {
                try await monitor.addNode(node)
            } catch {
                throw StartFailure(error.desc)
            }
        }
    }

    private func open(_ chardev: ChardevOptions) async throws(StartFailure) {
        // A server that has no place for one more client is waited for, and signals are heard meanwhile.
        var found: Chardev?
        while phase == .running, found == nil {
            found = try Chardev.open(
                chardev, passed: passed[chardev.id], isDaemon: options.daemonize, socketGroup: socketGroup, on: executor)
            if found == nil { do { try await pause(for: Self.nextTry) } catch { return } }
        }
        guard let opened = found else { return }
        chardevs[chardev.id] = opened
        guard case .listener(let listener) = opened else { return }
        listeners.append(listener)
        guard case .listen(_, wait: true) = chardev.backend else { return }
        log.info("waiting for a client of chardev '\(chardev.id)'")
        await withUnsafeContinuation { continuation in
            waitingForClient = continuation
            listener.whenClientArrives { [self] in assumeIsolated { $0.stopWaiting() } }
        }
    }

    private func stopWaiting() {
        waitingForClient?.resume()
        waitingForClient = nil
    }

    private func serve(_ options: MonitorOptions) {
        let style: JSONWriter.Style = options.pretty ? .pretty : .compact
        let chardev = options.chardev
        switch chardevs.removeValue(forKey: chardev) {
        case .listener(let listener): server.serve(listener, of: chardev, style: style)
        case .socket(let descriptor): server.serve(socket: descriptor, of: chardev, style: style)
        case .standardStreams: server.serve(input: 0, output: 1, of: chardev, style: style)
        // The options were checked when they were read.
        case nil: log.critical("chardev '\(options.chardev)' is gone")
        }
    }

    private func becomeReady() throws(StartFailure) {
        if let path = options.pidfile { pidfile = try Pidfile(path) }
        try process.daemonizer?.finish()
        let starter = self.starter
        self.starter = nil
        starter?.close()
        process.notifier?.send("READY=1", "STATUS=Serving.", "MAINPID=\(getpid())")
        log.info("ready")
        giveBackCode()
    }

    /// A third of the code is there for the start alone. The first client's greeting, which needs some of it again, is not kept waiting for that.
    private func giveBackCode() {
        server.firstGreeted = { cprocess_give_back_code() }
        executor.queue.asyncAfter(deadline: .now() + 1) { @Sendable [self] in
            assumeIsolated { run in
                guard let giveBack = run.server.firstGreeted else { return }
                run.server.firstGreeted = nil
                giveBack()
            }
        }
    }

    // MARK: Service manager and signals

    private func watchSignals() {
        sources.append(process.signals.deliver(on: executor.queue) { [self] name in assumeIsolated { $0.end(because: name) } })
    }

    /// Ends when the process that was started goes before the daemon is ready: whoever has ended it wants no daemon.
    private func watchStarter() {
        guard let daemonizer = process.daemonizer else { return }
        let connection = Connection(socket: daemonizer.socket, on: executor.queue)
        starter = connection
        connection.start(
            .init(
                received: { _ in }, inputEnded: { [self] in assumeIsolated { $0.starterDidEnd() } }, congestionChanged: { _ in },
                ended: { [self] _ in assumeIsolated { $0.starterDidEnd() } }))
    }

    private func starterDidEnd() {
        guard let connection = starter else { return }
        starter = nil
        connection.close()
        end(because: "the end of the process that was started")
    }

    private func startWatchdog() {
        if let pings = process.notifier?.startPinging(from: executor.queue) { sources.append(pings) }
    }

    // MARK: What an operator wants to know

    /// Tells of nodes that do not answer, while the daemon runs. A timer of the queue, and no task that sleeps: an idle daemon wakes no other thread.
    private func watchForSilence() {
        let timer = DispatchSource.makeTimerSource(queue: executor.queue)
        timer.schedule(deadline: .now() + Self.silenceInterval, repeating: Self.silenceInterval, leeway: .seconds(1))
        timer.setEventHandler { @Sendable [self] in assumeIsolated { $0.lookForSilence() } }
        timer.resume()
        sources.append(timer)
    }

    private func lookForSilence() {
        // Without users there is nobody to wait, unless somebody was told of.
        guard phase == .running, silenceLook == nil, silence.remembers || graph.assumeIsolated({ $0.hasUsers }) else { return }
        silenceLook = Task {
            let samples = await graph.waitingUsers()
            silenceLook = nil
            for finding in silence.look(samples, at: DispatchTime.now().uptimeNanoseconds) {
                switch finding {
                case .silent(let node): log.warning("node '\(node)' has not answered for \(Self.silenceLimit / 1_000_000_000) seconds")
                case .answers(let node): log.notice("node '\(node)' answers again")
                }
            }
        }
    }

    /// Tells which jobs, and then which nodes, the end waits for, where it takes long enough to be noticed.
    private func tellWhatEndWaitsFor() async {
        var told = ""
        while true {
            do { try await pause(for: Self.patience) } catch { return }
            let jobs = await registry.unfinishedJobs
            let nodes = await graph.openNodes
            let waits = jobs.isEmpty ? Self.list("node", nodes) : Self.list("job", jobs)
            guard !waits.isEmpty, waits != told else { continue }
            told = waits
            log.notice("the end waits for \(waits)")
        }
    }

    /// `job 'a'`, `jobs 'a', 'b' and 7 more`; empty for none.
    private static func list(_ what: String, _ names: [String]) -> String {
        guard !names.isEmpty else { return "" }
        let shown = names.prefix(10).map { "'\($0)'" }.joined(separator: ", ")
        return "\(what)\(names.count == 1 ? "" : "s") \(shown)\(names.count > 10 ? " and \(names.count - 10) more" : "")"
    }

    // MARK: End

    /// Ends as `quit` does.
    private func end(because reason: String) {
        guard phase == .running else { return }
        Task {
            await cancelJobs(because: reason)
            await close(code: 0)
        }
    }

    /// The first half of an ordered end: every job is cancelled, and its clients see it.
    private func cancelJobs(because reason: String) async {
        beginEnding(reason)
        let hanging = await registry.cancelAll(within: cancelTime)
        // What clients have sent behind a `quit` is not carried out.
        server.stopRequests()
        if !hanging.isEmpty { log.error("\(hanging.count) jobs do not end: their disks hang") }
    }

    private func beginEnding(_ reason: String) {
        guard phase == .running else { return }
        phase = .ending
        graph.assumeIsolated { $0.beginEnd() }
        log.info("ending because of \(reason)")
        Task { await tellWhatEndWaitsFor() }
        process.notifier?.send("STOPPING=1", "STATUS=Ending because of \(reason).")
        enforceDeadline()
        stopWaiting()
    }

    /// Whatever hangs, the process exits in time. Not on the control queue, which may be what hangs.
    private func enforceDeadline() {
        let seconds = options.shutdownDeadline
        let log = log
        let pidfile = pidfile
        let listeners = listeners
        process.deadline.arm(seconds: seconds) { @Sendable in
            log.error("ending takes longer than \(seconds) seconds: exiting without the disks that hang")
            for listener in listeners { listener.removePath() }
            pidfile?.remove()
            _exit(1)
        }
    }

    private func closeSoon() {
        // Behind the reply, which is on its way.
        Task { await close(code: 0) }
    }

    /// The second half: clients get what waits for them, nodes are closed, the process exits.
    private func close(code: Int32) async {
        guard phase != .closing else { return }
        phase = .closing
        for chardev in chardevs.values { chardev.close() }
        chardevs = [:]
        let server = server
        executor.queue.asyncAfter(deadline: .now() + .seconds(Self.farewell)) { @Sendable in server.abandon() }
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in server.stop { continuation.resume() } }
        await graph.closeAll()
        await thread.stop()
        pidfile?.remove()
        exit(code)
    }
}

/// Carries `quit` to the run, which is made of what the monitor needs. Confined to the control queue.
private final class EndingRelay: @unchecked Sendable {
    weak var run: DaemonRun?
}
