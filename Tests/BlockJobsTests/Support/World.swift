import BlockGraph
import IOLoop
import Jobs
import Storage
import TestSupport

@testable import BlockJobs

/// Everything that a daemon has of jobs and nodes, on a queue and loops of its own, over simulated disks.
final class World: Sendable {
    let control = ControlQueue()
    let threads: [IOThread]
    let registry: JobRegistry
    let graph: BlockGraph
    let jobs: BlockJobStarter
    let log = EventLog()
    let clock: any JobClock
    private let disks: Disks

    /// Deadlines that no busy machine comes to: what a verb waits for is then always there when it returns.
    static let farDeadlines = JobDeadlines(abandonment: 600_000_000_000, cancel: 600_000_000_000, finalize: 600_000_000_000)

    init(
        threads count: Int = 1, deadlines: JobDeadlines = farDeadlines, graphDeadlines: GraphDeadlines = GraphDeadlines(),
        clock: ((ControlQueue) -> any JobClock)? = nil
    ) throws {
        var threads: [IOThread] = []
        for index in 0..<count { threads.append(try IOThread(name: "io\(index)")) }
        self.threads = threads
        let log = log
        let control = control
        self.clock = clock?(control) ?? HostClock(control)
        registry = JobRegistry(executor: control, clock: self.clock, deadlines: deadlines) { log.add($0) }
        let disks = Disks()
        self.disks = disks
        graph = BlockGraph(executor: control, threads: threads, deadlines: graphDeadlines) {
            (driver, options, thread) async throws(BlockError) in
            guard case .file(let file) = driver, let plan = disks.plans.withLock({ $0[file.filename] }) else {
                return try await BlockGraph.openHostStorage(driver, options, thread)
            }
            let storage =
                plan.contents.map { SimulatedStorage(seed: plan.seed, contents: $0) }
                ?? SimulatedStorage(seed: plan.seed, length: plan.length)
            let box = LoopBound(storage, on: thread)
            disks.made.withLock { $0[file.filename] = box }
            return storage
        }
        jobs = BlockJobStarter(executor: control, registry: registry, graph: graph, thread: threads[0])
    }

    struct Plan {
        var seed: UInt64
        var length: Int64
        var contents: [UInt8]?
    }
    /// The simulated disks by node-name.
    private final class Disks: Sendable {
        let plans = Guarded<[String: Plan]>([:])
        let made = Guarded<[String: LoopBound<SimulatedStorage>]>([:])
    }

    /// Adds a file node `name` over a simulated disk.
    func disk(_ name: String, length: Int64, seed: UInt64 = 1) async throws {
        disks.plans.withLock { $0[name] = Plan(seed: seed, length: length) }
        try await open(name)
    }

    /// Adds a file node `name` over a simulated disk that holds `contents`.
    func disk(_ name: String, contents: [UInt8], seed: UInt64 = 1) async throws {
        disks.plans.withLock { $0[name] = Plan(seed: seed, length: Int64(contents.count), contents: contents) }
        try await open(name)
    }

    /// Adds a file node over a real file.
    func file(_ name: String, path: String) async throws {
        _ = try await graph.open(NodeSpec(nodeName: name, driver: .file(FileSpec(filename: path))))
    }

    /// Adds a node of any length that stores nothing.
    func nothing(_ name: String, length: Int64) async throws {
        _ = try await graph.open(NodeSpec(nodeName: name, driver: .nullCo(NullSpec(size: length))))
    }

    /// Adds a raw node over another.
    func raw(_ name: String, over child: String) async throws {
        _ = try await graph.open(NodeSpec(nodeName: name, driver: .raw(RawSpec(file: .named(child)))))
    }

    private func open(_ name: String) async throws {
        _ = try await graph.open(NodeSpec(nodeName: name, driver: .file(FileSpec(filename: name))))
    }

    /// Does something with a simulated disk, on its loop.
    @discardableResult
    func with<Value: Sendable>(_ disk: String, _ body: @escaping @Sendable (SimulatedStorage) async -> Value) async -> Value {
        guard let box = disks.made.withLock({ $0[disk] }) else { preconditionFailure("no disk \(disk)") }
        return await box.thread.run { _ in await body(box.value) }
    }

