import BlockGraph
import Dispatch
import IOLoop
import Storage
import TestSupport

/// The control plane's queue, as the daemon has one.
final class TestQueue: SerialExecutor {
    private let queue = DispatchQueue(label: "control")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

/// A disk in memory and where it lives.
typealias Disk = LoopBound<MemoryStorage>

/// A graph over loops of its own, whose files are disks in memory: `file` nodes named by their file name, 1 MiB long.
final class GraphBench: Sendable {
    static let diskLength = 1 << 20
    let graph: BlockGraph
    let threads: [IOThread]
    private let registry: Registry

    /// - Parameter storesNothing: the disks have no bytes, for thousands of them.
    init(
        loops: Int = 1, deadlines: GraphDeadlines = GraphDeadlines(), storesNothing: Bool = false,
        bitmapMemory: BitmapMemory = BitmapMemory()
    ) throws {
        var threads: [IOThread] = []
        for number in 0..<loops { threads.append(try IOThread(name: "loop\(number)")) }
        self.threads = threads
        let registry = Registry()
        let surroundings = GraphSurroundings(
            throttleGroups: ThrottleGroups(clock: LoopClock(threads[0])), bitmapMemory: bitmapMemory)
        let opener: BlockGraph.StorageOpener = { (driver, _, io) throws(BlockError) in
            guard case .file(let file) = driver else { throw BlockError(.unsupported, "only files here") }
            guard !file.filename.hasPrefix("missing") else {
                throw BlockError(.system(errno: 2), "Could not open '\(file.filename)': No such file or directory")
            }
            let storage = MemoryStorage([UInt8](repeating: 0, count: storesNothing ? 0 : GraphBench.diskLength))
            registry.add(file.filename, LoopBound(storage, on: io))
            return storage
        }
        graph = BlockGraph(
            executor: TestQueue(), threads: threads, deadlines: deadlines, opener: opener, surroundings: surroundings)
        self.registry = registry
    }

    private final class Registry: Sendable {
        private let opened = Guarded<[String: [Disk]]>([:])
        func add(_ name: String, _ disk: Disk) { opened.withLock { $0[name, default: []].append(disk) } }
        func all(_ name: String) -> [Disk] { opened.withLock { $0[name] ?? [] } }
    }

    /// Every storage that was opened for a file name, oldest first.
    func storages(_ name: String) -> [Disk] { registry.all(name) }

    /// The newest storage of a file name.
    func disk(_ name: String) throws -> Disk {
        guard let disk = registry.all(name).last else { throw BlockError(.invalidOption, "no disk \(name)") }
        return disk
    }

    /// Opens a file node whose file has the node's name.
    func add(_ name: String, readOnly: Bool? = nil) async throws {
        try await graph.open(GraphBench.file(name, readOnly: readOnly))
    }

    /// Opens a raw node over an inline file whose node is named `file`.
    func addRaw(_ name: String, file: String?, offset: UInt64? = nil) async throws {
        let child = file.map { GraphBench.file($0) } ?? NodeSpec(driver: .file(FileSpec(filename: "\(name).img")))
        try await graph.open(NodeSpec(nodeName: name, driver: .raw(RawSpec(file: .inline(child), offset: offset))))
    }

    static func file(_ name: String, readOnly: Bool? = nil) -> NodeSpec {
        NodeSpec(nodeName: name, driver: .file(FileSpec(filename: name)), readOnly: readOnly)
    }

    /// A guest that reads and writes and lets others do anything.
    func guest(_ name: String) async throws -> NodeUser {
        try await graph.attach(NodeUserSpec(permissions: Permissions(held: [.consistentRead, .write])), to: name)
    }

    /// Ends the loops.
    func stop() async {
        for thread in threads { await thread.stop() }
    }
}

extension NodeUser {
    /// Writes `count` times the byte at `offset`.
    func write(_ byte: UInt8, at offset: Int64, count: Int = 512) async throws(BlockError) {
        try await thread.run { io async throws(BlockError) in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 4096)
            defer { buffer.deallocate() }
            _ = buffer.initializeMemory(as: UInt8.self, repeating: byte)
            try await self.access.value.write(at: offset, from: UnsafeRawBufferPointer(buffer))
        }
    }

    /// Reads into an array.
    func read(at offset: Int64, count: Int) async throws(BlockError) -> [UInt8] {
        try await thread.run { io async throws(BlockError) in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 4096)
            defer { buffer.deallocate() }
            try await self.access.value.read(at: offset, into: buffer)
            return Array(buffer)
        }
    }
}
