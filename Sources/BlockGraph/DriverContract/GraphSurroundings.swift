public import IOLoop

/// What drivers find around them beside their children.
public struct GraphSurroundings: Sendable {
    /// Waits on a loop; throws when the task is cancelled.
    public typealias Sleep = @Sendable (_ duration: Duration, _ thread: isolated IOThread) async throws(CancellationError) -> Void

    /// The throttle groups of the daemon.
    public let throttleGroups: ThrottleGroups
    /// Where nodes put their events.
    public let events: NodeEventSink
    /// What the bits of bitmaps in images may take.
    public let bitmapMemory: BitmapMemory
    /// How drivers wait for what comes now and then; tests put a clock of their own here.
    let sleep: Sleep

    /// Makes surroundings; without a sink nobody hears of events.
    public init(
        throttleGroups: ThrottleGroups, events: @escaping NodeEventSink = { _ in }, bitmapMemory: BitmapMemory = BitmapMemory(),
        sleep: @escaping Sleep = { (duration, thread) async throws(CancellationError) in
            try await thread.requests.sleep(for: duration)
        }
    ) {
        self.throttleGroups = throttleGroups
        self.events = events
        self.bitmapMemory = bitmapMemory
        self.sleep = sleep
    }
}
