import CProcess
import Dispatch
import Glibc
import JSON
import Logging
import UnixSocket

/// The program: reads the command line, becomes a daemon where asked, and runs.
@main
struct Daemon {
    static func main() {
        ProcessSetup.fillStandardDescriptors()
        ProcessSetup.ignoreBrokenPipes()
        ProcessSetup.raiseOpenFileLimit()
        ProcessSetup.wakePromptly()
        ProcessSetup.quietDispatch()
        cprocess_run_tasks_uncounted()
        do throws(StartFailure) {
            switch try DaemonOptions.parse(arguments()) {
            case .print(let text): print(text)
            case .run(let options): try run(options)
            }
        } catch {
            let log = StandardErrorLog(label: "blockjobd", level: .notice)
            _ = writeAll(Array(log.line(.error, error.text).utf8), to: 2)
            exit(1)
        }
    }

    /// What follows the program's name. From C: where there is no /proc, Swift knows of none.
    private static func arguments() -> [String] {
        (1..<max(1, cprocess_argument_count())).compactMap { cprocess_argument($0).map { String(cString: $0) } }
    }

    /// Does what needs the process to have one thread, then starts the rest and never returns.
    private static func run(_ options: DaemonOptions) throws(StartFailure) {
        // The service manager knows this process; after a fork its variables would be another's.
        let sockets = ActivatedSockets.take()
        let notifier = ServiceNotifier.fromEnvironment(process: getpid())
        let daemonizer = options.daemonize ? try Daemonizer.begin() : nil
        let signals = try TerminationSignals()
        try ProcessSetup.checkThreads()
        let deadline = try EndDeadline()
        JSONDocument.prepareProcess()
        let level = options.logLevel
        LoggingSystem.bootstrap { StandardErrorLog(label: $0, level: level) }
        let run = try DaemonRun(
            options, DaemonRun.Process(sockets: sockets, notifier: notifier, daemonizer: daemonizer, signals: signals, deadline: deadline),
            log: Logger(label: "blockjobd"))
        Task { await run.start() }
        // The control queue ends the process. It is not freed before: Dispatch would free what is kept with it on a thread that it counts by /proc.
        withExtendedLifetime(run) { while true { DispatchSemaphore(value: 0).wait() } }
    }
}
