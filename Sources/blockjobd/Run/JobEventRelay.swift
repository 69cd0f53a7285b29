import Jobs
import Monitor
import QAPI

/// Carries the registry's events to the clients: the registry is made first, since the monitor, which the server needs, needs it.
///
/// Confined to the control queue.
final class JobEventRelay: @unchecked Sendable {
    /// Where events go; there are none before there is a server.
    weak var server: MonitorServer?

    func send(_ event: JobEvent) { send(wireEvent(event)) }

    func send(_ event: any QAPIEvent) { server?.broadcast(type(of: event).name, data: event) }
}
