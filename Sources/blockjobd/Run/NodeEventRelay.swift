import BlockGraph
import Dispatch
import Monitor
import QAPI
import UnixSocket

/// Carries what nodes tell to the clients: from their loops to the control queue, in order. The graph is made before the server is.
///
/// Unchecked: `server` is confined to the control queue.
final class NodeEventRelay: @unchecked Sendable {
    private let executor: QueueExecutor
    /// Where events go; there are none before there is a server.
    weak var server: MonitorServer?

    init(_ executor: QueueExecutor) { self.executor = executor }

    func send(_ event: NodeEvent) {
        executor.queue.async { @Sendable [self] in
            guard let server else { return }
            let event = wireEvent(event)
            server.broadcast(type(of: event).name, data: event)
        }
    }
}
