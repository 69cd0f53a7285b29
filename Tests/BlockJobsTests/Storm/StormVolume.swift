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
        var late: [LateGuest] = []
        /// Nodes that guests have left, each with when.
        var left: [(node: String, span: ClosedRange<Int>)] = []
        var moment: (reader: NodeUser, span: ClosedRange<Int>)?
        var made = 0
    }

    /// A guest that came while a job may have been working.
    private struct LateGuest {
        let user: NodeUser
        /// The node that was opened for it over the others' node.
        let node: String?
        let pace: StormPace
        let writers: [Task<Void, Never>]
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

    /// Another node has taken the place of the one that guests use, for all its parents, at some moment of `span`.
    func move(to node: String, at span: ClosedRange<Int>) async {
        let moment = state.withLock { state in
            state.left.append((state.top, span))
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

    /// Makes a node of the volume's present length: raw or qcow2.
    func make(_ name: String, isQcow2: Bool, backing: String? = nil, seed: UInt64) async throws {
        let isThere = await world.graph.contains(top)
        let length = isThere ? Int(try await world.graph.length(of: top)) : StormScene.length
        guard isQcow2 || backing != nil else { return try await world.addDisk(name, length: length, seed: seed) }
        try await world.addImage(name, length: length, seed: seed, backing: backing)
        add(image: name, backing: backing)
    }

    /// Makes the image and what stands above it, and writes the first bytes.
    func build() async throws {
        try await make(name, isQcow2: plan.isQcow2, seed: scene.seed &+ UInt64(number))
        let writer = try await world.user(of: name, writes: true)
        // In pieces of any order, so that neighbours on the disk are none in the image, and each has to be looked up.
        var generator = SeededGenerator(seed: scene.seed &* 10 &+ 3)
        for first in stride(from: 0, to: StormScene.sectors, by: 32).shuffled(using: &generator) {
            try await writer.write(StormModel.bytes(Array(initial[first..<first + 32])), at: Int64(first * StormModel.sector))
        }
        await world.graph.detach(writer)
        // Its tables leave memory.
        if plan.isQcow2 { try await world.graph.reopen([StormWorld.image(name, entry: 512, backing: nil)]) }
        switch plan.filter {
        case .none: return
        case .throttle:
            try await put(.throttle(ThrottleSpec(file: .named(name), group: Self.group)))
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
        let writers = start(user, writers: plan.depth, seed: scene.seed &* 100, pace: pace)
        state.withLock { $0.writers = writers }
    }

    private func start(_ user: NodeUser, writers count: Int, seed: UInt64, pace: StormPace) -> [Task<Void, Never>] {
        let guest = StormGuest(
            user: user, model: model, ledger: ledger, mayFail: scene.hasFaults || scene.hangsDisks, discards: !scene.isRestless,
            window: (plan.isHot ? StormScene.sectors - 384 : 0)..<StormScene.sectors)
        return (0..<count).map { number in
            world.thread.task { _ in await guest.run(seed: seed &+ UInt64(number), pace: pace) }
        }
    }

    /// One more guest comes to the node on which a job may be working, or to a node that is opened over it now.
    func addLateGuest(_ generator: inout SeededGenerator) async {
        let (top, seed) = (self.top, generator.next())
        let drivers: [DriverSpec?] = [
            nil, .raw(RawSpec(file: .named(top))), .copyOnRead(CopyOnReadSpec(file: .named(top))),
            .throttle(ThrottleSpec(file: .named(top), group: Self.group)),
        ]
        let driver = drivers.randomElement(using: &generator) ?? nil
        let node = driver == nil ? nil : newName("n")
        await ledger.command("late guest", "\(top) \(node ?? "")") {
            if let driver { _ = try await world.graph.open(NodeSpec(nodeName: node, driver: driver)) }
            let user = try await world.user(of: node ?? top, writes: true)
            let pace = StormPace()
            let writers = start(user, writers: 2, seed: seed, pace: pace)
            state.withLock { $0.late.append(LateGuest(user: user, node: node, pace: pace, writers: writers)) }
        }
    }

    /// The guest that has been there longest of those that came late goes, and its node with it.
    func removeLateGuest() async {
        guard let guest = state.withLock({ $0.late.isEmpty ? nil : $0.late.removeFirst() }) else { return }
        await ledger.command("late guest goes", guest.node ?? "") {
            guest.pace.end()
            for writer in guest.writers { await writer.value }
            await world.graph.detach(guest.user)
            if let node = guest.node { try await world.graph.close(node) }
        }
    }

    /// The throttle group that all nodes share.
    static let group = "group"

    /// Late guests rest and wake with the others.
    func rest() {
        pace.rest()
        for guest in state.withLock({ $0.late }) { guest.pace.rest() }
    }

    func wake() {
        pace.wake()
        for guest in state.withLock({ $0.late }) { guest.pace.wake() }
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
        while state.withLock({ !$0.late.isEmpty }) { await removeLateGuest() }
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
        await world.graph.detach([user] + (moment.map { [$0.reader] } ?? []))
        for (node, span) in state.withLock({ $0.left }) { try await compare(node, with: span, "\(node), which guests have left") }
    }

    /// Compares all that a node shows with the model.
    func compare(_ node: String, with span: ClosedRange<Int>, _ what: String) async throws {
        let reader = try await world.user(of: node, writes: false)
        do {
            let bytes = try await reader.read(at: 0, count: StormScene.length)
            if let wrong = model.firstWrong(in: bytes, from: 0, at: span) { ledger.find("\(what): \(wrong)") }
        } catch {
            ledger.find("\(what) cannot be read: \(error)")
        }
        await world.graph.detach(reader)
    }
}
