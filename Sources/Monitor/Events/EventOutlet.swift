public import Jobs
public import QMP

/// The one way of events to whoever wants them: clients and the log, and whatever else keeps or counts them.
///
/// Confined to the control queue, but for `sendFromAnywhere`. It is made before those who send and those who receive, so that neither knows the other.
public final class EventOutlet: @unchecked Sendable {
    /// Takes an event in the turn in which it is told, on the control queue.
    public typealias Receiver = (_ event: DaemonEvent, _ time: EventTime) -> Void

    /// The least time between two events of one throttled kind, in nanoseconds.
    public static let period: UInt64 = 1_000_000_000

    private let clock: any JobClock
    private let now: () -> EventTime
    private let onQueue: @Sendable (@escaping @Sendable () -> Void) -> Void
    private var receivers: [Receiver] = []
    private var throttle = EventThrottle<(DaemonEvent, EventTime)>()

    /// Makes an outlet without receivers.
    /// - Parameters:
    ///   - clock: calls back on the control queue.
    ///   - now: the time of day, with which events are stamped when they are told, whenever they pass.
    ///   - onQueue: carries a call to the control queue, in the order of the calls.
    public init(
        clock: any JobClock, now: @escaping () -> EventTime, onQueue: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
    ) {
        self.clock = clock
        self.now = now
        self.onQueue = onQueue
    }

    /// Adds a receiver; it hears of every event from here on.
    public func attach(_ receiver: @escaping Receiver) { receivers.append(receiver) }

    /// Tells an event.
    public func send(_ event: DaemonEvent) {
        let time = now()
        guard let key = event.throttleKey else { return pass(event, time) }
        guard throttle.takes((event, time), of: key) else { return }
        pass(event, time)
        beginPeriod(of: key)
    }

    /// Tells an event from any thread.
    public func sendFromAnywhere(_ event: DaemonEvent) { onQueue { self.send(event) } }

    private func pass(_ event: DaemonEvent, _ time: EventTime) {
        for receiver in receivers { receiver(event, time) }
    }

    private func beginPeriod(of key: EventThrottleKey) {
        _ = clock.schedule(at: clock.now + Self.period) { [weak self] in
            guard let self, let (event, time) = throttle.periodEnds(of: key) else { return }
            pass(event, time)
            beginPeriod(of: key)
        }
    }
}
