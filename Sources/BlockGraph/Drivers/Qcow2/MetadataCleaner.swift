import IOLoop

/// Has an image's node give back, once an interval, the memory of metadata that nobody has used for that long. Loop-bound.
final class MetadataCleaner {
    /// The task must not keep a node that has gone.
    private final class Target {
        weak var driver: Qcow2Driver?
        init(_ driver: Qcow2Driver) { self.driver = driver }
    }

    private let target: LoopBound<Target>
    private let sleep: GraphSurroundings.Sleep
    private var task: Task<Void, Never>?

    /// Makes a cleaner that does nothing yet.
    init(_ driver: Qcow2Driver, on thread: isolated IOThread, sleep: @escaping GraphSurroundings.Sleep) {
        target = LoopBound(Target(driver), on: thread)
        self.sleep = sleep
    }

    /// Cleans every so many seconds from now on; 0 is never.
    func clean(every seconds: UInt64) {
        task?.cancel()
        task = nil
        guard seconds > 0 else { return }
        let (target, sleep) = (target, sleep)
        task = target.thread.task { (io: isolated IOThread) async -> Void in
            while true {
                do { try await sleep(.seconds(Int64(clamping: seconds)), io) } catch { return }
                guard let driver = target.value.driver else { return }
                driver.dropUnusedMetadata()
            }
        }
    }
}
