import CProcess
import Dispatch
import Glibc

/// SIGTERM, SIGINT and SIGHUP as messages on a queue.
///
/// They are blocked while the process has one thread only, so that every later thread inherits that, and read from a descriptor:
/// none gets lost, whatever the daemon is doing.
struct TerminationSignals {
    private let descriptor: Int32

    /// Blocks the signals. Before any thread exists.
    init() throws(StartFailure) {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&signals, number) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        descriptor = cprocess_signalfd(&signals)
        guard descriptor >= 0 else { throw StartFailure("cannot receive signals", errno: errno) }
    }

    /// Calls `handler` on the queue with the name of each signal. The source stays alive with the caller.
    func deliver(on queue: DispatchQueue, to handler: @escaping @Sendable (String) -> Void) -> any DispatchSourceRead {
        let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        let descriptor = descriptor
        source.setEventHandler { @Sendable in
            while true {
                let number = cprocess_next_signal(descriptor)
                guard number > 0 else { return }
                handler(number == SIGTERM ? "SIGTERM" : number == SIGINT ? "SIGINT" : "SIGHUP")
            }
        }
        source.resume()
        return source
    }
}
