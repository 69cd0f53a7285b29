import BlockGraph
import IOLoop
import Storage
import TestSupport

@testable import BlockGraph

/// A clock that the test moves. Calls are made on whoever moves it, in the order of their deadlines.
final class HandClock: ThrottleClock, @unchecked Sendable {
    private struct Entry {
        let number: Int
        let deadline: UInt64
        let action: @Sendable () -> Void
    }

    // Unchecked: the tests use a clock from one actor at a time.
    private var time: UInt64 = 1_000_000_000
    private var entries: [Entry] = []
    private var count = 0

    var now: UInt64 { time }
    /// The next deadline, if anything is scheduled.
    var next: UInt64? { entries.map(\.deadline).min() }

    func schedule(at deadline: UInt64, _ action: @escaping @Sendable () -> Void) -> @Sendable () -> Void {
        count += 1
        let number = count
        entries.append(Entry(number: number, deadline: deadline, action: action))
        return { [self] in entries.removeAll { $0.number == number } }
    }

    /// Moves to `moment` and makes the calls that are due then.
    func move(to moment: UInt64) {
        time = max(time, moment)
        while let entry = entries.filter({ $0.deadline <= time }).min(by: { ($0.deadline, $0.number) < ($1.deadline, $1.number) }) {
            entries.removeAll { $0.number == entry.number }
            entry.action()
        }
    }
}

/// Nodes over simulated disks, on a loop of the test's own: a closure that the compiler runs beside its actor still runs on that one thread.
actor FilterBench {
    private let thread: IOThread
    /// The loop's.
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.unownedExecutor }

    init() {
        do {
            thread = try IOThread(name: "filters")
        } catch {
            fatalError("no loop: \(error)")
        }
    }

    /// Fills a disk with bytes that depend on the place and on `salt`.
    static func pattern(_ count: Int, salt: UInt8 = 0) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 / 512 &* 7 &+ $0) ^ salt | 1 }
    }

    nonisolated func run<Value: Sendable>(_ body: @Sendable (isolated FilterBench) async throws -> Value) async rethrows -> Value {
        try await withTaskExecutorPreference(thread.taskExecutor) { try await self.enter(body) }
    }

    private func enter<Value: Sendable>(_ body: @Sendable (isolated FilterBench) async throws -> Value) async rethrows -> Value {
        try await body(self)
    }

    /// A protocol node over a simulated disk.
    func node(_ storage: SimulatedStorage, _ name: String = "disk", discards: Bool = true) -> Node {
        Node(name: name, driver: ProtocolDriver(storage), traits: NodeTraits(discard: discards ? .unmap : .ignore))
    }

    /// A node of `driver`.
    func node(over driver: NodeDriver, _ name: String = "filter") -> Node {
        Node(name: name, driver: driver, traits: NodeTraits(discard: .unmap))
    }

    /// Starts work on this actor beside the caller's.
    nonisolated var spawner: QuorumDriver.Spawner {
        { [self] body in
            nonisolated(unsafe) let work = body
            Task(executorPreference: thread.taskExecutor) { await self.perform(work) }
        }
    }

    private func perform(_ work: () async -> Void) async { await work() }

    /// Lets everything happen that can happen without the clock.
    func settle() async {
        for _ in 0..<200 { await Task.yield() }
    }
}

extension NodeEdge {
    /// An edge for a filter under test.
    convenience init(_ node: Node, _ name: String = "file") { self.init(to: node, name: name) }
}

/// Catches the error of a request.
func failure(_ body: () async throws(BlockError) -> Void) async -> BlockError? {
    do throws(BlockError) {
        try await body()
        return nil
    } catch {
        return error
    }
}

/// A layer for tests of chains: it holds some clusters itself and takes the others from a backing node.
final class LayerDriver: NodeDriver {
    let own: SimulatedStorage
    let backing: NodeEdge?
    let unit: Int64
    var held: Set<Int64> = []
    /// Between the bytes and the map of a write, so that others come in between.
    var pause: (() async -> Void)?

    init(_ own: SimulatedStorage, backing: Node?, unit: Int64) {
        self.own = own
        self.backing = backing.map { NodeEdge(to: $0, name: "backing") }
        self.unit = unit
    }

    override var length: Int64 { own.length }
    override var children: [NodeEdge] { backing.map { [$0] } ?? [] }
    override var allocationUnit: Int64 { unit }

    override func allocation(at offset: Int64, limit: Int64) async throws(BlockError) -> (isAllocated: Bool, length: Int64) {
        let cluster = offset / unit
        return (held.contains(cluster), min(limit, (cluster + 1) * unit - offset))
    }

    override func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) async throws(BlockError) {
        var position = offset
        let end = offset + Int64(buffer.count)
        while position < end {
            let (isHere, run) = try await allocation(at: position, limit: end - position)
            let part = UnsafeMutableRawBufferPointer(
                rebasing: buffer[Int(position - offset)..<Int(position - offset + run)])
            if isHere {
                try await own.read(at: position, into: part)
            } else if let backing {
                try await backing.node.read(at: position, into: part)
            } else {
                part.initializeMemory(as: UInt8.self, repeating: 0)
            }
            position += run
        }
    }

    override func write(at offset: Int64, from buffer: UnsafeRawBufferPointer, flags: WriteFlags) async throws(BlockError) {
        var position = offset
        let end = offset + Int64(buffer.count)
        while position < end {
            let cluster = position / unit
            let stop = min(end, (cluster + 1) * unit)
            if !held.contains(cluster) {
                let whole = BufferPool.shared.buffer(Int(min(unit, length - cluster * unit)))
                try await read(at: cluster * unit, into: whole.bytes)
                await pause?()
                try await own.write(at: cluster * unit, from: whole.contents, flags: [])
                held.insert(cluster)
            }
            try await own.write(
                at: position, from: UnsafeRawBufferPointer(rebasing: buffer[Int(position - offset)..<Int(stop - offset)]), flags: flags)
            position = stop
        }
    }
}
