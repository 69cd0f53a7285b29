/// Lets the first event of a key pass at once, and then the latest one of each period: what QEMU does with events that a guest can cause.
///
/// A pure value; the owner has the clock, and calls `periodEnds` when one is over.
struct EventThrottle<Event> {
    private enum State {
        /// An event has passed in this period, and none since.
        case quiet
        /// The latest of those that came since.
        case holding(Event)
    }

    private var states: [EventThrottleKey: State] = [:]

    /// Takes an event.
    /// - Returns: whether it passes now. The owner then begins a period; otherwise the event waits for the end of the one that runs.
    mutating func takes(_ event: Event, of key: EventThrottleKey) -> Bool {
        guard states[key] != nil else {
            states[key] = .quiet
            return true
        }
        states[key] = .holding(event)
        return false
    }

    /// A period is over.
    /// - Returns: the event that passes now; the owner then begins the next period. Nil when none waits, and the key is forgotten.
    mutating func periodEnds(of key: EventThrottleKey) -> Event? {
        guard case .holding(let event)? = states[key] else {
            states[key] = nil
            return nil
        }
        states[key] = .quiet
        return event
    }
}

/// What events are counted together.
struct EventThrottleKey: Hashable {
    /// The event's name.
    let name: String
    /// Whom it concerns; empty for events that are counted together whomever they concern.
    let subject: String
}
