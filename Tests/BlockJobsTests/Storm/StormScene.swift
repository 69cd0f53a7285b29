import BlockGraph
import Storage
import TestSupport

@testable import BlockJobs

/// What one seed plays: the images, the job and its guests.
struct StormScene: Sendable, CustomStringConvertible {
    enum Work: Sendable, Equatable {
        case backup(SyncMode)
        case mirror(MirrorCopyMode, isCompleted: Bool)
    }

    static let length = 1 << 20
    static let sectors = length / StormModel.sector

    let seed: UInt64
    let work: Work
    let depth: Int
    let isSourceQcow2: Bool
    let isTargetQcow2: Bool
    let hasCopyOnRead: Bool
    let hasFaults: Bool
    let hasLateGuest: Bool
    let reopens: Int

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        self.seed = seed
        let mode = MirrorCopyMode.allCases.randomElement(using: &generator) ?? .background
        work =
            Bool.random(using: &generator)
            ? .backup(Bool.random(using: &generator) ? .full : .none)
            : .mirror(mode, isCompleted: Bool.random(using: &generator))
        depth = Int.random(in: 1...16, using: &generator)
        isSourceQcow2 = Int.random(in: 0..<3, using: &generator) > 0
        isTargetQcow2 = Bool.random(using: &generator)
        hasCopyOnRead = Int.random(in: 0..<4, using: &generator) == 0
        hasFaults = Int.random(in: 0..<4, using: &generator) == 0
        hasLateGuest = Bool.random(using: &generator)
        reopens = Int.random(in: 0...4, using: &generator)
    }

    var description: String {
        "seed \(seed): \(work), depth \(depth), qcow2 \(isSourceQcow2) \(isTargetQcow2), copy-on-read \(hasCopyOnRead), "
            + "faults \(hasFaults), late guest \(hasLateGuest), reopens \(reopens)"
    }

    /// How many requests each writer sends: guests rest some time.
    var quota: Int { 160 / depth + 4 }

    /// The node that guests use, below which the source is.
    var top: String { hasCopyOnRead ? "cor" : "src" }

    /// A qcow2 node with slices of 512 bytes or of a whole table, so that a reopening changes them.
    static func qcow2(_ name: String, hasWholeTables: Bool = false) -> NodeSpec {
        var spec = Qcow2Spec(file: .named("\(name)-file"))
        spec.l2CacheEntrySize = hasWholeTables ? 4096 : 512
        return NodeSpec(nodeName: name, driver: .qcow2(spec))
    }

    /// Makes the nodes; the source has data and zeroes by the seed.
    /// - Returns: the model of the guests' disk.
    func build(_ world: World) async throws -> StormModel {
        var generator = SeededGenerator(seed: seed &+ 1)
        let tags = (0..<Self.sectors / 32).flatMap { run in
            [UInt64](repeating: Int.random(in: 0..<4, using: &generator) == 0 ? 0 : UInt64(run + 1), count: 32)
        }
        try await image("src", isQcow2: isSourceQcow2, world)
        try await image("dst", isQcow2: isTargetQcow2, world)
        let writer = try await world.guest(of: "src")
        try await writer.write(StormModel.bytes(tags), at: 0)
        await world.graph.detach(writer)
        // Its tables leave memory.
        if isSourceQcow2 { try await world.graph.reopen([Self.qcow2("src")]) }
        if hasCopyOnRead {
            let filter = CopyOnReadSpec(file: .named("src"))
            _ = try await world.graph.open(NodeSpec(nodeName: "cor", driver: .copyOnRead(filter)))
        }
        return StormModel(initial: tags)
    }

    private func image(_ name: String, isQcow2: Bool, _ world: World) async throws {
        guard isQcow2 else { return try await world.disk(name, length: Int64(Self.length), seed: seed) }
        try await world.disk("\(name)-file", length: 0, seed: seed)
        var image = NewQcow2Image(file: .named("\(name)-file"), size: Int64(Self.length))
        image.clusterSize = 4096
        try await world.graph.create(image)
        _ = try await world.graph.open(Self.qcow2(name))
    }
}