    /// Does something with all simulated disks in one turn of their loop, in the order of their names.
    func withDisks<Value: Sendable>(_ body: @escaping @Sendable ([SimulatedStorage]) -> Value) async -> Value {
        let boxes = disks.made.withLock { made in made.sorted { $0.key < $1.key }.map(\.value) }
        return await threads[0].run { _ in body(boxes.map(\.value)) }
    }

    func contents(_ disk: String) async -> [UInt8] { await with(disk) { $0.contents } }
    func durableContents(_ disk: String) async -> [UInt8] { await with(disk) { $0.durableContents } }

    /// Attaches a guest that may write.
    func guest(of node: String, held: LockSet = [.consistentRead, .write]) async throws -> NodeUser {
        try await graph.attach(NodeUserSpec(permissions: Permissions(held: held, shared: .all)), to: node)
    }

    /// What every test ends with: nothing of a job is left in the graph.
    func nodeNames() async -> [String] { await graph.nodes().map(\.nodeName).sorted() }

    func info(_ id: String) async -> JobInfo? { await registry.jobs.first { $0.id == id } }
}

extension NodeUser {
    func write(_ bytes: [UInt8], at offset: Int64) async throws(BlockError) {
        try await thread.run { [access] (_: isolated IOThread) async throws(BlockError) in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 4096)
            defer { buffer.deallocate() }
            buffer.copyBytes(from: bytes)
            try await access.value.write(at: offset, from: UnsafeRawBufferPointer(rebasing: buffer[..<bytes.count]))
        }
    }

    func zero(at offset: Int64, count: Int64) async throws(BlockError) {
        try await thread.run { [access] (_: isolated IOThread) async throws(BlockError) in
            try await access.value.writeZeroes(at: offset, count: count, flags: .mayUnmap)
        }
    }

    func discard(at offset: Int64, count: Int64) async throws(BlockError) {
        try await thread.run { [access] (_: isolated IOThread) async throws(BlockError) in
            try await access.value.discard(at: offset, count: count)
        }
    }

    func read(at offset: Int64, count: Int) async throws(BlockError) -> [UInt8] {
        try await thread.run { [access] (_: isolated IOThread) async throws(BlockError) -> [UInt8] in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 4096)
            defer { buffer.deallocate() }
            try await access.value.read(at: offset, into: buffer)
            return Array(buffer)
        }
    }
}

/// Bytes with runs of zeroes and of data.
func patchwork(_ length: Int, seed: UInt64) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(length)
    while bytes.count < length {
        let run = min(length - bytes.count, Int.random(in: 1...150_000, using: &generator))
        let value = Bool.random(using: &generator) ? UInt8.random(in: 1...255, using: &generator) : 0
        bytes.append(contentsOf: repeatElement(value, count: run))
    }
    return bytes
}

/// `body` within `seconds`, or a failure rather than a test that hangs; what hangs is left behind.
func within<Value: Sendable>(_ seconds: Double = 900, _ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
    let (results, continuation) = AsyncStream.makeStream(of: Result<Value, any Error>.self)
    let work = Task {
        do { continuation.yield(.success(try await body())) } catch { continuation.yield(.failure(error)) }
    }
    // A bound, which a test that passes never waits for.
    let limit = Duration.seconds(seconds)
    let watch = Task {
        try await Task.sleep(for: limit)
        continuation.yield(.failure(TookTooLong()))
    }
    defer {
        work.cancel()
        watch.cancel()
    }
    for await result in results { return try result.get() }
    throw TookTooLong()
}

struct TookTooLong: Error {}

extension BlockJobStarter {
    /// Carries out a command as the monitor does, on the control plane, and notes its reply where it is due.
    func command(_ name: String, noting log: EventLog, _ body: @Sendable (isolated BlockJobStarter) async throws -> Void) async throws {
        try await body(self)
        log.note("<\(name)>")
    }
}
