/// What drivers find around them beside their children.
public struct GraphSurroundings: Sendable {
    /// The throttle groups of the daemon.
    public let throttleGroups: ThrottleGroups
    /// Where nodes put their events.
    public let events: NodeEventSink

    /// Makes surroundings; without a sink nobody hears of events.
    public init(throttleGroups: ThrottleGroups, events: @escaping NodeEventSink = { _ in }) {
        self.throttleGroups = throttleGroups
        self.events = events
    }
}
