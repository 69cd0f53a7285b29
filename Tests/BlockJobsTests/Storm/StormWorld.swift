import BlockGraph
import IOLoop
import Jobs
import Storage
import TestSupport

@testable import BlockJobs

/// A daemon's jobs and nodes over simulated disks, with the deadlines of the daemon, on one thread and in time that stands still while anybody works.
final class StormWorld: Sendable {
    let thread: IOThread
    let lane: StormLane
    let clock: StormClock
    let registry: JobRegistry
    let graph: BlockGraph
    let jobs: BlockJobStarter
    let groups: ThrottleGroups
    let log = EventLog()
    let ledger = StormLedger()
    private let table = Guarded<[StormDisk]>([])

    init() throws {
        thread = try IOThread(name: "storm")
        let lane = StormLane()
        let clock = StormClock(lane)
        (self.lane, self.clock) = (lane, clock)
        let (log, ledger, table) = (log, ledger, table)
        registry = JobRegistry(executor: lane, clock: clock) { event in
            log.add(event)
            ledger.endPauses()
        }
        groups = ThrottleGroups(clock: clock)
        let surroundings = GraphSurroundings(
            throttleGroups: groups,
            sleep: { (duration, _) async throws(CancellationError) in
                await clock.sleep(duration)
                if Task.isCancelled { throw CancellationError() }
            })
        graph = BlockGraph(
            executor: lane, threads: [thread], deadlines: GraphDeadlines(sleep: { await clock.sleep($0) }),
            opener: { (driver, _, thread) async throws(BlockError) in
                guard case .file(let file) = driver, let disk = table.withLock({ $0.first { $0.name == file.filename } }) else {
                    throw BlockError(.invalidOption, "no such disk")
                }
                return disk.storage.value
            }, surroundings: surroundings)
        jobs = BlockJobStarter(executor: lane, registry: registry, graph: graph, thread: thread)
    }

    private let calm = Guarded(true)
    /// Whether disks answer everything: before the storm and after it.
    var isCalm: Bool { calm.withLock { $0 } }

    func begin() { calm.withLock { $0 = false } }

    /// Disks that hang come back, and nothing fails any more.
    func calmDown() {
        calm.withLock { $0 = true }
        for disk in disks { (disk.faults, disk.isHung) = (0, false) }
    }

    /// In the order in which they were made.
    var disks: [StormDisk] { table.withLock { $0 } }
    func disk(_ name: String) -> StormDisk? { table.withLock { $0.first { $0.name == name } } }

    /// Adds a file node over a new disk, whose requests wait for the schedule.
    func addDisk(_ name: String, length: Int, seed: UInt64) async throws {
        let storage = await thread.run { io in
            let storage = SimulatedStorage(seed: seed, length: Int64(length))
            storage.tearsFailedWrites = true
            storage.hang(next: nil, times: nil)
            return LoopBound(storage, on: io)
        }
        table.withLock { $0.append(StormDisk(name: name, storage: storage)) }
        _ = try await graph.open(NodeSpec(nodeName: name, driver: .file(FileSpec(filename: name))))
    }

    /// Adds a qcow2 node over a new disk of its own, `NAME-file`.
    func addImage(_ name: String, length: Int, seed: UInt64, backing: String? = nil) async throws {
        try await addDisk("\(name)-file", length: 0, seed: seed)
        var image = NewQcow2Image(file: .named("\(name)-file"), size: Int64(length))
        image.clusterSize = [1024, 1024, 2048][Int(seed % 3)]
        try await graph.create(image)
        _ = try await graph.open(Self.image(name, entry: 512, backing: backing))
    }

    /// A qcow2 node whose cache has slices of `entry` bytes, few enough that tables are looked up on the disk all the time.
    static func image(_ name: String, entry: Int64, backing: String?) -> NodeSpec {
        var spec = Qcow2Spec(file: .named("\(name)-file"))
        spec.l2CacheEntrySize = entry
        spec.l2CacheSize = 2 * entry
        spec.backing = backing.map { .child(.named($0)) } ?? .none
        return NodeSpec(nodeName: name, driver: .qcow2(spec))
    }

    func nodeNames() async -> [String] { await graph.nodes().map(\.nodeName).sorted() }
    func info(_ id: String) async -> JobInfo? { await registry.jobs.first { $0.id == id } }

    /// A user that writes, or one that only reads.
    func user(of node: String, writes: Bool) async throws -> NodeUser {
        let held: LockSet = writes ? [.consistentRead, .write] : .consistentRead
        return try await graph.attach(NodeUserSpec(permissions: Permissions(held: held, shared: .all)), to: node)
    }
}

/// A simulated disk and what the storm does to it.
final class StormDisk: Sendable {
    let name: String
    let storage: LoopBound<SimulatedStorage>
    private let mood = Guarded(Mood())

    private struct Mood {
        var faults = 0
        var faultsUntil = 0
        var isHung = false
        var hungUntil = 0
    }

    init(name: String, storage: LoopBound<SimulatedStorage>) {
        self.name = name
        self.storage = storage
    }

    /// From when on no request fails, counted in the answers of all disks.
    var faultsUntil: Int {
        get { mood.withLock { $0.faultsUntil } }
        set { mood.withLock { $0.faultsUntil = newValue } }
    }

    /// How many of a thousand requests fail.
    var faults: Int {
        get { mood.withLock { $0.faults } }
        set { mood.withLock { $0.faults = newValue } }
    }

    /// When it answers again, counted in the answers of all disks.
    var hungUntil: Int {
        get { mood.withLock { $0.hungUntil } }
        set { mood.withLock { $0.hungUntil = newValue } }
    }

    /// Whether it answers nothing for a while.
    var isHung: Bool {
        get { mood.withLock { $0.isHung } }
        set { mood.withLock { $0.isHung = newValue } }
    }
}
