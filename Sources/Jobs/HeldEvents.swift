/// What a job has to say while others are to speak first. So the order of events is the same however fast the bodies come back.
struct HeldEvents {
    /// Who is to speak first. Both may apply.
    enum Reason {
        /// The newer members of a group that goes down.
        case group
        /// The newer jobs, while the daemon ends: they stop side by side but tell of it one after the other.
        case shutdown
    }

    private var reasons: Set<Reason> = []
    private var events: [JobEvent] = []

    /// From now on events are kept.
    mutating func hold(_ reason: Reason) {
        reasons.insert(reason)
    }

    /// - Returns: false when nothing holds the event back.
    mutating func take(_ event: JobEvent) -> Bool {
        if reasons.isEmpty { return false }
        events.append(event)
        return true
    }

    /// The turn has come, as far as this reason goes.
    /// - Returns: what may be told now.
    mutating func release(_ reason: Reason) -> [JobEvent] {
        reasons.remove(reason)
        guard reasons.isEmpty else { return [] }
        defer { events = [] }
        return events
    }
}
