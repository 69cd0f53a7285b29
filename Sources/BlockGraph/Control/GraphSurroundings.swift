/// What drivers find around them beside their children.
public struct GraphSurroundings: Sendable {
    /// The throttle groups of the daemon.
    public let throttleGroups: ThrottleGroups
    /// Where nodes put their events.
    public let events: NodeEventSink
    /// What the bits of bitmaps in images may take.
    public let bitmapMemory: BitmapMemory

    /// Makes surroundings; without a sink nobody hears of events.
    public init(
        throttleGroups: ThrottleGroups, events: @escaping NodeEventSink = { _ in }, bitmapMemory: BitmapMemory = BitmapMemory()
    ) {
        self.throttleGroups = throttleGroups
        self.events = events
        self.bitmapMemory = bitmapMemory
    }
}
