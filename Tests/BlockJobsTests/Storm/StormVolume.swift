import BlockGraph
import IOLoop
import Storage
import TestSupport

/// A guest's disk in a storm: where it stands in the graph, what it may hold, and who writes to it.
final class StormVolume: Sendable {
    let name: String
    let number: Int
    let plan: StormScene.Volume
    let model: StormModel
    let pace = StormPace()
    private let world: StormWorld
    private let ledger: StormLedger
    private let scene: StormScene
    private let state: Guarded<State>

    private struct State {
        /// The node that guests use.
        var top: String
        /// Nodes that may be reopened: images with their backing nodes.
        var images: [String: String?] = [:]
        var user: NodeUser?
        var writers: [Task<Void, Never>] = []
        var late: [NodeUser] = []
        var moment: (reader: NodeUser, span: ClosedRange<Int>)?
        var made = 0
    }

    init(_ number: Int, scene: StormScene, world: StormWorld, ledger: StormLedger) {
        var generator = SeededGenerator(seed: scene.seed &* 10 &+ UInt64(number))
        name = "v\(number)"
        self.number = number
        plan = scene.volumes[number]
        (self.scene, self.world, self.ledger) = (scene, world, ledger)
        let tags = (0..<StormScene.sectors / 32).flatMap { run in
            [UInt64](repeating: Int.random(in: 0..<4, using: &generator) == 0 ? 0 : UInt64(run + 1), count: 32)
        }
        model = StormModel(initial: tags)
        initial = tags
        state = Guarded(State(top: name))
    }

    private let initial: [UInt64]

    /// The node that guests use.
    var top: String {
        get { state.withLock { $0.top } }
        set { state.withLock { $0.top = newValue } }
    }

    /// Another node has taken the place of the one that guests use, for all its parents.
    func move(to node: String) async {
        let moment = state.withLock { state in
            state.top = node
            defer { state.moment = nil }
            return state.moment
        }
        if let moment { await world.graph.detach(moment.reader) }
    }

    /// The guest's own way to its disk.
    var user: NodeUser? { state.withLock { $0.user } }

    /// Images that may be reopened, each with its backing node.
    var images: [(name: String, backing: String?)] {
        state.withLock { $0.images.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
    }

    /// A name that this volume has not used yet.
    func newName(_ kind: String) -> String {
        state.withLock { state in
            state.made += 1
            return "\(name)-\(kind)\(state.made)"
        }
    }

    func add(image: String, backing: String?) { state.withLock { $0.images[image] = .some(backing) } }

    /// Makes a node of the volume's length: raw or qcow2.
    func make(_ name: String, isQcow2: Bool, backing: String? = nil, seed: UInt64) async throws {
        guard isQcow2 || backing != nil else { return try await world.addDisk(name, length: StormScene.length, seed: seed) }
        try await world.addImage(name, length: StormScene.length, seed: seed, backing: backing)
        add(image: name, backing: backing)
    }

    /// Makes the image and what stands above it, and writes the first bytes.
    func build() async throws {
        try await make(name, isQcow2: plan.isQcow2, seed: scene.seed &+ UInt64(number))
        let writer = try await world.user(of: name, writes: true)
        try await writer.write(StormModel.bytes(initial), at: 0)
        await world.graph.detach(writer)
        // Its tables leave memory.
        if plan.isQcow2 { try await world.graph.reopen([StormWorld.image(name, entry: 512, backing: nil)]) }
        switch plan.filter {
        case .none: return
        case .throttle:
            var limits = ThrottleRates()
            limits[.bytesTotal].average = 8 << 20
            try world.groups.add("\(name)-group", limits: limits)
            try await put(.throttle(ThrottleSpec(file: .named(name), group: "\(name)-group")))
        case .copyOnRead: try await put(.copyOnRead(CopyOnReadSpec(file: .named(name))))
        case .copyBeforeWrite:
            try await make("\(name)-moment", isQcow2: true, seed: 5)
            try await put(.copyBeforeWrite(CopyBeforeWriteSpec(file: .named(name), target: .named("\(name)-moment"))))
            _ = try await world.graph.open(
                NodeSpec(nodeName: "\(name)-access", driver: .snapshotAccess(SnapshotAccessSpec(file: .named(top)))))
            let reader = try await world.user(of: "\(name)-access", writes: false)
            let span = model.moment()...model.moment()
            state.withLock { $0.moment = (reader, span) }
        }
    }

    private func put(_ driver: DriverSpec) async throws {
        top = try await world.graph.open(NodeSpec(nodeName: "\(name)-top", driver: driver))
    }

    /// From here on the guest works.
    func start() async throws {
        let user = try await world.user(of: top, writes: true)
        state.withLock { $0.user = user }
        start(user, writers: plan.depth, seed: scene.seed &* 100)
    }

    private func start(_ user: NodeUser, writers count: Int, seed: UInt64) {
        let guest = StormGuest(
            user: user, model: model, ledger: ledger, mayFail: scene.hasFaults || scene.hangsDisks, discards: !scene.isRestless)
        let pace = self.pace
        let tasks = (0..<count).map { number in
            world.thread.task { _ in await guest.run(seed: seed &+ UInt64(number), pace: pace) }
        }
        state.withLock { $0.writers.append(contentsOf: tasks) }
    }

    /// One more guest comes to the node on which a job may be working.
    func addLateGuest(seed: UInt64) async {
        let top = self.top
        await ledger.command("late guest", top) {
            let user = try await world.user(of: top, writes: true)
            state.withLock { $0.late.append(user) }
            start(user, writers: 2, seed: seed)
        }
    }

    /// Reads from the moment that a filter of its own keeps.
    func lookAtMoment(_ generator: inout SeededGenerator) async {
        guard let (reader, span) = state.withLock({ $0.moment }) else { return }
        await read(reader, at: span, "a reader of the moment", &generator)
    }

    /// Reads a part through `reader`, which must be of `span`.
    func read(_ reader: NodeUser, at span: ClosedRange<Int>, _ who: String, _ generator: inout SeededGenerator) async {
        let count = Int.random(in: 1...256, using: &generator)
        let start = Int.random(in: 0...StormScene.sectors - count, using: &generator)
        await ledger.command("read a moment") {
            let bytes = try await reader.read(at: Int64(start * StormModel.sector), count: count * StormModel.sector)
            if let wrong = model.firstWrong(in: bytes, from: start, at: span) { ledger.find("\(who) sees: \(wrong)") }
        }
    }

    /// The guest stops, and sees what it wrote; then it goes.
    func finish() async throws {
        pace.end()
        for writer in state.withLock({ $0.writers }) { await writer.value }
        guard let user else { return }
        let now = model.moment()
        let seen = try await user.read(at: 0, count: StormScene.length)
        if let wrong = model.firstWrong(in: seen, at: now...model.moment()) { ledger.find("guests of \(name) see in the end: \(wrong)") }
        let moment = state.withLock { $0.moment }
        if let (reader, span) = moment {
            let seen = try await reader.read(at: 0, count: StormScene.length)
            if let wrong = model.firstWrong(in: seen, at: span) { ledger.find("the moment of \(name): \(wrong)") }
        }
        await world.graph.detach([user] + state.withLock { $0.late } + (moment.map { [$0.reader] } ?? []))
    }
}
